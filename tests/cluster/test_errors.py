"""What fails on an executor arrives as it would embedded: class, values, source lines."""

from __future__ import annotations

import asyncio
import importlib.util
import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cloudpickle
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from datafusion import col

import springald
from springald import (
    BallistaSessionContext,
    UdfDefinitionError,
    UdfDependencyError,
    UdfError,
    UdfExecutionError,
    UdfResultError,
    udf,
)

from .call_log import CallLog
from .weather import Both


class TooCold(Exception):
    """An exception of the user's own."""


@udf
def warm(celsius: float) -> float:
    if celsius < -7:
        raise TooCold(f"{celsius} is too cold")  # the user's line
    return celsius


@udf(return_type=pa.float64(), input_types=[pa.float64()])
def warm_column(celsius):
    return _checked(celsius)


def _checked(celsius):
    if pc.min(celsius).as_py() < -7:
        raise TooCold("a column that is too cold")  # the helper's line
    return celsius


@pytest.fixture
def cold(both: Both) -> Both:
    """The coldest night of `temp_min` is -7.1: one row of 1461 fails."""
    both.register_udf(warm)
    both.register_udf(warm_column)
    return both


def failure(context: BallistaSessionContext, sql: str) -> UdfError:
    with pytest.raises(UdfError) as caught:
        context.sql(sql).collect()
    assert context.sql("SELECT 1 AS one").to_pydict() == {"one": [1]}, "it goes on"
    return caught.value


def test_all_fields_are_those_of_the_embedded_error(cold: Both) -> None:
    query = "SELECT warm(temp_min) FROM weather"
    expected, error = failure(cold.embedded, query), failure(cold.remote, query)
    assert type(error) is UdfExecutionError
    assert error.udf_name == "warm"
    assert error.exception_type == expected.exception_type
    assert error.exception_type.endswith("TooCold")
    assert error.exception_message == "-7.1 is too cold"
    assert error.arguments == "(-7.1,)"
    assert error.row == expected.row
    assert error.traceback_text == expected.traceback_text
    text = str(error)
    for piece in ("'warm'", "TooCold", "-7.1 is too cold", f"row {error.row}",
                  "raise TooCold", "the user's line", __file__):  # fmt: skip
        assert piece in text
    assert "springald-error:" not in text
    assert "springald-error:" not in repr(error)


def test_arrow_mode_shows_the_users_frames_only(cold: Both) -> None:
    error = failure(cold.remote, "SELECT warm_column(temp_min) FROM weather")
    assert (error.row, error.arguments) == (None, "")
    text = error.traceback_text
    for piece in ("in warm_column", "in _checked", "the helper's line"):
        assert piece in text
    assert springald.__file__.removesuffix("__init__.py") not in text


def test_the_error_can_be_pickled(cold: Both) -> None:
    error = failure(cold.remote, "SELECT warm(temp_min) FROM weather")
    back = pickle.loads(pickle.dumps(error))
    assert (type(back), str(back)) == (type(error), str(error))
    assert back.fields() == error.fields()


PLACES = {
    "select": "SELECT warm(temp_min) FROM parts",
    "where": "SELECT date FROM parts WHERE warm(temp_min) > 0",
    "order by": "SELECT date FROM parts ORDER BY warm(temp_min)",
    "partition by": "SELECT rank() OVER (PARTITION BY warm(temp_min) ORDER BY wind) "
    "FROM parts",
    "group by": "SELECT count(*) FROM parts GROUP BY warm(temp_min)",
    "join on": "SELECT count(*) FROM parts a JOIN weather b "
    "ON warm(a.temp_min) = warm(b.temp_min)",
    "aggregate": "SELECT sum(warm(temp_min)) FROM parts",
    "subquery": "SELECT date FROM parts WHERE wind > "
    "(SELECT max(warm(temp_min)) FROM lines)",
    "constant": "SELECT warm(-10.0)",
    "values": "SELECT * FROM (VALUES (warm(-10.0))) v",
}


@pytest.mark.parametrize("query", PLACES.values(), ids=list(PLACES))
def test_from_every_place(cold: Both, query: str) -> None:
    error = failure(cold.remote, query)
    assert type(error) is UdfExecutionError
    assert "is too cold" in str(error)


METHODS: dict[str, Callable[[Any], Any]] = {
    "collect": lambda df: df.collect(),
    "collect_partitioned": lambda df: df.collect_partitioned(),
    "collect_column": lambda df: df.collect_column("r"),
    "show": lambda df: df.show(2000),
    "count": lambda df: df.filter(col("r") > 0).count(),
    "to_pandas": lambda df: df.to_pandas(),
    "to_pylist": lambda df: df.to_pylist(),
    "to_pydict": lambda df: df.to_pydict(),
    "to_arrow_table": lambda df: df.to_arrow_table(),
    "cache": lambda df: df.cache().collect(),
    "repr": lambda df: repr(df.sort("r")),
    "_repr_html_": lambda df: df.sort("r")._repr_html_(),
    "explain analyze": lambda df: df.explain(analyze=True),
    "iteration": list,
    "execute_stream": lambda df: list(df.execute_stream()),
    "execute_stream_partitioned": lambda df: [
        list(s) for s in df.execute_stream_partitioned()
    ],
}


@pytest.mark.parametrize("method", METHODS)
def test_from_every_method(cold: Both, method: str, capfd) -> None:
    frame = cold.remote.sql("SELECT warm(temp_min) AS r FROM parts")
    with pytest.raises(UdfExecutionError, match=r"'warm' raised .*TooCold"):
        METHODS[method](frame)


def test_from_asynchronous_iteration(cold: Both) -> None:
    async def read() -> None:
        async for _ in cold.remote.sql("SELECT warm(temp_min) AS r FROM parts"):
            pass

    with pytest.raises(UdfExecutionError, match="TooCold"):
        asyncio.run(read())


@pytest.mark.parametrize(
    ("body", "exception", "piece"),
    [
        ("raise StopIteration('early')", "StopIteration", "early"),
        ("import sys; sys.exit(3)", "SystemExit", "3"),
        ("raise GeneratorExit", "GeneratorExit", ""),
        ("raise MemoryError('much')", "MemoryError", "much"),
        ("raise OSError(5, 'a disk')", "OSError", "a disk"),
        ("raise ConnectionError('transport error')", "ConnectionError", "transport"),
        ("raise type('Odd', (BaseException,), {})('odd')", "Odd", "odd"),
        ("raise ValueError('one\\n\"two\" \\\\n {x} %s é 🐎')", "ValueError",
         'one\n"two" \\n {x} %s é 🐎'),
        ("raise ValueError('springald-error:e30=:end')", "ValueError", "e30=:end"),
        ("raise ValueError('x' * 1_000_000)", "ValueError", "xxx"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("mode", ["row", "arrow"])
def test_every_exception_is_an_execution_error(
    ctx: BallistaSessionContext, body: str, exception: str, piece: str, mode: str
) -> None:
    namespace: dict[str, Any] = {"__name__": "users_module"}
    exec(f"def f(x):\n    {body}\n", namespace)
    ctx.register_udf(udf(namespace["f"], [pa.float64()], pa.float64(), mode=mode))
    error = failure(ctx, "SELECT f(wind) FROM parts")
    assert type(error) is UdfExecutionError
    assert error.exception_type.endswith(exception)
    assert piece in error.exception_message


@pytest.mark.parametrize("kind", [ValueError, OSError, ConnectionResetError])
def test_the_users_exception_is_not_retried(
    ctx: BallistaSessionContext, calls: CallLog, kind: type[Exception]
) -> None:
    @udf(name=f"fails_with_{kind.__name__.lower()}", volatility="volatile")
    def fails(text: str) -> int:
        calls.add(text)
        raise kind("no")

    ctx.register_udf(fails)
    started = time.monotonic()
    error = failure(ctx, f"SELECT {fails.name}('x')")
    assert time.monotonic() - started < 5
    assert error.exception_type.endswith(kind.__name__)
    assert calls.values() == ["x"]
    metrics = ctx.udf_metrics()[fails.name]
    assert (metrics.calls, metrics.errors) == (1, 1)


def test_results_of_a_wrong_length_type_and_null(ctx: BallistaSessionContext) -> None:
    numbers = ([pa.float64()], pa.float64())
    ctx.register_udf(udf(lambda a: a.slice(1), *numbers, name="short"))
    ctx.register_udf(udf(lambda a: a.cast(pa.float32()), *numbers, name="narrow"))
    ctx.register_udf(udf(lambda a: "text", *numbers, name="text"))
    ctx.register_udf(udf(lambda x: [x], *numbers, name="listed", mode="row"))

    @udf
    def hole(wind: float) -> float:
        return None

    ctx.register_udf(hole)
    for name in ("short", "narrow", "text", "listed", "hole"):
        error = failure(ctx, f"SELECT {name}(wind) FROM weather")
        assert type(error) is UdfResultError
        assert error.udf_name == name


# What cannot travel


def test_an_object_that_cannot_be_pickled_is_named_at_registration(
    ctx: BallistaSessionContext,
) -> None:
    import threading

    gate = threading.Lock()

    @udf
    def locked(wind: float) -> float:
        with gate:
            return wind

    with pytest.raises(UdfDefinitionError, match=r"variable 'gate' cannot be pickled"):
        ctx.register_udf(locked)
    assert "locked" not in ctx.udfs()
    with pytest.raises(UdfDefinitionError, match=r"variable 'gate' cannot be pickled"):
        ctx.table("weather").select(locked(col("wind"))).collect()


@pytest.fixture
def own_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Makes a module that this process can import, and executors cannot."""
    names = []

    def make(name: str, text: str) -> Any:
        path = tmp_path / "only_here" / f"{name}.py"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
        monkeypatch.syspath_prepend(path.parent)
        names.append(name)
        spec = importlib.util.find_spec(name)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        spec.loader.exec_module(module)
        return module

    return make


def test_a_module_that_executors_do_not_have_is_named(
    ctx: BallistaSessionContext, own_module
) -> None:
    module = own_module("only_the_client_has_it", "def f(x: float) -> float:\n  return x")
    ctx.register_udf(module.f, name="by_reference")
    error = failure(ctx, "SELECT by_reference(wind) FROM weather")
    assert type(error) is UdfDependencyError
    assert "only_the_client_has_it" in str(error)
    assert error.udf_name == "by_reference"


def test_an_import_that_fails_on_the_executor_is_the_functions_own_error(
    ctx: BallistaSessionContext, own_module
) -> None:
    own_module("also_only_here", "K = 1\n")

    @udf
    def imports(wind: float) -> float:
        import also_only_here

        return also_only_here.K * wind

    ctx.register_udf(imports)
    error = failure(ctx, "SELECT imports(wind) FROM weather")
    assert isinstance(error, UdfDependencyError | UdfExecutionError)
    assert "No module named 'also_only_here'" in str(error)


def test_source_lines_are_shown_where_the_file_is_not(
    ctx: BallistaSessionContext, own_module
) -> None:
    module = own_module(
        "soon_gone",
        "def f(x: float) -> float:\n"
        "    if x > 0:\n"
        "        raise ValueError('no')  # this very line\n"
        "    return x\n",
    )
    cloudpickle.register_pickle_by_value(module)
    try:
        ctx.register_udf(module.f, name="gone")
    finally:
        cloudpickle.unregister_pickle_by_value(module)
    Path(module.__file__).unlink()
    error = failure(ctx, "SELECT gone(wind) FROM weather")
    assert "raise ValueError('no')  # this very line" in error.traceback_text
    assert "soon_gone.py" in error.traceback_text


# Errors that are not a function's


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("SELECT nothing FROM nowhere", "nowhere"),
        ("SELEC 1", "SELEC"),
        ("SELECT no_such_function(1)", "no_such_function"),
        ("SELECT no_such_column FROM weather", "no_such_column"),
    ],
)
def test_mistakes_in_sql_are_the_engines_own(both: Both, sql: str, message: str) -> None:
    with pytest.raises(Exception, match=message) as theirs:
        both.embedded.sql(sql)
    with pytest.raises(Exception, match=message) as ours:
        both.remote.sql(sql)
    assert type(ours.value) is type(theirs.value)
    assert not isinstance(ours.value, UdfError)


def test_an_error_of_the_engine_keeps_its_text(ctx: BallistaSessionContext) -> None:
    with pytest.raises(Exception, match=r"(?i)cannot cast string 'drizzle'|drizzle"):
        ctx.sql("SELECT CAST(weather AS INT) FROM weather").collect()
    with pytest.raises(Exception, match=r"(?i)divide ?by ?zero"):
        ctx.sql("SELECT 1 / (CAST(wind AS INT) * 0) FROM weather").collect()
