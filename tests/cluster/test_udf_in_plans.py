"""A function may stand wherever SQL has an expression."""

from __future__ import annotations

import functools
import operator

import pyarrow as pa
import pytest
from datafusion import col
from datafusion import functions as f

from springald import BallistaSessionContext, udf

from .weather import ROWS, Both

SETS = {
    "order by": "SELECT date FROM weather ORDER BY fahrenheit(temp_max), date",
    "order by, limit": "SELECT date FROM weather "
    "ORDER BY fahrenheit(temp_max) DESC, date LIMIT 7",
    "order by of what is selected": "SELECT date, fahrenheit(temp_max) AS f "
    "FROM parts ORDER BY f, date",
    "order by, nested": "SELECT date FROM parts "
    "ORDER BY decade(half(temp_max)), month(date), date LIMIT 50",
    "order by, nulls": "SELECT date FROM parts "
    "ORDER BY initial(weather) NULLS FIRST, date LIMIT 50",
    "order by of groups": "SELECT month(date) AS m, avg(wind) > 3 AS w FROM parts "
    "GROUP BY month(date) ORDER BY month(date) % 5, m",
    "window order": "SELECT date, rank() OVER "
    "(ORDER BY fahrenheit(temp_max)) AS r FROM parts ORDER BY r, date",
}


@pytest.mark.parametrize("query", SETS.values(), ids=list(SETS))
def test_in_an_order(both: Both, query: str) -> None:
    assert both.same(query, in_order=True)


PLACES = {
    "partition by": "SELECT date, row_number() OVER "
    "(PARTITION BY decade(temp_max) ORDER BY date) AS n FROM parts",
    "partition and order": "SELECT date, row_number() OVER (PARTITION BY "
    "month(date) ORDER BY fahrenheit(temp_max), date) AS n FROM weather",
    "window argument": "SELECT date, sum(half(wind)) OVER "
    "(PARTITION BY month(date) ORDER BY date ROWS 3 PRECEDING) AS s FROM weather",
    "window frame of aggregates": "SELECT month(date) AS m, "
    "sum(count(*)) OVER (ORDER BY month(date)) AS c FROM parts GROUP BY month(date)",
    "two windows": "SELECT date, rank() OVER (ORDER BY decade(temp_max)) AS a, "
    "rank() OVER (ORDER BY month(date)) AS b FROM parts",
    "where": "SELECT date FROM parts WHERE fahrenheit(temp_max) > 80 AND windy(wind)",
    "group by": "SELECT month(date) AS m, decade(temp_max) AS d, count(*) AS c "
    "FROM parts GROUP BY month(date), decade(temp_max)",
    "having": "SELECT weather, count(*) AS c FROM parts GROUP BY weather "
    "HAVING fahrenheit(avg(temp_max)) > 50",
    "distinct": "SELECT DISTINCT decade(temp_max) AS d FROM parts",
    "distinct on": "SELECT DISTINCT ON (month(date)) month(date) AS m FROM parts",
    "count distinct": "SELECT count(DISTINCT month(date)) AS c FROM parts",
    "join on": "SELECT count(*) AS c FROM parts a JOIN lines b "
    "ON decade(a.temp_max) = decade(b.temp_min) AND month(a.date) = month(b.date)",
    "join filter": "SELECT count(*) AS c FROM parts a JOIN lines b ON a.date = b.date "
    "AND fahrenheit(a.temp_max) > fahrenheit(b.temp_min) + 20",
    "left join": "SELECT count(b.date) AS c FROM parts a LEFT JOIN weather b "
    "ON fahrenheit(a.temp_max) = b.temp_max",
    "correlated subquery": "SELECT date FROM parts a WHERE temp_max > "
    "(SELECT avg(fahrenheit(temp_min)) / 2 FROM lines b "
    " WHERE b.weather = a.weather AND windy(b.wind))",
    "subquery in select": "SELECT date, (SELECT max(half(wind)) FROM lines b "
    "WHERE b.weather = a.weather) AS m FROM parts a",
    "exists": "SELECT count(*) AS c FROM parts a WHERE EXISTS "
    "(SELECT 1 FROM lines b WHERE b.date = a.date AND windy(b.wind))",
    "in subquery": "SELECT count(*) AS c FROM parts WHERE month(date) IN "
    "(SELECT month(date) FROM lines WHERE decade(temp_max) >= 30)",
    "union": "SELECT month(date) AS m FROM parts UNION SELECT decade(wind) FROM lines",
    "aggregate filter": "SELECT sum(decade(wind)) FILTER (WHERE windy(wind)) AS s "
    "FROM parts",
    "nested calls": "SELECT fahrenheit(half(fahrenheit(temp_max))) AS f FROM parts",
    "inside expressions": "SELECT -decade(temp_max) * 2 + month(date) AS e, "
    "month(date) BETWEEN 3 AND 5 AS spring, decade(wind) IS NULL AS n, "
    "coalesce(initial(weather), '?') AS i FROM parts",
    "cte twice": "WITH m AS (SELECT month(date) AS m, wind FROM parts) "
    "SELECT count(*) AS c FROM m a JOIN m b ON a.m = b.m + 6",
    "values": "SELECT * FROM (VALUES (fahrenheit(0.0), 1), (fahrenheit(100.0), 2)) v",
    "values of columns": "VALUES (fahrenheit(1.0), month('2024/05/06')), (2.0, 3)",
    "constant": "SELECT fahrenheit(100.0) AS f, month('2024/05/06') AS m",
    "constant filter": "SELECT count(*) AS c FROM parts WHERE fahrenheit(0.0) > 30",
    "constant null": "SELECT fahrenheit(NULL) AS f",
    "limit": "SELECT count(*) AS c FROM (SELECT fahrenheit(wind) FROM parts LIMIT 10)",
}


@pytest.mark.parametrize("query", PLACES.values(), ids=list(PLACES))
def test_in_every_place(both: Both, query: str) -> None:
    assert both.same(query)


def test_constants_run_on_executors(ctx: BallistaSessionContext) -> None:
    @udf
    def where_am_i(text: str) -> int:
        import os

        return os.getpid()

    import os

    ctx.register_udf(where_am_i)
    for query in ("SELECT where_am_i('x') AS p", "SELECT * FROM (VALUES "
                  "(where_am_i('x'))) v(p)"):  # fmt: skip
        (row,) = ctx.sql(query).to_pylist()
        assert row["p"] != os.getpid()


def test_many_uses_of_one_function_in_one_plan(both: Both) -> None:
    calls = ", ".join(f"fahrenheit(wind + {n}) AS f{n}" for n in range(60))
    (row, *_) = both.same(f"SELECT {calls} FROM parts")
    assert len(row) == 60


def test_many_functions_in_one_plan(both: Both) -> None:
    for number in range(40):
        both.register_udf(
            functools.partial(operator.add, float(number)),
            name=f"plus_{number}",
            mode="row",
            input_types=[pa.float64()],
            return_type=pa.float64(),
        )
    calls = ", ".join(f"plus_{n}(wind) AS f{n}" for n in range(40))
    assert len(both.same(f"SELECT {calls} FROM parts")) == ROWS


@pytest.mark.parametrize(
    ("name", "column"),
    [("decade", "temp_max"), ("month", "date"), ("initial", "weather")],
)
def test_repartitioned_by_a_function(both: Both, name: str, column: str) -> None:
    results = [
        context.table("parts")
        .repartition_by_hash(context.udf(name)(col(column)), num=3)
        .aggregate([col("weather")], [f.count(col("date")).alias("c")])
        .sort("weather")
        .to_pylist()
        for context in (both.embedded, both.remote)
    ]
    assert results[0] == results[1]
    assert sum(row["c"] for row in results[0]) == ROWS


def test_names_with_capitals_and_quotes(both: Both) -> None:
    for name in ("Celsius", 'a "quoted" name', "größe"):
        both.register_udf(udf(lambda x: -x, [pa.float64()], pa.float64(), name=name,
                              mode="row"))  # fmt: skip
        quoted = name.replace('"', '""')
        both.same(f'SELECT "{quoted}"(wind) AS r FROM parts ORDER BY "{quoted}"(wind)')


def test_the_types_of_constants_are_coerced(both: Both) -> None:
    assert both.same("SELECT fahrenheit(1) AS a, fahrenheit(CAST(2 AS SMALLINT)) AS b")
    for context in (both.embedded, both.remote):
        with pytest.raises(Exception, match=r"(?i)fahrenheit"):
            context.sql("SELECT fahrenheit(1, 2) FROM parts").collect()
