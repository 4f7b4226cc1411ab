"""Expressions are found wherever they are; functions in them travel as hashes."""

import threading
from typing import NamedTuple

import datafusion
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from datafusion import Expr, col, lit
from datafusion import functions as f
from datafusion.expr import SortExpr, Window
from fake_cluster import FakeNative, executor

from springald import Udf, UdfDefinitionError, UdfVersionMismatchError, udf
from springald.expression_arguments import replace_expressions
from springald_ballista.expressions import ExpressionRewriter
from springald_ballista.functions import ClusterFunctions
from springald_ballista.service import SchedulerService
from springald_ballista.session import HiddenSession


@udf
def add_one(x: int) -> int:
    return x + 1


NEW = lit(42)


def replace(expression: Expr) -> Expr:
    return NEW if "add_one" in str(expression) else expression


class Pair(NamedTuple):
    left: object
    right: object


# The traversal


def test_expressions_are_found_in_containers():
    old, other = add_one(col("n")), col("m")
    assert replace_expressions(old, replace) is NEW
    assert replace_expressions([old, other, "s"], replace) == [NEW, other, "s"]
    assert replace_expressions((other, [old]), replace) == (other, [NEW])
    assert replace_expressions(Pair(old, 1), replace) == (NEW, 1)
    assert replace_expressions({"k": old, "m": 1}, replace) == {"k": NEW, "m": 1}
    assert replace_expressions((e for e in [old, other]), replace) == [NEW, other]


def test_sort_expressions_keep_their_order():
    sort = add_one(col("n")).sort(ascending=False, nulls_first=True)
    replaced = replace_expressions([sort], replace)[0]
    assert isinstance(replaced, SortExpr)
    assert (replaced.ascending(), replaced.nulls_first()) == (False, True)
    assert str(replaced.expr()) == str(NEW)


def test_what_does_not_change_is_the_same_object():
    frame = datafusion.SessionContext().from_pydict({"a": [1]})
    for value in (
        None, "text", b"bytes", 7, frame, pa.int64(), pa.struct({"a": pa.int8()}),
        [col("a"), "b"], (col("a"),), {"a": col("a")}, {1, 2}, col("a").sort(), [],
    ):  # fmt: skip
        assert replace_expressions(value, replace) is value


# The rewriting


@pytest.fixture
def native() -> FakeNative:
    return FakeNative()


@pytest.fixture
def rewriter(scheduler, native) -> ExpressionRewriter:
    service = SchedulerService("127.0.0.1", scheduler.port)
    hidden = HiddenSession(native, service.authority)
    return ExpressionRewriter(native, hidden, ClusterFunctions(service, native))


def test_an_expression_without_functions_is_the_same_object(rewriter, native):
    for expression in (col("a"), lit(1) + col("b"), f.sum(col("a")).alias("s")):
        assert rewriter.rewritten(expression) is expression
    assert native.rewritten == []


def test_functions_are_named_by_the_hash_of_their_definition(rewriter, native):
    rewriter.rewritten(add_one(add_one(col("n"))) + lit(1))
    ((written, definitions),) = native.rewritten
    assert definitions == [add_one.to_bytes()]
    name = f"springald:{add_one.portable_hash()}".encode()
    assert written.count(name) == 2
    assert b"cloudpickle" not in written


def test_functions_are_found_inside_of_everything(rewriter, native):
    inner = add_one(col("n"))
    for expression in (
        inner.alias("x"),
        (inner > lit(1)) & (col("m") == inner),
        f.sum(inner, filter=inner > lit(0)),
        f.array_agg(col("m"), order_by=[inner.sort()]),
        f.sum(inner).over(Window(partition_by=[inner], order_by=[inner.sort()])),
        f.case(inner).when(lit(1), lit(2)).otherwise(inner),
        inner.cast(pa.int32()),
        inner.is_null(),
    ):
        rewriter.rewritten(expression)
        written, definitions = native.rewritten.pop()
        assert b"springald:" in written
        assert definitions == [add_one.to_bytes()]


def test_two_functions_have_two_definitions(rewriter, native):
    other = udf(lambda x: x * 2, return_type=pa.int64(), input_types=[pa.int64()],
                mode="row", name="other")  # fmt: skip
    rewriter.rewritten(add_one(col("n")) + other(col("n")))
    ((written, definitions),) = native.rewritten
    assert sorted(definitions) == sorted([add_one.to_bytes(), other.to_bytes()])
    for function in (add_one, other):
        assert f"springald:{function.portable_hash()}".encode() in written


def test_a_function_whose_udf_is_gone(rewriter, native):
    def local(x: int) -> int:
        return x + 5

    expression = udf(local)(col("n"))
    rewriter.rewritten(expression)
    rewriter.rewritten(expression)
    first, second = native.rewritten
    assert first == second
    assert Udf.from_bytes(first[1][0])(1) == 6


def test_a_function_of_the_wheel_is_recovered_once(rewriter, native):
    theirs = datafusion.udf(
        lambda a: pc.add(a, 1), [pa.int64()], pa.int64(), "stable", "theirs"
    )
    rewriter.rewritten(theirs(col("n")))
    rewriter.rewritten(theirs(col("n")) + lit(1))
    (_, first), (_, second) = native.rewritten
    assert first == second
    ours = Udf.from_bytes(first[0])
    assert (ours.name, ours.volatility, ours.mode) == ("theirs", "stable", "arrow")


def test_a_function_of_the_wheel_that_we_cannot_run(rewriter):
    # It would not know how many rows to return.
    theirs = datafusion.udf(lambda: pa.array([1]), [], pa.int64(), "immutable", "one")
    with pytest.raises(UdfDefinitionError, match="one"):
        rewriter.rewritten(theirs())


def test_a_function_that_cannot_be_pickled(rewriter):
    lock = threading.Lock()

    @udf
    def locked(x: int) -> int:
        with lock:
            return x

    with pytest.raises(UdfDefinitionError, match=r"locked.*'lock'.*pickled"):
        rewriter.rewritten(locked(col("n")))


def test_window_functions_of_the_wheel_are_refused(rewriter):
    class Evaluator(datafusion.user_defined.WindowEvaluator):
        pass

    window = datafusion.udwf(Evaluator, pa.int64(), pa.int64(), "immutable", "w")
    with pytest.raises(UdfDefinitionError, match="Python window function"):
        rewriter.rewritten(window(col("n")))


def test_executors_of_another_python_are_named(rewriter, scheduler):
    scheduler.answer(executors=[executor(), executor(id="e2", python="3.99.1")])
    with pytest.raises(
        UdfVersionMismatchError, match=r"add_one.*executor e2 at .* 3\.99\.1"
    ):
        rewriter.rewritten(add_one(col("n")))


def test_arguments_of_a_call(rewriter, native):
    args, kwargs = rewriter.arguments(
        ("n", add_one(col("n"))), {"k": [add_one(col("m"))]}
    )
    assert args[0] == "n"
    assert len(native.rewritten) == 2
    assert isinstance(args[1], Expr)
    assert isinstance(kwargs["k"][0], Expr)


def test_equal_expressions_of_a_call_become_one_object(rewriter, native):
    args, _ = rewriter.arguments(
        ([add_one(col("n"))], [add_one(col("n")).sort(), add_one(col("m"))]), {}
    )
    assert len(native.rewritten) == 2
    assert args[0][0].expr is not add_one(col("n")).expr
    assert str(args[1][0].expr()) == str(args[0][0])
