"""`udf`: makes a UDF of a Python function, as a function and as a decorator."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, overload

import datafusion
import pyarrow as pa
from datafusion.user_defined import ScalarUDF, Volatility

from springald.errors import UdfDefinitionError
from springald.recover import Parts, Recovered, decorated_udf, recover, recovered_from
from springald.scalar_udf import Udf, udf_of
from springald.signature import Options, Signature, resolve_signature

__all__ = ["as_udf", "udf", "udf_in_expression"]

_Types: TypeAlias = Sequence[pa.DataType | pa.Field] | pa.DataType | pa.Field
_UPSTREAM_ORDER = ("input_fields", "return_field", "volatility", "name")
_logger = logging.getLogger("springald")


@overload
def udf(func: Callable[..., Any], /) -> Udf: ...


@overload
def udf(
    func: Callable[..., Any],
    /,
    input_fields: _Types,
    return_field: pa.DataType | pa.Field,
    volatility: Volatility | str = ...,
    name: str | None = ...,
    *,
    mode: str | None = ...,
    null_handling: str | None = ...,
) -> Udf: ...


@overload
def udf(
    func: Callable[..., Any],
    /,
    *,
    return_type: pa.DataType | pa.Field | None = ...,
    input_types: _Types | None = ...,
    name: str | None = ...,
    mode: str | None = ...,
    volatility: Volatility | str | None = ...,
    null_handling: str | None = ...,
) -> Udf: ...


@overload
def udf(
    input_fields: _Types,
    return_field: pa.DataType | pa.Field,
    volatility: Volatility | str = ...,
    name: str | None = ...,
    *,
    mode: str | None = ...,
    null_handling: str | None = ...,
) -> Callable[[Callable[..., Any]], Udf]: ...


@overload
def udf(
    *,
    return_type: pa.DataType | pa.Field | None = ...,
    input_types: _Types | None = ...,
    name: str | None = ...,
    mode: str | None = ...,
    volatility: Volatility | str | None = ...,
    null_handling: str | None = ...,
) -> Callable[[Callable[..., Any]], Udf]: ...


@overload
def udf(func: object, /) -> ScalarUDF: ...


def udf(
    *args: Any,
    return_type: Any = None,
    input_types: Any = None,
    name: str | None = None,
    mode: str | None = None,
    volatility: Any = None,
    null_handling: str | None = None,
    input_fields: Any = None,
    return_field: Any = None,
    func: Any = None,
) -> Any:
    """Make a SQL function of a Python function; use it as a decorator or as a function.

    Row by row, with the types taken from the hints::

        from springald import BallistaSessionContext, udf

        @udf
        def domain(email: str) -> str | None:
            return email.partition("@")[2] or None

    Whole Arrow columns, with explicit types (fastest for arithmetic)::

        import pyarrow as pa

        @udf(return_type=pa.float64(), input_types=[pa.float64()])
        def celsius_to_fahrenheit(celsius):
            return celsius * 9.0 / 5.0 + 32.0

    Then register and use it::

        ctx = BallistaSessionContext()
        ctx.register_udf(domain)
        ctx.sql("SELECT domain(email) FROM users").show()
        df.select(domain(col("email")))     # in the DataFrame API
        domain("a@example.org")             # still the plain function

    Everything that ``datafusion.udf`` takes is taken as well, positionally too:
    ``udf(func, input_fields, return_field, volatility, name)``,
    ``@udf(input_fields, return_field, volatility, name)``, objects with
    ``__datafusion_scalar_udf__`` and their capsules.

    Args:
        return_type: The result's type, a ``pyarrow.DataType`` or ``pyarrow.Field``. A
            field that is not nullable promises the engine that no result is null.
        input_types: One type or field per argument; a single one may stand alone.
        name: The name in SQL. Default: the function's name in lower case, because SQL
            folds unquoted names.
        mode: ``"arrow"`` or ``"row"``; default, see below.
        volatility: ``"immutable"`` (default: same input, same result; the engine may call
            it while planning), ``"stable"`` (within one query) or ``"volatile"``.
        null_handling: Row mode only. ``"call"``: the function gets ``None`` for a null.
            ``"skip"``: a row with a null argument gives null without a call. Default, see
            below.

    Mode: explicit types without hints mean arrow, hints of Python types mean row, hints
    of ``pyarrow`` arrays (``pa.Array``, ``pa.DoubleArray``, ...) mean arrow. Explicit
    types win over hinted ones.

    * **arrow**: one ``pyarrow.Array`` per argument in; out comes an ``Array`` or
      ``ChunkedArray`` of the return type with the same number of rows, or a list.
    * **row**: one Python value per argument in; out comes one Python value. The result is
      what ``pyarrow.array([f(*row) for row in rows], type=return_type)`` gives.

    Hints: ``float`` (float64), ``int`` (int64), ``bool``, ``str`` (string), ``bytes``
    (binary), ``datetime.date`` (date32), ``datetime.datetime`` (timestamp in
    microseconds), ``X | None``, and ``Annotated[float, pa.float32()]`` for another Arrow
    type. Arrow types
    of this version: bool, all integers, float32, float64, string and binary in all widths
    that the error of a refused type lists, date32, timestamp.

    Nulls in row mode: an argument hinted ``float`` skips rows where it is null (the
    result is null); ``float | None`` passes ``None``. Without hints the function is
    called. Where the result's hint has no ``None``, returning ``None`` is an error.

    A function without arguments runs row by row, and on a cluster only: the engine of
    this process does not tell a function how many rows it wants, so registering one
    without an address raises ``UdfDefinitionError``. It has a meaning in SQL; in Python,
    a call without arguments is one of the plain function.

    Returns:
        A :class:`springald.Udf`; used as a decorator with arguments, a decorator.

    Raises:
        UdfDefinitionError: The function cannot be a UDF: a type is missing or not
            supported (the message names the parameter), the number of types does not
            match, or it is a generator function, an async function or a class. It is a
            ``TypeError`` too. While a query runs, methods of contexts and DataFrames
            raise ``UdfExecutionError`` (the function raised) and ``UdfResultError`` (it
            returned a wrong type, number of rows, or null); both say which function, and
            show the function's own traceback.
    """
    if args and (callable(args[0]) or _is_exportable(args[0])):
        func, args = _once("func", args[0], func), args[1:]
    if len(args) > len(_UPSTREAM_ORDER):
        raise TypeError(f"udf() was given too many positional arguments: {len(args)}")
    positional = dict(zip(_UPSTREAM_ORDER, args, strict=False))
    options = Options(
        return_type=_once(
            "return_type", positional.get("return_field"), return_field, return_type
        ),
        input_types=_once(
            "input_types", positional.get("input_fields"), input_fields, input_types
        ),
        name=_once("name", positional.get("name"), name),
        mode=mode,
        volatility=_once("volatility", positional.get("volatility"), volatility),
        null_handling=null_handling,
    )
    if func is not None:
        return as_udf(func, options)

    def decorator(function: Callable[..., Any]) -> Any:
        return as_udf(function, options)

    return decorator


def as_udf(function: Any, options: Options) -> ScalarUDF:
    """Return the UDF that `function`, in any form that users have one, stands for.

    Our own :class:`Udf`, except for functions that are not Python's.

    Raises:
        UdfDefinitionError: It cannot be a UDF; see :func:`udf`.
    """
    if isinstance(function, Udf):
        return _redefined(function, options)
    ready = function if isinstance(function, ScalarUDF) else decorated_udf(function)
    if ready is None and _is_exportable(function):
        ready = datafusion.udf(function)
    if ready is not None:
        return _from_ready(ready, options)
    return Udf(function, resolve_signature(function, options), options)


def _redefined(function: Udf, options: Options) -> Udf:
    given = {k: v for k, v in vars(options).items() if v is not None}
    if not given or given == {"name": function.name}:
        return function
    if set(given) == {"name"}:
        return function.with_name(given["name"])
    merged = dataclasses.replace(function._options, **given)
    raw = function._python_function()
    return Udf(raw, resolve_signature(raw, merged), merged)


def _from_ready(ready: ScalarUDF, options: Options) -> ScalarUDF:
    """Return a ready `datafusion` UDF as ours, so that it has our errors and counters."""
    given = {k: v for k, v in vars(options).items() if v is not None}
    if set(given) - {"name"}:
        raise UdfDefinitionError(
            "A ready datafusion UDF has its types already; "
            f"{', '.join(sorted(given))} cannot be given with it. Pass the function",
            udf_name=ready.name,
        )
    recovered = recover(ready)
    if recovered is not None:
        ours = udf_of(recovered.function)
        if ours is not None:
            return _redefined(ours, options)
        try:
            return _from_recovered(recovered, options)
        except UdfDefinitionError as error:
            _logger.info("%s runs in the engine's own way: %s", ready.name, error)
    if options.name is not None and options.name != ready.name:
        raise UdfDefinitionError(
            f"This function cannot be renamed to {options.name!r}, because it is not a "
            "Python function that Springald can run: register it under its own name",
            udf_name=ready.name,
        )
    return ready


def udf_in_expression(parts: Parts) -> Udf:
    """Return the UDF whose `parts` were found in an expression, as ours.

    Raises:
        UdfDefinitionError: It is one of ``datafusion`` that Springald cannot run.
    """
    recovered = recovered_from(parts)
    ours = udf_of(recovered.function)
    return ours if ours is not None else _from_recovered(recovered, Options())


def _from_recovered(recovered: Recovered, options: Options) -> Udf:
    signature = Signature(
        name=options.name or recovered.name,
        mode="arrow",
        arguments=tuple(field.with_nullable(True) for field in recovered.arguments),
        result=recovered.result,
        engine_result=recovered.result,
        volatility=recovered.volatility,
        null_handling="call",
        parameters=None,
    )
    known = Options(
        return_type=recovered.result,
        input_types=list(recovered.arguments),
        name=signature.name,
        mode="arrow",
        volatility=recovered.volatility,
    )
    return Udf(recovered.function, signature, known)


def _is_exportable(value: object) -> bool:
    return (
        hasattr(value, "__datafusion_scalar_udf__")
        or type(value).__name__ == "PyCapsule"
        or isinstance(value, ScalarUDF)
    )


def _once(keyword: str, *values: Any) -> Any:
    given = [value for value in values if value is not None]
    if len(given) > 1:
        raise TypeError(f"udf() got more than one value for {keyword}")
    return given[0] if given else None
