"""Springald, embedded or with worker processes.

What it does for a function is decided by the environment.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from datafusion import SessionConfig

from bench.contender import SqlContender
from bench.shapes import KINDS, Shape
from bench.table import partitions_of
from springald import BallistaSessionContext, udf


class Springald(SqlContender):
    _context: BallistaSessionContext | None = None

    def opened(self, config: SessionConfig) -> BallistaSessionContext:
        return BallistaSessionContext(config)

    def prepare(self, shape: Shape, parquet: Path) -> None:
        self.use(shape)
        config = SessionConfig().with_target_partitions(self.num_threads)
        self.close()
        self._context = self.opened(config.with_batch_size(8192))
        # The hints say that rows with a null are skipped; in Arrow mode there are none.
        function = udf(
            shape.arrow_function or shape.function,
            return_type=KINDS[shape.result],
            input_types=[KINDS[kind] for kind in shape.arguments],
            mode="arrow" if shape.is_arrow else "row",
            name="f",
        )
        self._context.register_udf(function)
        partitions = partitions_of(shape, pq.read_table(parquet), self.num_threads)
        self._context.register_record_batches("t", partitions)

    def column(self, sql: str) -> Sequence[Any]:
        assert self._context is not None
        batches = self._context.sql(sql).collect()
        return [value for batch in batches for value in batch.column(0).to_pylist()]

    def close(self) -> None:
        if self._context is not None:
            self._context.close()
            self._context = None


class SpringaldSidecar(Springald):
    """With a worker process for each thread."""

    def opened(self, config: SessionConfig) -> BallistaSessionContext:
        return BallistaSessionContext(
            config, udf_backend="sidecar", udf_workers=self.num_threads
        )
