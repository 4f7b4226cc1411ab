"""PySpark on `local[threads]`: rows to its workers as Arrow batches, or pickled."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from bench.contender import Unsupported
from bench.peers.spark_sql import SparkSql
from bench.shapes import Shape


class PySpark(SparkSql):
    use_arrow: bool
    _frame: DataFrame | None = None

    def __init__(self, num_threads: int) -> None:
        super().__init__(num_threads)
        os.environ["PYSPARK_PYTHON"] = sys.executable
        self._spark = (
            SparkSession.builder.master(f"local[{num_threads}]")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.sql.shuffle.partitions", str(num_threads))
            .getOrCreate()
        )

    def prepare(self, shape: Shape, parquet: Path) -> None:
        if shape.is_arrow:
            raise Unsupported("only row functions are compared")
        if self._frame is not None:
            self._frame.unpersist()
        read = self._spark.read.parquet(str(parquet))
        self._frame = read.repartition(self.num_threads).cache()
        self._frame.count()
        self.define(shape, pq.read_table(parquet), self._frame, self.use_arrow)

    def close(self) -> None:
        self._spark.stop()


class PySparkArrow(PySpark):
    use_arrow = True


class PySparkPickled(PySpark):
    use_arrow = False
