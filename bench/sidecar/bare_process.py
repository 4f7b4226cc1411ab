"""A process that takes a batch and gives it back, with nothing around that.

usage: python -m bench.sidecar.bare_process SOCKET MEMORY NUM_BYTES

What no design with two processes, shared memory and a copy out of it goes below: the
batch is copied in, copied once by the other process, and copied out; a byte on a socket
says when. The numbers are descriptors, and the bytes of one of the two halves of MEMORY.
"""

from __future__ import annotations

import mmap
import os
import socket
import subprocess
import sys
from types import TracebackType

import pyarrow as pa

from bench.environments import ROOT

__all__ = ["BareProcess"]


class BareProcess:
    """Such a process for columns of `num_bytes` bytes; leaving it ends it."""

    def __init__(self, num_bytes: int) -> None:
        """Starts the process."""
        self._num_bytes = num_bytes
        memory = os.memfd_create("bench-bare")
        os.ftruncate(memory, 2 * num_bytes)
        self._shared = memoryview(mmap.mmap(memory, 2 * num_bytes))
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        numbers = (theirs.fileno(), memory)
        self._process = subprocess.Popen(
            [sys.executable, "-m", __name__, *map(str, (*numbers, num_bytes))],
            cwd=ROOT,
            pass_fds=numbers,
        )
        theirs.close()
        os.close(memory)

    @property
    def pid(self) -> int:
        return self._process.pid

    def returned(self, column: pa.Array) -> pa.Array:
        """Return a column of numbers without nulls as it comes back."""
        self._shared[: self._num_bytes] = memoryview(column.buffers()[1]).cast("B")
        self._socket.send(b"b")
        self._socket.recv(1)
        copy = pa.py_buffer(bytes(self._shared[self._num_bytes :]))
        return pa.Array.from_buffers(column.type, len(column), [None, copy])

    def __enter__(self) -> BareProcess:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._socket.close()
        self._process.wait()


def main() -> None:
    number, memory, num_bytes = map(int, sys.argv[1:])
    shared = memoryview(mmap.mmap(memory, 2 * num_bytes))
    with socket.socket(fileno=number) as ours:
        while ours.recv(1):
            shared[num_bytes:] = shared[:num_bytes]
            ours.send(b"b")


if __name__ == "__main__":
    main()
