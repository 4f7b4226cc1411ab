"""`udf`: makes a UDF of a Python function, as a function and as a decorator."""

from __future__ import annotations

import dataclasses
import logging
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias, overload

import datafusion
import pyarrow as pa
from datafusion.user_defined import ScalarUDF, Volatility

from springald.callables import as_function, default_name
from springald.errors import UdfDefinitionError
from springald.limits import LIMIT_OPTIONS
from springald.overloads import Overloads, combined
from springald.recover import Parts, Recovered, decorated_udf, recover, recovered_from
from springald.scalar_udf import Udf, udf_of
from springald.signature import Options, Signature, resolve_limits, resolve_signature

__all__ = ["as_udf", "overloads", "udf", "udf_in_expression"]

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
    max_concurrency: int | None = ...,
    dtype_backend: str | None = ...,
    timeout: float | None = ...,
    memory_limit: int | str | None = ...,
    cpu_limit: float | None = ...,
    max_open_files: int | None = ...,
    max_result_size: int | str | None = ...,
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
    max_concurrency: int | None = ...,
    dtype_backend: str | None = ...,
    timeout: float | None = ...,
    memory_limit: int | str | None = ...,
    cpu_limit: float | None = ...,
    max_open_files: int | None = ...,
    max_result_size: int | str | None = ...,
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
    max_concurrency: int | None = ...,
    dtype_backend: str | None = ...,
    timeout: float | None = ...,
    memory_limit: int | str | None = ...,
    cpu_limit: float | None = ...,
    max_open_files: int | None = ...,
    max_result_size: int | str | None = ...,
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
    max_concurrency: int | None = ...,
    dtype_backend: str | None = ...,
    timeout: float | None = ...,
    memory_limit: int | str | None = ...,
    cpu_limit: float | None = ...,
    max_open_files: int | None = ...,
    max_result_size: int | str | None = ...,
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
    max_concurrency: int | None = None,
    dtype_backend: str | None = None,
    timeout: float | None = None,
    memory_limit: int | str | None = None,
    cpu_limit: float | None = None,
    max_open_files: int | None = None,
    max_result_size: int | str | None = None,
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
        mode: ``"arrow"``, ``"row"``, ``"pandas"``, ``"numpy"`` or ``"iterator"``;
            default, see below.
        volatility: ``"immutable"`` (default: same input, same result; the engine may call
            it while planning), ``"stable"`` (within one query) or ``"volatile"``.
        null_handling: ``"call"``: the function gets ``None`` for a null, or what stands
            for it in a column. ``"skip"``, of modes row, pandas and numpy: the function
            is not given rows with a null argument, and their result is null. Default,
            see below.
        dtype_backend: Of Series: ``"numpy"`` (default; integers beside nulls become
            float64, and are refused where that is not exact), ``"numpy_nullable"``
            (``Int64``, ``boolean``, ...) or ``"pyarrow"`` (``ArrowDtype``, always exact).
        max_concurrency: Async functions only: how many rows of a batch are awaited at
            once, 64 by default.
        timeout: Seconds that a batch may take; this and the following are limits, see
            below. Default of each: the function sets none.
        memory_limit: Memory that a batch may need: bytes, or text such as ``"2GiB"``.
        cpu_limit: Seconds of processor time that a batch may use, in all threads.
        max_open_files: How many files the function may have open at once.
        max_result_size: Size of the column that a batch may return, as `memory_limit`.

    Mode: explicit types without hints mean arrow, hints of Python types mean row, hints
    of ``pyarrow`` arrays (``pa.Array``, ``pa.DoubleArray``, ...) mean arrow, of
    ``pd.Series`` pandas, of ``np.ndarray`` numpy, of ``Iterator[pa.Array]`` iterator.
    Explicit types win over hinted ones.

    * **arrow**: one ``pyarrow.Array`` per argument in; out comes an ``Array`` or
      ``ChunkedArray`` of the return type with the same number of rows, or a list.
    * **row**: one Python value per argument in; out comes one Python value. The result is
      what ``pyarrow.array([f(*row) for row in rows], type=return_type)`` gives.
    * **pandas**: one ``Series`` per argument in, for a struct a ``DataFrame``; out comes
      a ``Series`` with the same number of rows, for a struct a ``DataFrame``.
    * **numpy**: one array per argument in, which cannot be written to, and shares the
      engine's memory where it can; out comes an array with the same number of rows.
    * **iterator**: an iterator of batches in, each a ``pyarrow.Array``, or a tuple of
      these where the function has several arguments; out comes an iterator that gives as
      many rows for each batch as it has, before it takes the next. What is done before
      the loop is done once per partition; ``finally`` runs when the query has ended.
      ``Iterator[pd.Series]`` works as well.

    Hints: ``float`` (float64), ``int`` (int64), ``bool``, ``str`` (string), ``bytes``
    (binary), ``datetime.date`` (date32), ``datetime.datetime`` (timestamp in
    microseconds), ``datetime.time``, ``datetime.timedelta``, ``Decimal`` (decimal128 with
    38 digits, 18 of them after the point), ``UUID``; ``list[X]``, ``set[X]``,
    ``tuple[X, ...]``; ``dict[K, V]`` (map); a dataclass, a ``NamedTuple``, a
    ``TypedDict`` or ``tuple[X, Y]`` (struct); ``Literal`` and ``Enum`` (the type of their
    values). Each also as ``X | None``, and as ``Annotated[float, pa.float32()]`` for
    another Arrow type. The function gets what its hints say, and may return it: a struct
    comes as an object of the dataclass, text as a member of the ``Enum``.
    ``springald.hints`` has the table and the rules.

    Nulls in row mode: an argument hinted ``float`` skips rows where it is null (the
    result is null); ``float | None`` passes ``None``. Without hints the function is
    called. Where the result's hint has no ``None``, returning ``None`` is an error.

    An async function (``async def``) runs in row mode: the rows of a batch are awaited
    together, at most `max_concurrency` at once, on one event loop that lives as long as
    the process. Partitions run side by side, so a query has up to that many rows in
    flight for each of them. The first row that fails ends the others.

    A class with ``__call__`` is a function that keeps something: each process builds one
    instance, without arguments, at its first batch. Give arguments with
    ``functools.partial(Model, path="x")``. If building it fails, the query fails, and the
    next one tries again.
    A parameter with a default may be left out in Python calls, and on a cluster in SQL
    too: ``def f(x: float, k: float = 2.0)`` is ``f(x, k)`` and ``f(x)`` there.

    A function without arguments runs row by row, and on a cluster only: the engine of
    this process does not tell a function how many rows it wants, so registering one
    without an address raises ``UdfDefinitionError``. It has a meaning in SQL; in Python,
    a call without arguments is one of the plain function.

    Limits travel with the function, and hold where it runs in worker processes: on the
    executors of a cluster, and with ``udf_backend="sidecar"``. The tighter one of the
    function's and of the session's or the executor's holds. A function that runs
    embedded, in this interpreter, is not limited.

    Returns:
        A :class:`springald.Udf`; used as a decorator with arguments, a decorator.

    Raises:
        UdfDefinitionError: The function cannot be a UDF: a type is missing or not
            supported (the message names the parameter), the number of types does not
            match, a limit is no number above 0, it is a generator function, or a class
            that needs arguments. It is a ``TypeError`` too. While a query runs, methods
            of contexts and DataFrames raise ``UdfExecutionError`` (the function raised)
            and ``UdfResultError`` (it returned a wrong type, number of rows, or null);
            both say which function, and show the function's own traceback.
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
        max_concurrency=max_concurrency,
        dtype_backend=dtype_backend,
        timeout=timeout,
        memory_limit=memory_limit,
        cpu_limit=cpu_limit,
        max_open_files=max_open_files,
        max_result_size=max_result_size,
    )
    if func is not None:
        return as_udf(func, options)

    def decorator(function: Callable[..., Any]) -> Any:
        return as_udf(function, options)

    return decorator


def overloads(*functions: Any, name: str | None = None) -> Overloads:
    """Give several functions one name in SQL; the types of a call choose among them.

    ::

        from springald import overloads, udf

        @udf
        def int_size(n: int) -> int:
            return n.bit_length()

        @udf
        def str_size(text: str) -> int:
            return len(text)

        ctx = BallistaSessionContext("df://localhost:50050")
        ctx.register_udf(overloads(int_size, str_size, name="size_of"))
        ctx.sql("SELECT size_of(id), size_of(email) FROM users").show()

    A function whose types are those of the call is chosen; else the first one for which
    the engine can convert the arguments, as it does for any function. Functions may take
    different numbers of arguments, and defaults count as in :func:`udf`. This is for
    clusters: the engine of this process gives a name one list of argument types.

    Args:
        functions: What :func:`udf` makes, or takes without keywords.
        name: The name in SQL; may be left out where the functions have one name.

    Returns:
        What ``BallistaSessionContext.register_udf`` takes. Called with expressions, as in
        ``df.select(size_of(col("id")))``, it makes an expression for a cluster.

    Raises:
        UdfDefinitionError: Two functions take the same types, or one takes those of
            another whose defaults are left out; the names differ and `name` is not
            given; or a function is not Python's.
    """
    return combined([as_udf(function, Options()) for function in functions], name)


def as_udf(function: Any, options: Options) -> ScalarUDF:
    """Return the UDF that `function`, in any form that users have one, stands for.

    Our own :class:`Udf`, except for functions that are not Python's.

    Raises:
        UdfDefinitionError: It cannot be a UDF; see :func:`udf`.
    """
    if isinstance(function, Udf):
        return _redefined(function, options)
    if isinstance(function, Overloads):
        return _renamed(function, options)
    ready = function if isinstance(function, ScalarUDF) else decorated_udf(function)
    if ready is None and _is_exportable(function):
        ready = datafusion.udf(function)
    if ready is not None:
        return _from_ready(ready, options)
    try:
        function = as_function(function)
    except UdfDefinitionError as error:
        error.udf_name = error.udf_name or options.name or default_name(function)
        raise
    return Udf(function, resolve_signature(function, options), options)


def _redefined(function: Udf, options: Options) -> Udf:
    given = {k: v for k, v in vars(options).items() if v is not None}
    if not given or given == {"name": function.name}:
        return function
    if set(given) == {"name"}:
        return function.with_name(given["name"])
    merged = dataclasses.replace(function._options, **given)
    raw = function._python_function()
    if set(given) <= {"name", *LIMIT_OPTIONS}:
        # Not resolved anew: the types of a function that came as bytes are known from
        # its signature only.
        name = given.get("name", function.name)
        signature = dataclasses.replace(
            function._signature, name=name, limits=resolve_limits(name, merged)
        )
    else:
        signature = resolve_signature(raw, merged)
    return Udf(raw, signature, merged)


def _renamed(function: Overloads, options: Options) -> Overloads:
    given = {k: v for k, v in vars(options).items() if v is not None}
    name = given.pop("name", function.name)
    if given:
        raise UdfDefinitionError(
            f"Overloads have their types already; {', '.join(sorted(given))} cannot be "
            "given with them. Give it to their functions",
            udf_name=function.name,
        )
    return function if name == function.name else function.with_name(name)


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
