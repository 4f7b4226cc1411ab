"""The fork server of worker processes: ``python -m springald.worker``.

A runtime starts it with a socket as descriptor 3 and asks it for workers, which are forks
of it: so what is imported here, all of them have and share. Nobody else has a use for it.
"""

from __future__ import annotations

import contextlib
import ctypes
import faulthandler
import gc
import importlib
import io
import os
import signal
import sys

__all__ = ["main"]

_CONTROL_FD = 3
_PR_SET_NAME = 15
_PR_SET_PDEATHSIG = 1


def main() -> int:
    """Serve until the owner closes the socket, and return the exit status."""
    owner = int(os.environ.pop("SPRINGALD_WORKER_OWNER", "0"))
    if owner == 0:
        print(
            "springald.worker is started by springald itself, for udf_backend='sidecar'",
            file=sys.stderr,
        )
        return 2
    _end_with(owner)
    os.set_inheritable(_CONTROL_FD, False)
    preload = os.environ.pop("SPRINGALD_WORKER_PRELOAD", "")
    _restore_search_path()
    _import_what_workers_need([name for name in preload.split(",") if name])
    _prepare_streams()
    os.register_at_fork(after_in_child=_seed)
    from springald import _springald

    # What is there now stays as it is: workers then share it for longer.
    gc.collect()
    gc.freeze()
    _springald.serve_workers(_CONTROL_FD)
    return 0


def _end_with(owner: int) -> None:
    """Have the kernel tell this process when its owner ends, however that happens.

    SIGTERM, and not SIGKILL: what workers have started is to be ended too. The socket
    tells it as well, but for forks of the owner that hold it open.
    """
    libc = ctypes.CDLL(None, use_errno=True)
    libc.prctl(_PR_SET_NAME, b"springald-forks", 0, 0, 0)
    libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != owner:  # it ended before
        os._exit(1)


def _restore_search_path() -> None:
    """Give programs that functions start the environment that the owner has."""
    original = os.environ.pop("SPRINGALD_WORKER_PYTHONPATH", None)
    if original is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = original


def _import_what_workers_need(modules: list[str]) -> None:
    for name in (
        "cloudpickle",
        "pyarrow.compute",
        "springald.async_rows",
        "springald.distinct",
        "springald.inlining",
    ):
        importlib.import_module(name)
    for name in modules:
        # The functions that need one that is missing say so when they are loaded.
        with contextlib.suppress(ModuleNotFoundError):
            importlib.import_module(name)


def _prepare_streams() -> None:
    """Let lines arrive when they are written, and say where a worker is that crashes."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")
    faulthandler.enable(file=2)
    # The owner sends it to a worker that is out of time.
    faulthandler.register(signal.SIGUSR1, file=2, all_threads=True, chain=False)


def _seed() -> None:
    """Give a worker random numbers of its own: NumPy's would be the same in all."""
    random = sys.modules.get("numpy.random")
    if random is not None:
        random.seed()


if __name__ == "__main__":
    sys.exit(main())
