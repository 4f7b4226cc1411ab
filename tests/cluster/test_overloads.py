"""One name for several functions: the types of a call choose among them."""

from __future__ import annotations

import pyarrow as pa
import pytest
from datafusion import col, lit

from springald import BallistaSessionContext, UdfExecutionError, overloads, udf

from .processes import Cluster

TABLE = pa.table(
    {
        "n": pa.array([1, 2, None], pa.int64()),
        "i": pa.array([1, 2, 3], pa.int32()),
        "s": ["a", "bcd", None],
        "x": [1.5, 2.5, None],
    }
)


@udf
def of_int(n: int) -> str:
    return f"int {n}"


@udf
def of_text(text: str) -> int:
    return len(text)


@udf
def of_two(x: float, y: float) -> float:
    return x + y


@udf
def of_none() -> int:
    return 7


KIND = overloads(of_int, of_text, of_two, of_none, name="kind")


@pytest.fixture
def session(cluster: Cluster) -> BallistaSessionContext:
    """A session with the table `t` and the function `kind`."""
    context = BallistaSessionContext(cluster.address)
    context.from_arrow(TABLE, name="t")
    context.register_udf(KIND)
    return context


def test_the_types_choose(session: BallistaSessionContext) -> None:
    frame = session.sql(
        "SELECT kind(n) AS a, kind(s) AS b, kind(x, x) AS c, kind() AS d FROM t"
    )
    types = [pa.string(), pa.int64(), pa.float64(), pa.int64()]
    assert frame.to_arrow_table().schema.types == types
    assert frame.to_pydict() == {
        "a": ["int 1", "int 2", None],
        "b": [1, 3, None],
        "c": [3.0, 5.0, None],
        "d": [7, 7, 7],
    }


def test_other_types_are_converted_for_the_first_that_fits(
    session: BallistaSessionContext,
) -> None:
    assert session.sql("SELECT kind(i) AS r FROM t LIMIT 1").to_pydict() == {
        "r": ["int 1"]
    }
    assert session.sql("SELECT kind(1, 2) AS r").to_pydict() == {"r": [3.0]}


PLACES = {
    "SELECT n FROM t ORDER BY kind(n) DESC NULLS LAST": [{"n": 2}, {"n": 1}, {"n": None}],
    "SELECT kind(n) AS k, count(*) AS c FROM t WHERE kind(s) = 3 GROUP BY kind(n)": [
        {"k": "int 2", "c": 1}
    ],
    "SELECT s FROM t WHERE kind(s) > 1 AND kind(n) = 'int 2'": [{"s": "bcd"}],
    "SELECT a.s FROM t a JOIN t b ON kind(a.s) = kind(b.s) AND kind(a.n) = 'int 1'": [
        {"s": "a"}
    ],
    "SELECT s, rank() OVER (PARTITION BY kind(n) ORDER BY kind(s)) AS r FROM t "
    "WHERE n = 1": [{"s": "a", "r": 1}],
    "VALUES (kind('abc')), (kind('a'))": [{"column1": 3}, {"column1": 1}],
    "SELECT s FROM t WHERE kind(s) IN (SELECT kind(t2.s) FROM t t2 WHERE "
    "kind(t2.n) = 'int 1')": [{"s": "a"}],
    "SELECT kind(kind(n)) AS r FROM t WHERE n = 1": [{"r": 5}],
}


@pytest.mark.parametrize("query", PLACES)
def test_wherever_sql_has_an_expression(
    session: BallistaSessionContext, query: str
) -> None:
    assert session.sql(query).to_pylist() == PLACES[query]


def test_types_that_none_takes_are_refused_with_all_signatures(
    session: BallistaSessionContext,
) -> None:
    with pytest.raises(Exception, match=r"Exact\(Int64\), Exact\(Utf8\)") as raised:
        session.sql("SELECT kind(n, s, x) FROM t")
    assert "kind" in str(raised.value)


def test_in_the_dataframe_api(session: BallistaSessionContext) -> None:
    frame = session.table("t").select(
        KIND(col("n")).alias("a"), KIND(col("x"), lit(1.0)).alias("b")
    )
    assert frame.to_pylist()[:2] == [{"a": "int 1", "b": 2.5}, {"a": "int 2", "b": 3.5}]
    assert session.table("t").filter(KIND(col("s")) == 3).to_pydict()["s"] == ["bcd"]
    counted = session.table("t").aggregate([KIND(col("i"))], []).count()
    assert counted == 3


def test_only_what_is_used_is_sent_and_counted(cluster: Cluster) -> None:
    context = BallistaSessionContext(cluster.address)
    context.from_arrow(TABLE, name="t")
    name = "sent_overload"
    context.register_udf(overloads(of_int, of_text, name=name))
    context.sql(f"SELECT {name}(n) FROM t").collect()
    assert len(cluster.counters(name)) == 1
    assert context.udf_metrics()[name].rows == 3
    context.sql(f"SELECT {name}(s), {name}(n) FROM t").collect()
    assert context.udf_metrics()[name].rows == 9
    assert context.udf(name).name == name


def test_registered_again_with_fewer_functions(session: BallistaSessionContext) -> None:
    before = session.sql("SELECT kind(s) AS r FROM t")
    session.register_udf(of_int, name="kind")
    assert session.sql("SELECT kind(n) AS r FROM t").to_pydict()["r"][0] == "int 1"
    assert before.to_pydict()["r"] == [1, 3, None]


def test_the_most_volatile_decides(session: BallistaSessionContext) -> None:
    fresh = udf(lambda n: n, [pa.int64()], pa.int64(), "volatile", "f", mode="row")
    kept = udf(lambda s: s, [pa.string()], pa.string(), "immutable", "f", mode="row")
    session.register_udf(overloads(fresh, kept))
    frame = session.sql("SELECT f(n) AS a, f(s) AS b FROM t")
    assert frame.to_pydict() == {"a": [1, 2, None], "b": ["a", "bcd", None]}


def test_errors_name_the_function(session: BallistaSessionContext) -> None:
    @udf
    def fails(n: int) -> int:
        raise ValueError(f"no {n}")

    session.register_udf(overloads(fails, of_text, name="may_fail"))
    with pytest.raises(UdfExecutionError, match="no 1") as raised:
        session.sql("SELECT may_fail(n) FROM t").collect()
    assert raised.value.udf_name == "may_fail"
    assert raised.value.row == 0


def test_defaults_in_sql(session: BallistaSessionContext) -> None:
    def scaled(x: float, k: float = 2.0, plus: float = 0.5) -> float:
        return x * k + plus

    session.register_udf(scaled)
    frame = session.sql(
        "SELECT scaled(x) AS a, scaled(x, 3.0) AS b, scaled(x, 1.0, 0.0) AS c, "
        "scaled(n) AS d FROM t WHERE n = 1"
    )
    assert frame.to_pylist() == [{"a": 3.5, "b": 5.0, "c": 1.5, "d": 2.5}]
    assert session.udf_metrics()["scaled"].rows == 4
    selected = session.table("t").select(session.udf("scaled")(col("x"), plus=0.0))
    assert selected.to_pylist()[0] == {selected.schema().names[0]: 3.0}
    with pytest.raises(Exception, match="scaled"):
        session.sql("SELECT scaled() FROM t")


def test_a_default_in_arrow_mode(session: BallistaSessionContext) -> None:
    def shifted(x: pa.Array, by: pa.Array = None):  # type: ignore[assignment,no-untyped-def]
        import pyarrow.compute as pc

        return pc.add(x, 1.0 if by is None else by)

    types = [pa.float64(), pa.float64()]
    session.register_udf(shifted, input_types=types, return_type=pa.float64())
    frame = session.sql("SELECT shifted(x) AS a, shifted(x, x) AS b FROM t WHERE n = 1")
    assert frame.to_pylist() == [{"a": 2.5, "b": 3.0}]


def test_all_arguments_with_defaults(session: BallistaSessionContext) -> None:
    def either(a: int = 4, b: int = 5) -> int:
        return 10 * a + b

    session.register_udf(either)
    frame = session.sql("SELECT either() AS a, either(1) AS b, either(1, 2) AS c FROM t")
    assert frame.to_pylist() == [{"a": 45, "b": 15, "c": 12}] * 3


def test_named_arguments_are_for_python(session: BallistaSessionContext) -> None:
    session.register_udf(of_two)
    with pytest.raises(ValueError, match="'of_two' does not support named arguments"):
        session.sql("SELECT of_two(y => x, x => 1.0) FROM t")
    frame = session.table("t").select(of_two(y=col("x"), x=1.0).alias("r"))
    assert frame.to_pydict()["r"] == [2.5, 3.5, None]
