"""Rows pickled to a worker process and back: what functions cost that are sent so.

The worker gets the function once, by cloudpickle, and then batch by batch lists of values
over a pipe. The engine around it is DataFusion, with columns made lists as in its own
case.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import IO, Any

import cloudpickle
import pyarrow as pa

from bench.contender import Unsupported
from bench.peers.datafusion import DataFusion, OverColumns
from bench.shapes import KINDS, Shape


class PickledRows(DataFusion):
    _worker: subprocess.Popen[bytes] | None = None

    def over_columns(self, shape: Shape) -> Callable[..., pa.Array]:
        if self.num_threads != 1:
            raise Unsupported("it has one worker")
        self.close()
        self._worker = subprocess.Popen(
            [sys.executable, "-m", "bench.peers.pickled_rows"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        return InWorker(self._worker, shape.function, KINDS[shape.result])

    def close(self) -> None:
        if self._worker is not None:
            self._worker.communicate()  # the end of its input ends it
            self._worker = None


class InWorker(OverColumns):
    def __init__(
        self,
        worker: subprocess.Popen[bytes],
        function: Callable[..., Any],
        type: pa.DataType,
    ) -> None:
        super().__init__(function, type)
        assert worker.stdin is not None
        assert worker.stdout is not None
        self._requests, self._replies = worker.stdin, worker.stdout
        self._requests.write(cloudpickle.dumps(function))
        self._requests.flush()

    def called(self, lists: list[list[Any]], has_nulls: bool) -> list[Any]:
        pickle.dump((lists, has_nulls), self._requests, pickle.HIGHEST_PROTOCOL)
        self._requests.flush()
        results: list[Any] = pickle.load(self._replies)
        return results


def work(requests: IO[bytes], replies: IO[bytes]) -> None:
    """Answer batches with their results until there are no more."""
    inner = OverColumns(pickle.load(requests), pa.null())
    while True:
        try:
            lists, has_nulls = pickle.load(requests)
        except EOFError:
            return
        results = inner.called(lists, has_nulls)
        pickle.dump(results, replies, pickle.HIGHEST_PROTOCOL)
        replies.flush()


if __name__ == "__main__":
    work(sys.stdin.buffer, sys.stdout.buffer)
