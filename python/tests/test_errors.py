"""What a user sees when something goes wrong, and that the session goes on."""

import asyncio
import pickle
import sys

import datafusion
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from contexts import elsewhere, on_cluster
from datafusion import SessionContext, col

import springald
from springald import (
    BallistaSessionContext,
    UdfCancelledError,
    UdfDefinitionError,
    UdfError,
    UdfExecutionError,
    UdfResultError,
    udf,
)
from springald.error_crossing import ErrorTable
from springald.errors import make_error


class TooCold(Exception):
    """An exception of the user's own."""


@udf
def warm(celsius: float) -> float:
    if celsius < 0:
        raise TooCold(f"{celsius} is below zero")  # the user's line
    return celsius


@udf(return_type=pa.float64(), input_types=[pa.float64()])
def warm_column(celsius):
    return _checked(celsius)


def _checked(celsius):
    if pc.min(celsius).as_py() < 0:
        raise TooCold("a column below zero")  # the helper's line
    return celsius


@pytest.fixture
def cold(ctx) -> BallistaSessionContext:
    ctx.register_udf(warm)
    ctx.register_udf(warm_column)
    return ctx


def failure(ctx, sql: str) -> UdfError:
    with pytest.raises(UdfError) as caught:
        ctx.sql(sql).collect()
    assert ctx.sql("SELECT 1 AS one").to_pydict() == {"one": [1]}, "the session goes on"
    return caught.value


# The user's exception


def test_row_mode_error_says_what_where_and_with_which_values(cold):
    error = failure(cold, "SELECT warm(celsius) FROM people")
    assert type(error) is UdfExecutionError
    assert error.udf_name == "warm"
    assert error.exception_type.endswith("TooCold")
    assert error.exception_message == "-3.5 is below zero"
    assert (error.row, error.arguments) == (2, "(-3.5,)")
    assert elsewhere() or isinstance(error.__cause__, TooCold)
    text = str(error)
    for piece in ("'warm'", "TooCold", "-3.5 is below zero", "row 2", "(-3.5,)",
                  "raise TooCold", "the user's line", __file__):  # fmt: skip
        assert piece in text


def test_traceback_shows_the_users_frames_and_none_of_ours(cold):
    error = failure(cold, "SELECT warm_column(celsius) FROM people")
    assert (error.row, error.arguments) == (None, "")
    text = error.traceback_text
    assert "in warm_column" in text
    assert "in _checked" in text
    assert "the helper's line" in text
    package = springald.__file__.removesuffix("__init__.py")
    assert package not in text
    assert "datafusion" not in text


def test_error_is_pickled_with_all_it_says(cold):
    error = failure(cold, "SELECT warm(celsius) FROM people")
    back = pickle.loads(pickle.dumps(error))
    assert type(back) is type(error)
    assert str(back) == str(error)
    assert back.fields() == error.fields()


def test_long_arguments_are_cut(ctx):
    @udf
    def fail(s: str) -> str:
        raise ValueError("no")

    ctx.register_udf(fail)
    ctx.from_arrow(pa.table({"s": ["x" * 1_000_000]}), name="long")
    error = failure(ctx, "SELECT fail(s) FROM long")
    assert len(error.arguments) < 10_000
    assert error.arguments.startswith("('xxx")


@pytest.mark.parametrize(
    ("body", "exception", "piece"),
    [
        ("raise StopIteration('early')", "StopIteration", "early"),
        ("import sys; sys.exit(3)", "SystemExit", "3"),
        ("raise GeneratorExit", "GeneratorExit", ""),
        ("raise MemoryError('much')", "MemoryError", "much"),
        ("return f(x)", "RecursionError", "recursion"),
        ("raise type('Odd', (BaseException,), {})('odd')", "Odd", "odd"),
        (
            "raise UnicodeDecodeError('utf-8', b'x', 0, 1, 'bad')",
            "UnicodeDecodeError",
            "bad",
        ),
    ],
)
@pytest.mark.parametrize("mode", ["row", "arrow"])
def test_every_exception_is_an_execution_error(ctx, body, exception, piece, mode):
    namespace = {"__name__": "users_module"}
    exec(f"def f(x):\n    {body}\n", namespace)
    ctx.register_udf(udf(namespace["f"], [pa.int64()], pa.int64(), mode=mode))
    error = failure(ctx, "SELECT f(n) FROM people")
    assert type(error) is UdfExecutionError
    assert error.exception_type.endswith(exception)
    assert piece in str(error)


def test_stop_iteration_does_not_cut_the_result_short(ctx):
    @udf
    def early(n: int) -> int:
        return next(iter(())) if n == 3 else n

    ctx.register_udf(early)
    assert failure(ctx, "SELECT early(n) FROM people").row == 3


def test_an_exception_whose_str_fails(ctx):
    class Hostile(Exception):
        def __str__(self):
            raise ValueError("no text")

        __repr__ = __str__

    @udf
    def f(n: int) -> int:
        raise Hostile

    ctx.register_udf(f)
    error = failure(ctx, "SELECT f(n) FROM people")
    assert error.exception_type.endswith("Hostile")
    assert elsewhere() or isinstance(error.__cause__, Hostile)


def test_an_argument_whose_repr_is_its_own_lines(ctx):
    @udf
    def f(s: str) -> str:
        raise ValueError("line one\nline 'two' \"three\" {x} \\n %s")

    ctx.register_udf(f)
    error = failure(ctx, "SELECT f(email) FROM people")
    assert error.exception_message == "line one\nline 'two' \"three\" {x} \\n %s"


def test_keyboard_interrupt_in_a_function_is_the_users(ctx):
    @udf
    def stop(n: int) -> int:
        raise KeyboardInterrupt

    ctx.register_udf(stop)
    # That of an executor is not this process's: its user did not ask for it here.
    expected = UdfCancelledError if on_cluster() else KeyboardInterrupt
    with pytest.raises(expected) as caught:
        ctx.sql("SELECT stop(n) FROM people").collect()
    assert type(caught.value) is expected
    assert ctx.sql("SELECT 1 AS one").to_pydict() == {"one": [1]}


# Results


def test_wrong_length_type_and_null_are_result_errors(ctx):
    ctx.register_udf(udf(lambda a: a.slice(1), [pa.int64()], pa.int64(), name="short"))
    ctx.register_udf(
        udf(lambda a: a.cast(pa.int8()), [pa.int64()], pa.int64(), name="narrow")
    )

    @udf
    def hole(n: int) -> int:
        return None

    ctx.register_udf(hole)
    for name in ("short", "narrow", "hole"):
        error = failure(ctx, f"SELECT {name}(n) FROM people")
        assert type(error) is UdfResultError
        assert error.udf_name == name
        assert name in str(error)


# Where errors come out

METHODS = {
    "collect": lambda df: df.collect(),
    "collect_partitioned": lambda df: df.collect_partitioned(),
    "collect_column": lambda df: df.collect_column("r"),
    "show": lambda df: df.show(),
    "count": lambda df: df.filter(col("r") > 0).count(),
    "to_pandas": lambda df: df.to_pandas(),
    "to_pylist": lambda df: df.to_pylist(),
    "to_pydict": lambda df: df.to_pydict(),
    "to_arrow_table": lambda df: df.to_arrow_table(),
    "cache": lambda df: df.cache(),
    "tail": lambda df: df.filter(col("r") > 0).tail(1).collect(),
    "repr": repr,
    "_repr_html_": lambda df: df._repr_html_(),
    "explain": lambda df: df.explain(analyze=True),
    "iteration": list,
    "execute_stream": lambda df: list(df.execute_stream()),
    "next": lambda df: df.execute_stream().next(),
    "execute_stream_partitioned": lambda df: [
        list(s) for s in df.execute_stream_partitioned()
    ],
    "transformed": lambda df: df.sort("r").limit(2).select("r").collect(),
    "union": lambda df: df.union(df).collect(),
    "getitem": lambda df: df[["r"]].collect(),
}


@pytest.mark.parametrize("method", METHODS)
def test_every_method_raises_the_error_itself(cold, method, capfd):
    frame = cold.sql("SELECT warm(celsius) AS r FROM people")
    with pytest.raises(UdfExecutionError, match=r"'warm' raised .*TooCold"):
        METHODS[method](frame)


@pytest.mark.embedded_only(reason="this version does not write files on a cluster")
@pytest.mark.parametrize("kind", ["csv", "json", "parquet"])
def test_writing_raises_the_error_itself(cold, kind, tmp_path):
    frame = cold.sql("SELECT warm(celsius) AS r FROM people")
    with pytest.raises(UdfExecutionError, match="TooCold"):
        getattr(frame, f"write_{kind}")(tmp_path / "out")


def test_async_iteration_raises_the_error_itself(cold):
    async def read():
        async for _ in cold.sql("SELECT warm(celsius) AS r FROM people"):
            pass

    with pytest.raises(UdfExecutionError, match="TooCold"):
        asyncio.run(read())


def test_methods_of_the_context_raise_the_error_itself(cold):
    for sql in (
        "SELECT warm(-1.0) AS r",
        "CREATE TABLE t AS SELECT warm(celsius) FROM people",
    ):
        with pytest.raises(UdfExecutionError, match="TooCold"):
            cold.sql(sql).collect()


@pytest.mark.embedded_only(reason="a physical plan is of the process that made it")
def test_executing_a_plan_raises_the_error_itself(cold):
    plan = cold.sql("SELECT warm(celsius) AS r FROM people").execution_plan()
    with pytest.raises(UdfExecutionError, match="TooCold"):
        list(cold.execute(plan, 0))


def test_other_errors_are_the_engines_own(ctx):
    plain = SessionContext()
    for sql, message in (
        ("SELECT nothing FROM nowhere", "nowhere"),
        ("SELEC 1", "SELEC"),
        ("SELECT no_such_function(1)", "no_such_function"),
    ):
        with pytest.raises(Exception, match=message) as ours:
            ctx.sql(sql)
        with pytest.raises(Exception, match=message) as theirs:
            plain.sql(sql)
        assert type(ours.value) is type(theirs.value)
        assert not isinstance(ours.value, UdfError)


@pytest.mark.embedded_only(
    reason="the engine's own functions stay in the process that made them"
)
def test_a_foreign_udfs_error_passes_through(ctx):
    def fail(a):
        raise ValueError("(springald error 1)")

    # A name that is longer than definitions allow: the engine itself runs it.
    name = "fail_" + "x" * 1100
    foreign = datafusion.udf(fail, [pa.int64()], pa.int64(), "volatile", name)
    ctx.register_udf(foreign)
    with pytest.raises(Exception, match="ValueError") as caught:
        ctx.sql(f"SELECT {name}(n) FROM people").collect()
    assert not isinstance(caught.value, UdfError)


def test_on_a_plain_session_the_error_is_readable_text():
    plain = SessionContext()
    plain.register_udf(warm)
    with pytest.raises(Exception, match="DataFusion error") as caught:
        plain.sql("SELECT warm(-1.0)").collect()
    assert type(caught.value) is Exception
    for piece in (
        "UdfExecutionError: UDF 'warm' raised",
        "-1.0 is below zero",
        "user's line",
    ):
        assert piece in str(caught.value)


def test_text_through_a_foreign_stream(cold):
    frame = cold.sql("SELECT warm(celsius) AS r FROM people")
    with pytest.raises(pa.ArrowException, match=r"UDF 'warm'.*-3\.5 is below zero"):
        pa.table(frame)


def test_the_error_has_no_token_once_it_is_out(cold):
    error = failure(cold, "SELECT warm(celsius) FROM people")
    assert "springald error" not in repr(error)
    assert "springald error" not in str(error)
    assert repr(error).startswith("UdfExecutionError(")


@pytest.mark.embedded_only(
    reason="a context cannot be pickled, so no function on an executor has one"
)
def test_an_inner_querys_error_is_the_cause_of_the_outer_one(cold):
    @udf
    def outer(n: int) -> int:
        return cold.sql("SELECT warm(celsius) FROM people").count() and len(
            cold.sql("SELECT warm(celsius) FROM people").collect()
        )

    cold.register_udf(outer)
    error = failure(cold, "SELECT outer(n) FROM people".replace("outer", '"outer"'))
    assert error.udf_name == "outer"
    assert isinstance(error.__cause__, UdfExecutionError)
    assert error.__cause__.udf_name == "warm"
    assert isinstance(error.__cause__.__cause__, TooCold)


def test_one_failure_reported_by_several_partitions(cold):
    """Partitions of a join wait for one common side, and all report its failure."""
    frame = cold.sql("SELECT warm(celsius) AS r FROM people")
    for stream in [
        *frame.execute_stream_partitioned(),
        *frame.execute_stream_partitioned(),
    ]:
        with pytest.raises(UdfExecutionError, match="TooCold"):
            list(stream)


# The parts


def test_table_gives_a_recorded_error_twice_and_forgets_the_oldest():
    table = ErrorTable(capacity=2)
    errors = [make_error({"code": 2, "message": str(i)}, ValueError(i)) for i in range(3)]
    texts = [f"Execution error: {table.record(error)!r}" for error in errors]
    assert table.find(texts[0]) is None
    assert table.find("no token") is None
    assert table.find(texts[2]) is errors[2]
    again = table.find(texts[2])
    assert again is not errors[2]
    assert (type(again), str(again), again.__cause__) == (UdfExecutionError, "2", None)
    quoted = make_error({"code": 2, "message": texts[1]}, None)
    assert table.find(repr(table.record(quoted))) is quoted, "the last token counts"
    assert len(table) == 2


def test_codes_of_the_runtime_have_their_classes():
    names = {
        1: "UdfDefinitionError",
        2: "UdfExecutionError",
        3: "UdfResultError",
        4: "UdfVersionMismatchError",
        5: "UdfDependencyError",
        6: "UdfCancelledError",
        7: "KeyboardInterrupt",
        8: "UdfError",
        99: "UdfError",
    }
    for code, name in names.items():
        assert type(make_error({"code": code}, None)).__name__ == name


def test_the_family_is_complete_and_picklable():
    family = [
        "UdfDefinitionError",
        "UdfExecutionError",
        "UdfResultError",
        "UdfTimeoutError",
        "UdfMemoryError",
        "UdfWorkerLostError",
        "UdfVersionMismatchError",
        "UdfDependencyError",
        "UdfSecurityError",
        "UdfCancelledError",
        "ClusterError",
    ]
    for name in family:
        kind = getattr(springald, name)
        assert issubclass(kind, UdfError)
        error = kind(
            "what is wrong", udf_name="f", row=3, arguments="(1,)", retryable=True
        )
        back = pickle.loads(pickle.dumps(error))
        assert type(back) is kind
        assert str(back) == str(error)
        assert back.retryable
    assert issubclass(UdfDefinitionError, TypeError)


@pytest.mark.embedded_only(
    reason="an exception object stays in the process that raised it"
)
def test_references_to_the_users_objects_end_with_the_error(cold):
    """Nothing of a reported failure stays behind: the table keeps text only."""

    class Tracked(Exception):
        pass

    @udf
    def tracked(n: int) -> int:
        raise Tracked

    import gc
    import weakref

    cold.register_udf(tracked)
    error = failure(cold, "SELECT tracked(n) FROM people")
    gone = weakref.ref(error.__cause__)
    del error
    sys.exc_info()
    gc.collect()
    assert gone() is None
