"""Python functions in SQL, on four years of weather in Seattle.

usage: weather.py [df://HOST:PORT]

Runs in this process, or on the Ballista cluster whose address is given; needs springald
and the data of the package vega-datasets. The function at the top gets whole Arrow
columns, because its types are explicit; the others get one Python value per row, because
their hints are Python types.
"""

import contextlib
import importlib.util
import sys
from datetime import date, datetime
from pathlib import Path

import pyarrow as pa
from datafusion import col, lit
from datafusion import functions as f

from springald import BallistaSessionContext, UdfExecutionError, udf


@udf(return_type=pa.float64(), input_types=[pa.float64()])
def celsius_to_fahrenheit(celsius):
    return celsius * 9.0 / 5.0 + 32.0


@udf
def parse_date(text: str) -> date | None:
    """'2012/01/31' -> date(2012, 1, 31); None for text that is no date."""
    try:
        return datetime.strptime(text, "%Y/%m/%d").date()
    except ValueError:
        return None


@udf
def parse_time(text: str) -> datetime:
    return datetime.strptime(text, "%Y/%m/%d %H:%M")


@udf
def season(day: date) -> str:
    return ("winter", "spring", "summer", "autumn")[day.month % 12 // 3]


@udf
def is_holiday(day: date) -> bool:
    return (day.month, day.day) in {(1, 1), (7, 4), (12, 25)}


@udf
def describe(weather: str, wind: float, rain: float | None) -> str:
    """Several arguments; `rain` may be None, the others skip rows where they are."""
    words = [weather.upper() if wind > 8 else weather]
    if rain is None or rain == 0:
        words.append("dry")
    elif rain > 20:
        words.append("soaking")
    return ", ".join(words)


@udf
def round_to(value: float, step: int) -> int:
    return round(value / step) * step


@udf
def month_key(day: date) -> int:
    return day.year * 100 + day.month


def data_folder() -> Path:
    """Return the folder with the files of vega-datasets, without importing it."""
    package = importlib.util.find_spec("vega_datasets")
    if package is None or package.origin is None:
        raise SystemExit("The data is missing: pip install vega-datasets")
    return Path(package.origin).parent / "_data"


def show(title: str, df) -> None:
    print(f"\n{title}")
    df.show()


def main() -> None:
    print("Arrow mode: a column in, a column out")
    ctx = BallistaSessionContext(*sys.argv[1:])  # no address: embedded
    ctx.register_udf(celsius_to_fahrenheit)
    ctx.register_csv("weather", "seattle-weather.csv")
    ctx.sql("SELECT date, celsius_to_fahrenheit(temp_max) FROM weather").show()

    ctx.register_csv("temps", "seattle-temps.csv")
    for function in (parse_date, parse_time, season, is_holiday, describe, round_to):
        ctx.register_udf(function)
    ctx.register_udf(month_key)
    show(
        "SELECT and WHERE: strings, dates, several arguments",
        ctx.sql(
            "SELECT date, describe(weather, wind, precipitation) AS description "
            "FROM weather WHERE is_holiday(parse_date(date)) ORDER BY date LIMIT 6"
        ),
    )
    show(
        "GROUP BY, HAVING and ORDER BY",
        ctx.sql(
            "SELECT season(parse_date(date)) AS season, count(*) AS days, "
            "round(avg(celsius_to_fahrenheit(temp_max)), 1) AS fahrenheit FROM weather "
            "GROUP BY season(parse_date(date)) "
            "HAVING round_to(avg(temp_max), 1) > 9 "
            "ORDER BY round_to(avg(temp_max), 1) DESC"
        ),
    )
    show(
        "A JOIN on computed keys: the hottest hours and the rain of their month in 2012",
        ctx.sql(
            "SELECT t.date, t.temp, w.rain FROM temps t JOIN ("
            "  SELECT month_key(parse_date(date)) % 100 AS month,"
            "         round(sum(precipitation), 1) AS rain FROM weather"
            "  WHERE month_key(parse_date(date)) < 201301"
            "  GROUP BY month_key(parse_date(date)) % 100"
            ") w ON month_key(CAST(parse_time(t.date) AS DATE)) % 100 = w.month "
            "ORDER BY t.temp DESC, t.date LIMIT 5"
        ),
    )
    weather = ctx.table("weather")
    show(
        "The same functions in the DataFrame API, nested",
        weather.with_column("day", parse_date(col("date")))
        .filter(season(col("day")) == lit("summer"))
        .aggregate(
            [round_to(celsius_to_fahrenheit(col("temp_max")), 10).alias("fahrenheit")],
            [f.count(col("date")).alias("days")],
        )
        .sort(col("fahrenheit")),
    )
    print("\nAn error names the function, the row and its values:")
    try:
        ctx.sql("SELECT parse_time(weather) FROM weather").collect()
    except UdfExecutionError as error:
        print(f"{error.udf_name}: {error.exception_type}: {error.exception_message}")
        print(f"arguments of row {error.row}: {error.arguments}")


if __name__ == "__main__":
    with contextlib.chdir(data_folder()):
        main()
