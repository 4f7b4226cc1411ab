"""DuckDB's native Python functions; a null argument gives a null without a call."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb

from bench.contender import SqlContender, Unsupported
from bench.shapes import Shape

_TYPES = {
    "float": "DOUBLE",
    "int": "BIGINT",
    "bool": "BOOLEAN",
    "string": "VARCHAR",
    "timestamp": "TIMESTAMP",
}


class DuckDB(SqlContender):
    def prepare(self, shape: Shape, parquet: Path) -> None:
        if shape.is_arrow:
            raise Unsupported("only row functions are compared")
        self.use(shape)
        self._connection = duckdb.connect(config={"threads": self.num_threads})
        types: list[Any] = [_TYPES[kind] for kind in shape.arguments]
        self._connection.create_function("f", shape.function, types, _TYPES[shape.result])
        self._connection.execute(
            "CREATE TABLE t AS SELECT * FROM read_parquet(?)", [str(parquet)]
        )

    def column(self, sql: str) -> Sequence[Any]:
        return [row[0] for row in self._connection.execute(sql).fetchall()]
