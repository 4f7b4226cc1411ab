"""What PySpark and Sail share: the types, and a session's SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.functions import udf
from pyspark.sql.types import (
    BooleanType,
    DoubleType,
    LongType,
    StringType,
    TimestampNTZType,
)

from bench.contender import SqlContender
from bench.shapes import Shape
from bench.table import function_for_nones

_TYPES = {
    "float": DoubleType(),
    "int": LongType(),
    "bool": BooleanType(),
    "string": StringType(),
    "timestamp": TimestampNTZType(),
}


class SparkSql(SqlContender):
    """A contender with a session. Functions are called with None for a null."""

    _spark: SparkSession

    def define(self, shape: Shape, table: Any, frame: DataFrame, use_arrow: bool) -> None:
        self.use(shape)
        function = udf(
            function_for_nones(shape, table),
            returnType=_TYPES[shape.result],
            useArrow=use_arrow,
        )
        self._spark.udf.register("f", function)
        frame.createOrReplaceTempView("t")

    def column(self, sql: str) -> Sequence[Any]:
        return [row[0] for row in self._spark.sql(sql).collect()]
