"""Who takes part beside those of `bench.contenders`."""

from __future__ import annotations

from bench.contenders import CONTENDERS, Entry, entries_of

__all__ = ["BARE_COLUMNS", "BARE_LISTS", "EMBEDDED", "SIDECAR", "two_process_entries"]

_CALLED = "given to the function, as None"
_SKIPPED = "skipped without a call"
_KNOWN = {entry.name: entry for entry in CONTENDERS}

BARE_LISTS = Entry("bare-lists", "bare processes, lists", "bare:Lists", _CALLED,
                   max_threads=2)  # fmt: skip
BARE_COLUMNS = Entry("bare-columns", "bare processes, columns", "bare:Columns", _CALLED,
                     max_threads=2)  # fmt: skip
EMBEDDED = _KNOWN["springald"]
SIDECAR = Entry("springald-sidecar", "Springald, 2 workers", "springald:SpringaldSidecar",
                _SKIPPED, max_threads=2)  # fmt: skip
_DAFT = _KNOWN["daft"]
_DAFT_PROCESSES = Entry("daft-processes", "Daft, use_process", "daft:DaftProcesses",
                        _CALLED, _DAFT.peer, max_threads=2,
                        environment=_DAFT.environment)  # fmt: skip


def two_process_entries(names: str | None) -> tuple[Entry, ...]:
    """Return who runs functions in two processes, and Springald embedded beside them.

    `names` chooses peers as in `bench.contenders.entries_of`, which see.
    """
    chosen = {entry.peer for entry in entries_of(names)}
    peers = (_KNOWN["pyspark-arrow"], _DAFT_PROCESSES)
    return (EMBEDDED, SIDECAR, *(peer for peer in peers if peer.peer in chosen))
