"""The data and functions that most tests use: four years of weather in Seattle."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq

from springald import BallistaSessionContext, udf

ROWS = 1461


@dataclass(frozen=True)
class WeatherFiles:
    """The same rows as files of every format."""

    csv: Path
    parquet: Path  # a folder of four files
    json: Path

    @classmethod
    def write(cls, folder: Path) -> WeatherFiles:
        """Write the files to `folder`."""
        package = importlib.util.find_spec("vega_datasets")
        assert package is not None, "the tests need vega-datasets"
        assert package.origin is not None
        source = Path(package.origin).parent / "_data" / "seattle-weather.csv"
        (folder / "weather.csv").write_bytes(source.read_bytes())
        text = pa.csv.ConvertOptions(column_types={"date": pa.string()})
        table = pa.csv.read_csv(source, convert_options=text)
        assert table.num_rows == ROWS
        (folder / "parquet").mkdir()
        size = -(-ROWS // 4)
        for number in range(4):
            part = table.slice(number * size, size)
            pq.write_table(part, folder / "parquet" / f"part-{number}.parquet")
        lines = "".join(json.dumps(row) + "\n" for row in table.to_pylist())
        (folder / "weather.json").write_text(lines)
        return cls(folder / "weather.csv", folder / "parquet", folder / "weather.json")

    def register(self, context: BallistaSessionContext) -> None:
        """Register the tables `weather` (CSV), `parts` (Parquet) and `lines` (JSON)."""
        context.register_csv("weather", self.csv)
        context.register_parquet("parts", self.parquet)
        context.register_json("lines", self.json)


@udf
def fahrenheit(celsius: float) -> float:
    return celsius * 9.0 / 5.0 + 32.0


@udf(return_type=pa.float64(), input_types=[pa.float64()])
def half(column):
    return pc.divide(column, 2.0)


@udf
def decade(celsius: float) -> int:
    return round(celsius / 10) * 10


@udf
def month(day: str) -> int:
    return int(day.split("/")[1])


@udf
def windy(speed: float) -> bool:
    return speed > 6


@udf
def initial(word: str) -> str | None:
    return word[:1] if word != "fog" else None


FUNCTIONS = (fahrenheit, half, decade, month, windy, initial)


# A context on a cluster reads strings as `string`, not as `string_view`.
CLUSTER_SETTINGS = (
    "datafusion.execution.parquet.schema_force_view_types = false",
    "datafusion.sql_parser.map_string_types_to_utf8view = false",
)


class Both:
    """An embedded context and one on the cluster, with the same tables and functions."""

    def __init__(self, files: WeatherFiles, address: str) -> None:
        self.embedded = BallistaSessionContext()
        for setting in CLUSTER_SETTINGS:
            self.embedded.sql(f"SET {setting}")
        self.remote = BallistaSessionContext(address)
        for context in (self.embedded, self.remote):
            files.register(context)
            for function in FUNCTIONS:
                context.register_udf(function)

    def register_udf(self, function: Any, **options: Any) -> None:
        """Register a function in both."""
        for context in (self.embedded, self.remote):
            context.register_udf(function, **options)

    def same(self, sql: str, *, in_order: bool = False) -> list[dict[str, Any]]:
        """Run `sql` in both, check that they agree, and return the cluster's rows.

        Types must agree as well; the order only if `in_order`.
        """
        expected = self.embedded.sql(sql).to_arrow_table()
        table = self.remote.sql(sql).to_arrow_table()
        assert table.schema.names == expected.schema.names
        assert table.schema.types == expected.schema.types
        rows, expected_rows = table.to_pylist(), expected.to_pylist()
        if in_order:
            assert rows == expected_rows
        else:
            assert sorted(map(repr, rows)) == sorted(map(repr, expected_rows))
        return rows
