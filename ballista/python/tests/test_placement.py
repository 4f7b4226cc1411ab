"""Nothing runs locally by accident: every method and every kind of plan has its place."""

import re
import types

import datafusion
import pyarrow as pa
import pytest
from datafusion import SessionConfig, SessionContext

from springald import ClusterError
from springald_ballista.placement import (
    DATAFRAME_METHODS,
    Place,
    is_analyze,
    place_method,
    place_plan,
)


def test_every_method_of_the_wheels_dataframe_has_a_place():
    methods = {
        name
        for name, value in vars(datafusion.DataFrame).items()
        if isinstance(value, types.FunctionType) and name != "__init__"
    }
    assert set(DATAFRAME_METHODS) == methods


def test_a_method_of_a_later_wheel_is_refused():
    with pytest.raises(ClusterError, match=r"to_excel\(\) is not known to this version"):
        place_method("to_excel")


def test_writing_is_refused():
    with pytest.raises(ClusterError, match=r"write_csv\(\) writes files.*collect"):
        place_method("write_csv")


def test_explain_runs_the_query_only_to_analyze_it():
    explain = datafusion.DataFrame.explain
    assert not is_analyze(explain, (), {})
    assert not is_analyze(explain, (True,), {})
    assert is_analyze(explain, (True, True), {})
    assert is_analyze(explain, (), {"analyze": True})


@pytest.fixture(scope="module")
def session() -> SessionContext:
    context = SessionContext(SessionConfig().with_information_schema(True))
    context.from_arrow(pa.table({"a": [1, 2], "s": ["x", "y"]}), name="t")
    context.sql("CREATE VIEW catalog_view AS SELECT * FROM information_schema.tables")
    return context


PLANS = {
    "SELECT 1": Place.CLUSTER,
    "SELECT a FROM t WHERE a > 1 ORDER BY a": Place.CLUSTER,
    "VALUES (1), (2)": Place.CLUSTER,
    "SELECT count(*) FROM t a JOIN t b ON a.a = b.a": Place.CLUSTER,
    "SELECT * FROM generate_series(1, 3)": Place.CLUSTER,
    "SELECT 'information_schema.tables' AS x FROM t": Place.CLUSTER,
    "EXPLAIN ANALYZE SELECT a FROM t": Place.CLUSTER,
    "EXPLAIN SELECT a FROM t": Place.LOCAL,
    "EXPLAIN VERBOSE SELECT a FROM t": Place.LOCAL,
    "DESCRIBE t": Place.LOCAL,
    "SHOW TABLES": Place.LOCAL,
    "SHOW ALL": Place.LOCAL,
    "SHOW COLUMNS FROM t": Place.LOCAL,
    "SHOW FUNCTIONS": Place.LOCAL,
    "SHOW datafusion.execution.batch_size": Place.LOCAL,
    "SELECT * FROM information_schema.columns WHERE table_name = 't'": Place.LOCAL,
    "SELECT * FROM datafusion.information_schema.tables": Place.LOCAL,
    "SELECT * FROM catalog_view": Place.LOCAL,
    "SET datafusion.execution.batch_size = 4096": Place.LOCAL,
    "CREATE VIEW v1 AS SELECT a FROM t": Place.LOCAL,
    "CREATE TABLE empty_table (a INT)": Place.LOCAL,
    "DROP TABLE IF EXISTS nothing": Place.LOCAL,
    "INSERT INTO t VALUES (3, 'z')": Place.INSERT,
    "INSERT INTO t SELECT a, s FROM t": Place.INSERT,
    "INSERT OVERWRITE t SELECT a, s FROM t": Place.INSERT,
    "DELETE FROM t": Place.REFUSED,
    "UPDATE t SET a = 1": Place.REFUSED,
    "TRUNCATE TABLE t": Place.REFUSED,
    "COPY t TO 'out.csv'": Place.REFUSED,
    "COPY (SELECT a FROM t) TO 'out.parquet'": Place.REFUSED,
    "SELECT * FROM t, information_schema.tables": Place.REFUSED,
    "SELECT a FROM t WHERE EXISTS (SELECT 1 FROM information_schema.tables)": (
        Place.REFUSED
    ),
    "WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) "
    "SELECT * FROM r": Place.REFUSED,
}


@pytest.mark.parametrize("query", PLANS)
def test_plans(session, query):
    placement = place_plan(session.sql(query).logical_plan())
    assert placement.place is PLANS[query]
    assert bool(placement.reason) == (placement.place is Place.REFUSED)


@pytest.mark.parametrize(
    ("query", "reason"),
    [
        ("DELETE FROM t", "DELETE changes a table in place"),
        ("COPY t TO 'out.csv'", "COPY writes files.*collect the rows"),
        ("SELECT * FROM t, information_schema.tables", "both information_schema"),
    ],
)
def test_reasons(session, query, reason):
    assert re.search(reason, place_plan(session.sql(query).logical_plan()).reason)
