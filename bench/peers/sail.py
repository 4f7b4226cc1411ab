"""Sail: its Spark Connect server in this process, where it runs the functions too.

Its tables are files: both the query and the scan that is taken off read Parquet.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
from pysail.spark import SparkConnectServer
from pyspark.sql import SparkSession

from bench.contender import Unsupported
from bench.peers.spark_sql import SparkSql
from bench.shapes import Shape


class Sail(SparkSql):
    def __init__(self, num_threads: int) -> None:
        super().__init__(num_threads)
        self._server = SparkConnectServer()
        self._server.start(background=True)
        _, port = self._server.listening_address
        self._spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()

    def prepare(self, shape: Shape, parquet: Path) -> None:
        if shape.is_arrow:
            raise Unsupported("only row functions are compared")
        frame = self._spark.read.parquet(str(parquet))
        self.define(shape, pq.read_table(parquet), frame, use_arrow=False)

    def close(self) -> None:
        self._spark.stop()
        self._server.stop()
