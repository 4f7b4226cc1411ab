"""`Udf`: a Python function that the engine can call."""

from __future__ import annotations

import copyreg
import dataclasses
import functools
import inspect
import platform
import sys
import threading
import uuid
import weakref
from collections.abc import Callable
from typing import Any, Protocol, cast

import pyarrow as pa
from datafusion import Expr, lit
from datafusion.user_defined import ScalarUDF

from springald import _springald
from springald.call_form import called_by, completed, direct, executable
from springald.class_function import ClassFunction
from springald.error_crossing import translated
from springald.errors import UdfDefinitionError
from springald.explanation import explain
from springald.extension_types import with_extension_types
from springald.hints import RefusedValue
from springald.limits import Limits
from springald.payload import pickle_function, requirements_of, source_of
from springald.runtime import UdfMetrics, get_runtime
from springald.signature import Options, Signature

__all__ = ["Udf"]

_MODES = {"arrow": 1, "row": 2, "pandas": 3, "numpy": 4, "iterator": 5}
_VOLATILITIES = {"immutable": 1, "stable": 2, "volatile": 3}
_NULL_HANDLINGS = {"call": 1, "skip": 2}

# One lock for all pickling: functions that refer to each other pickle each other.
_pickling_lock = threading.RLock()
_being_pickled: set[int] = set()
# Finds the Udf of a function that the engine has, by the hash of what runs.
_by_hash: weakref.WeakValueDictionary[str, Udf] = weakref.WeakValueDictionary()


@dataclasses.dataclass
class _Origin:
    """What a Udf is made of: whoever has it can make the same Udf again.

    Constant, but for `portable`, the definition with the pickled function, which is made
    when it is first needed, under the lock for pickling.
    """

    signature: Signature
    options: Options
    function: Callable[..., Any] | None
    definition: _springald.Definition
    portable: _springald.Definition | None


class _EngineFunction(Protocol):
    """What the engine calls: a native function, with an attribute for its origin.

    The engine keeps this object, in expressions and plans, after the Udf is gone (as in
    ``df.select(udf(f)(col("a")))``), and may still have to pickle it.
    """

    origin: _Origin

    @property
    def hash(self) -> str: ...
    def __call__(self, *arrays: pa.Array) -> pa.Array: ...
    def metrics(self) -> dict[str, float]: ...
    def describe(self) -> dict[str, Any]: ...


class Udf(ScalarUDF):
    """A user-defined function; made by :func:`springald.udf`. Immutable, any thread.

    It is a ``datafusion`` scalar UDF, so it can be registered on any ``SessionContext``
    and used in DataFrame expressions. Called with plain values it is the plain Python
    function, so that it can be tested as one; called with an expression among its
    arguments (``f(col("a"), 2)``) it makes an expression.
    """

    __wrapped__: Callable[..., Any]
    _of_engine: Any = None

    def __init__(
        self,
        function: Callable[..., Any] | None,
        signature: Signature,
        options: Options | None = None,
        *,
        definition: _springald.Definition | None = None,
    ) -> None:
        """Use :func:`springald.udf` or :meth:`from_bytes` instead."""
        portable = definition
        with translated():
            if definition is None:
                definition = _define(signature, reference=f"live:{uuid.uuid4().hex}")
            ready = None
            if function is not None:
                ready = direct(executable(function, signature))
            called = cast(_EngineFunction, get_runtime().load(definition, ready))
        called.origin = _Origin(
            signature, options or Options(), function, definition, portable
        )
        self._attach(called)

    def _attach(self, called: _EngineFunction) -> None:
        """Become the Udf of `called`, whichever its first was."""
        origin = called.origin
        self.__name__ = origin.signature.name
        if origin.function is not None:
            self._take_after(origin.function)
        self._native = called
        self._origin = origin
        self._signature = origin.signature
        self._options = origin.options
        if origin.signature.arguments:
            super().__init__(
                origin.signature.name,
                called,
                [field.with_nullable(True) for field in origin.signature.arguments],
                origin.signature.engine_result,
                origin.signature.volatility,
            )
        _by_hash[self._native.hash] = self

    def _take_after(self, function: Callable[..., Any]) -> None:
        """Have the docstring, module and so on of `function`, as a decorator has."""
        if isinstance(function, ClassFunction):
            functools.update_wrapper(self, function.class_, updated=())
            self.__signature__ = function.__signature__
        else:
            functools.update_wrapper(self, function)

    @property
    def name(self) -> str:
        """The name in SQL."""
        return self._signature.name

    @property
    def _udf(self) -> Any:
        """The engine's own object, which everything of `datafusion` takes from here.

        Raises:
            UdfDefinitionError: There is none, because the function has no arguments.
        """
        if self._of_engine is None:
            raise UdfDefinitionError(
                "A UDF without arguments is not possible here, because the engine does "
                "not say how many rows it wants: give it an argument, for example a "
                "column that it ignores, or use it on a cluster, with "
                "BallistaSessionContext('df://host:port')",
                udf_name=self.name,
            )
        return self._of_engine

    @_udf.setter
    def _udf(self, value: Any) -> None:
        self._of_engine = value

    @property
    def input_types(self) -> list[pa.DataType]:
        """The Arrow type of each argument."""
        return [field.type for field in self._signature.arguments]

    @property
    def return_type(self) -> pa.DataType:
        """The Arrow type of the result."""
        return self._signature.result.type

    @property
    def mode(self) -> str:
        """``"arrow"``, ``"row"``, ``"pandas"``, ``"numpy"`` or ``"iterator"``."""
        return self._signature.mode

    @property
    def volatility(self) -> str:
        """``"immutable"``, ``"stable"`` or ``"volatile"``."""
        return self._signature.volatility

    @property
    def null_handling(self) -> str:
        """``"call"`` or ``"skip"``; see :func:`springald.udf`."""
        return self._signature.null_handling

    @property
    def limits(self) -> Limits:
        """What a batch may use in a worker process; see :func:`springald.udf`."""
        return self._signature.limits

    @property
    def hash(self) -> str:
        """Hexadecimal SHA-256 of the definition that this object runs."""
        return str(self._origin.definition.hash)

    def metrics(self) -> UdfMetrics:
        """Return what the function has done so far in this process."""
        return UdfMetrics.from_counters(self._native.metrics())

    def explain(self) -> str:
        """Return how the rows of this function are computed, and why so, for people.

        Says what mode, nulls and volatility mean here, whether the body is run inlined
        (without a call for each row), whether equal rows of a batch share one call, and
        what was done so far in this process. An executor of a cluster decides for itself,
        by the same rules.
        """
        return explain(self._signature, self._native.describe(), self.metrics())

    def with_name(self, name: str) -> Udf:
        """Return the same function under another name, with counters of its own."""
        function = self._python_function()  # which may tell more of the signature
        options = dataclasses.replace(self._options, name=name)
        signature = dataclasses.replace(self._signature, name=name)
        return Udf(function, signature, options)

    def to_bytes(self) -> bytes:
        """Return the definition with the pickled function: signature, types and code.

        The function is pickled once; later calls return the same bytes.

        Raises:
            UdfDefinitionError: The function cannot be pickled; the message names the
                variable that could not.
        """
        return bytes(self._portable().to_bytes())

    def portable_hash(self) -> str:
        """Return the hexadecimal SHA-256 of :meth:`to_bytes`, the name on a cluster.

        Raises:
            UdfDefinitionError: The function cannot be pickled.
        """
        return str(self._portable().hash)

    def _portable(self) -> _springald.Definition:
        origin = self._origin
        if origin.portable is None:
            with _pickling_lock:
                if origin.portable is None:
                    origin.portable = self._pickled()
        return origin.portable

    def _pickled(self) -> _springald.Definition:
        function = self._python_function()
        _being_pickled.add(id(self))
        try:
            ready = executable(function, self._signature)
            types = [*self.input_types, self.return_type]
            payload = pickle_function(with_extension_types(ready, types), self.name)
        finally:
            _being_pickled.discard(id(self))
        with translated():
            return _define(self._signature, payload=payload, function=function)

    @staticmethod
    def from_bytes(data: bytes) -> Udf:
        """Return the function that :meth:`to_bytes` wrote.

        .. warning:: This runs code that is in `data`. Never call it with bytes that you
            do not trust.

        Raises:
            UdfDefinitionError: `data` is no definition, or a damaged one.
            UdfVersionMismatchError: It was made by a Python that does not match this one.
            UdfDependencyError: A module that the function needs is missing.
        """
        with translated():
            definition = _springald.Definition.decode(data)
        signature = _signature_of(definition)
        options = Options(**signature.limits.as_options())
        return Udf(None, signature, options, definition=definition)

    def __reduce__(self) -> tuple[Any, ...]:
        if id(self) in _being_pickled:
            # The function refers to itself by its decorated name. Inside its own pickle
            # that is the plain function, which a call with plain values would run anyway.
            return _same, (self._python_function(),)
        return Udf.from_bytes, (self.to_bytes(),)

    def __copy__(self) -> Udf:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Udf:
        return self

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Return an expression if an argument is one; else call the Python function."""
        if not any(isinstance(value, Expr) for value in (*args, *kwargs.values())):
            return self._python_function()(*args, **kwargs)
        values = self._converted(self._in_order(args, kwargs))
        fields = self._signature.arguments
        if len(values) != len(fields):
            raise TypeError(
                f"{self.name}() takes {len(fields)} arguments and was given {len(values)}"
            )
        return super().__call__(*map(_expression, values, fields))

    def __getattr__(self, name: str) -> Any:
        """Return what a class has that was made a function; see class_function.py."""
        origin = self.__dict__.get("_origin")
        function = None if origin is None else origin.function
        if isinstance(function, ClassFunction) and not name.startswith("__"):
            return getattr(function.class_, name)
        raise AttributeError(
            f"{type(self).__name__!r} object has no attribute {name!r}",
            name=name,
            obj=self,
        )

    def __instancecheck__(self, instance: object) -> bool:
        function = self._origin.function
        return isinstance(function, ClassFunction) and isinstance(
            instance, function.class_
        )

    def __repr__(self) -> str:
        types = ", ".join(str(t) for t in self.input_types)
        return (
            f"<springald UDF {self.name}({types}) -> {self.return_type}, "
            f"{self.mode} mode, {self.volatility}>"
        )

    def _converted(self, values: list[Any]) -> list[Any]:
        """Return `values`, those of hinted classes as Arrow has them."""
        self._python_function()  # which completes the signature
        converters = self._signature.converters
        if converters is None:
            return values
        try:
            return [
                value
                if isinstance(value, Expr | pa.Scalar)
                else converters.argument_to_arrow(index, value)
                for index, value in enumerate(values)
            ]
        except RefusedValue as error:
            raise TypeError(f"{self.name}(): {error}") from None

    def _in_order(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Any]:
        parameters = self._parameters()
        if parameters is None:
            if kwargs:
                raise TypeError(
                    f"{self.name}() takes no keyword arguments: {sorted(kwargs)}"
                )
            return list(args)
        try:
            bound = parameters.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.name}(): {error}") from None
        by_keyword = [
            name
            for name in bound.arguments
            if parameters.parameters[name].kind
            in (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.VAR_KEYWORD)
        ]
        if by_keyword:
            names = [name for name in kwargs if name in bound.kwargs]
            given, first = ", ".join(names), names[0]
            raise TypeError(
                f"{self.name}(): the function takes {given} by keyword only, and the "
                "engine gives arguments by their place. Bind the value first, as in "
                f"udf(functools.partial({self.name}.__wrapped__, {first}=...)), or make "
                "the parameter positional"
            )
        bound.apply_defaults()
        return list(bound.args)[: max(len(self._signature.arguments), len(args))]

    def call_parameters(self) -> list[inspect.Parameter]:
        """Return those of the function's parameters that its arguments fill, in order.

        Fewer than the arguments where Python does not know them (a function written in
        C, or what ``*args`` takes).
        """
        parameters = self._parameters()
        named = () if parameters is None else parameters.parameters.values()
        places = [
            one
            for one in named
            if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
        ]
        return places[: len(self._signature.arguments)]

    def _parameters(self) -> inspect.Signature | None:
        if self._signature.mode == "iterator":
            return None  # the function's one parameter is no argument of SQL
        if self._signature.parameters is not None:
            return self._signature.parameters
        try:
            return inspect.signature(self._python_function())
        except (TypeError, ValueError):
            return None

    def _python_function(self) -> Callable[..., Any]:
        origin = self._origin
        if origin.function is None:
            import pickle

            # The same bytes as the runtime has loaded already, so nothing new is trusted.
            ready = pickle.loads(origin.definition.payload)
            function: Callable[..., Any] = called_by(ready)
            origin.signature = completed(origin.signature, ready)
            self._signature = origin.signature
            self._take_after(function)
            origin.function = function
        return origin.function


def _expression(value: Any, field: pa.Field) -> Expr:
    if isinstance(value, Expr):
        return value
    if not isinstance(value, pa.Scalar):
        try:
            value = pa.scalar(value, field.type)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            return lit(value)  # the engine may know a conversion
    return lit(value)


def _define(
    signature: Signature,
    *,
    payload: bytes = b"",
    reference: str = "",
    function: Callable[..., Any] | None = None,
) -> _springald.Definition:
    cloudpickle_version = ""
    if payload:
        import cloudpickle

        cloudpickle_version = str(cloudpickle.__version__)
    try:
        return _springald.Definition.create(
            name=signature.name,
            mode=_MODES[signature.mode],
            arguments=pa.schema(signature.arguments),
            result=signature.result,
            volatility=_VOLATILITIES[signature.volatility],
            null_handling=_NULL_HANDLINGS[signature.null_handling],
            python_implementation=sys.implementation.name,
            python_version=platform.python_version(),
            cloudpickle_version=cloudpickle_version,
            pyarrow_version=pa.__version__,
            requirements=[] if function is None else requirements_of(function),
            source=None if function is None else source_of(function),
            payload=payload,
            payload_reference=reference,
            **signature.limits.as_fields(),
        )
    except UdfDefinitionError as error:
        error.udf_name = error.udf_name or signature.name
        raise


def _signature_of(definition: _springald.Definition) -> Signature:
    arguments: pa.Schema = definition.arguments
    result: pa.Field = definition.result
    return Signature(
        name=definition.name,
        mode=_name_of(_MODES, definition.mode),
        arguments=tuple(arguments),
        result=result,
        engine_result=result.with_nullable(True),
        volatility=_name_of(_VOLATILITIES, definition.volatility),
        null_handling=_name_of(_NULL_HANDLINGS, definition.null_handling),
        parameters=None,
        limits=Limits.of_definition(definition),
    )


def _name_of(numbers: dict[str, int], number: int) -> str:
    return next(name for name, value in numbers.items() if value == int(number))


def _same(value: Any) -> Any:
    return value


def udf_of(called: object) -> Udf | None:
    """Return the Udf of a function that the engine has, or None where it is not ours."""
    if not isinstance(called, _springald.Function):
        return None
    return _owner_of(cast(_EngineFunction, called))


def _owner_of(called: _EngineFunction) -> Udf:
    owner = _by_hash.get(called.hash)
    if owner is None:
        owner = Udf.__new__(Udf)
        owner._attach(called)
    return owner


def _load_engine_function(data: bytes) -> _EngineFunction:
    return Udf.from_bytes(data)._native


def _reduce_engine_function(called: _EngineFunction) -> tuple[Any, ...]:
    return _load_engine_function, (_owner_of(called).to_bytes(),)


copyreg.pickle(_springald.Function, _reduce_engine_function)  # type: ignore[arg-type]
