"""Who takes part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

__all__ = ["CONTENDERS", "YARDSTICK", "Entry", "entries_of"]


@dataclass(frozen=True)
class Entry:
    """A contender: how it is started, and how it is named in tables.

    `peer` is the environment that its packages are in; without one it runs in the
    project's own. In `environment`, `{threads}` stands for the number of threads.
    """

    name: str
    label: str
    class_path: str  # "module:Class"
    nulls: str  # what it does with them
    peer: str | None = None
    needs_java: bool = False
    max_threads: int = 1
    environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_ours(self) -> bool:
        return self.name.startswith("springald")


YARDSTICK = "comprehension"
_SKIPPED = "skipped without a call"
_CALLED = "given to the function, as None"
_COMPREHENDED = "skipped by a condition in the comprehension"

CONTENDERS = (
    Entry(YARDSTICK, "CPython comprehension", "comprehension:Comprehension",
          _COMPREHENDED),
    Entry("springald-call", "Springald, a call per row", "springald:Springald", _SKIPPED,
          environment={"SPRINGALD_INLINE": "0", "SPRINGALD_DISTINCT": "0"}),
    Entry("springald-inlined", "Springald, inlined", "springald:Springald", _SKIPPED,
          environment={"SPRINGALD_DISTINCT": "0"}),
    Entry("springald", "Springald, as shipped", "springald:Springald", _SKIPPED,
          max_threads=2),
    Entry("pickled-rows", "rows pickled to a process", "pickled_rows:PickledRows",
          _COMPREHENDED),
    Entry("datafusion", "datafusion.udf, to_pylist", "datafusion:DataFusion",
          _COMPREHENDED, max_threads=2),
    Entry("duckdb", "DuckDB, native", "duckdb:DuckDB", _SKIPPED, "duckdb",
          max_threads=2),
    Entry("polars", "Polars, map_elements", "polars:Polars",
          f"{_SKIPPED}, but None in the struct of two columns", "polars",
          environment={"POLARS_MAX_THREADS": "{threads}"}),
    Entry("daft", "Daft, @daft.func", "daft:Daft", _CALLED, "daft",
          environment={"DAFT_PROGRESS_BAR": "0", "DAFT_ANALYTICS_ENABLED": "0"}),
    Entry("arrow-udf", "arrow-udf, server", "arrow_udf:ArrowUdf", _CALLED, "arrow_udf"),
    Entry("pyspark-arrow", "PySpark, Arrow", "pyspark:PySparkArrow", _CALLED, "pyspark",
          needs_java=True, max_threads=2),
    Entry("pyspark-pickled", "PySpark, pickled", "pyspark:PySparkPickled", _CALLED,
          "pyspark", needs_java=True, max_threads=2),
    Entry("sail", "Sail", "sail:Sail", _CALLED, "sail", max_threads=2,
          environment={"SAIL_EXECUTION__DEFAULT_PARALLELISM": "{threads}"}),
)  # fmt: skip


def entries_of(names: str | None) -> tuple[Entry, ...]:
    """Return all contenders, or those whose name or peer is in a comma-separated list.

    The comprehension and Springald always take part. Raises ValueError for a name that
    means nobody.
    """
    if names is None:
        return CONTENDERS
    wanted = {name.strip() for name in names.split(",") if name.strip()}
    known = {entry.name for entry in CONTENDERS} | {
        entry.peer for entry in CONTENDERS if entry.peer
    }
    if unknown := wanted - known:
        raise ValueError(
            f"There is no contender {', '.join(sorted(unknown))}; there are: "
            + ", ".join(sorted(known))
        )
    return tuple(
        entry
        for entry in CONTENDERS
        if entry.name == YARDSTICK
        or entry.is_ours
        or entry.name in wanted
        or entry.peer in wanted
    )
