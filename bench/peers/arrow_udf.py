"""arrow-udf: a server of its own, called over Flight; called with None for a null.

One stream carries all batches of a query, which costs less than a stream for each.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.flight as flight
import pyarrow.parquet as pq
from arrow_udf import UdfServer, udf

from bench.contender import Contender, Unsupported
from bench.shapes import KINDS, Shape, shape_of
from bench.table import function_for_nones

_BATCH_ROWS = 8192


class ArrowUdf(Contender):
    _server: subprocess.Popen[str] | None = None

    def prepare(self, shape: Shape, parquet: Path) -> None:
        if shape.is_arrow:
            raise Unsupported("only row functions are compared")
        self.close()
        self._shape = shape
        table = pq.read_table(parquet)
        self._table = table
        self._batches = table.combine_chunks().to_batches(max_chunksize=_BATCH_ROWS)
        with_nones = function_for_nones(shape, table) is shape.or_none
        self._server = subprocess.Popen(
            [sys.executable, "-m", "bench.peers.arrow_udf", shape.name, str(with_nones)],
            stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._server.stdout is not None
        for line in self._server.stdout:
            if line.startswith("port "):
                self._client = flight.connect(f"grpc://127.0.0.1:{int(line.split()[1])}")
                return
        raise RuntimeError("The server of arrow-udf ended before it had a port")

    def _called(self) -> Iterator[pa.RecordBatch]:
        descriptor = flight.FlightDescriptor.for_path("f")
        writer, reader = self._client.do_exchange(descriptor)
        with writer:
            writer.begin(self._table.schema)
            for batch in self._batches:
                writer.write_batch(batch)
                yield reader.read_chunk().data
            writer.done_writing()

    def scan(self) -> object:
        return [
            aggregate(column, kind)
            for column, kind in zip(
                self._table.columns, self._shape.arguments, strict=True
            )
        ]

    def query(self) -> Any:
        results = pa.chunked_array([batch.column(0) for batch in self._called()])
        return aggregate(results, self._shape.result)

    def results(self) -> Sequence[Any]:
        return [
            value for batch in self._called() for value in batch.column(0).to_pylist()
        ]

    def close(self) -> None:
        if self._server is not None:
            self._client.close()
            self._server.communicate()  # the end of its input ends it
            self._server = None


def aggregate(column: pa.ChunkedArray, kind: str) -> Any:
    is_number = kind in ("float", "int", "bool")
    return (pc.sum(column) if is_number else pc.max(column)).as_py()


def serve(shape: Shape, with_nones: bool) -> None:
    """Serve the shape's function until standard input ends."""
    server = UdfServer(location="127.0.0.1:0")
    function = udf(
        input_types=[KINDS[kind] for kind in shape.arguments],
        result_type=KINDS[shape.result],
        name="f",
    )(shape.or_none if with_nones else shape.function)
    server.add_function(function)
    print(f"port {server.port}", flush=True)
    sys.stdin.read()
    server.shutdown()


if __name__ == "__main__":
    serve(shape_of(sys.argv[1]), sys.argv[2] == "True")
