"""Whatever asks for rows asks the executors: nothing runs in the client instead."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import pyarrow as pa
import pytest
from datafusion import col

from springald import BallistaSessionContext, DataFrame, RecordBatchStream, udf

from .processes import Cluster
from .weather import ROWS, WeatherFiles

# A sort and an aggregate, so that every method needs all rows, also one that shows few.
QUERY = (
    "SELECT weather, count(*) AS days, round(sum(counted(temp_max))) AS total "
    "FROM parts GROUP BY weather ORDER BY weather"
)


def tabular(batches: Any) -> list[dict[str, Any]]:
    arrow = [b if isinstance(b, pa.RecordBatch) else b.to_pyarrow() for b in batches]
    return [row for batch in arrow for row in batch.to_pylist()]


async def read_asynchronously(frame: DataFrame) -> list[dict[str, Any]]:
    return tabular([batch async for batch in frame])


def read_step_by_step(frame: DataFrame) -> list[dict[str, Any]]:
    stream = frame.execute_stream()
    assert isinstance(stream, RecordBatchStream)
    first = stream.next()
    return tabular([first, *stream])


ROWS_OF: dict[str, Callable[[DataFrame], list[dict[str, Any]]]] = {
    "collect": lambda df: tabular(df.collect()),
    "collect_partitioned": lambda df: tabular(
        batch for partition in df.collect_partitioned() for batch in partition
    ),
    "to_pandas": lambda df: df.to_pandas().to_dict("records"),
    "to_arrow_table": lambda df: df.to_arrow_table().to_pylist(),
    "to_pylist": lambda df: df.to_pylist(),
    "to_pydict": lambda df: pa.table(df.to_pydict()).to_pylist(),
    "execute_stream": lambda df: tabular(df.execute_stream()),
    "stream.next": read_step_by_step,
    "execute_stream_partitioned": lambda df: tabular(
        batch for stream in df.execute_stream_partitioned() for batch in stream
    ),
    "iteration": tabular,
    "asynchronous iteration": lambda df: asyncio.run(read_asynchronously(df)),
    "arrow stream": lambda df: pa.table(df).to_pylist(),
    "record batch reader": lambda df: (
        pa.RecordBatchReader.from_stream(df).read_all().to_pylist()
    ),
    "cache": lambda df: df.cache().to_pylist(),
    "head": lambda df: df.head(100).to_pylist(),
    "tail": lambda df: df.tail(100).to_pylist(),
}


def rounded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Sums of floats depend on the order of the rows, which a cluster does not keep."""
    return [
        {key: round(x, 6) if isinstance(x, float) else x for key, x in row.items()}
        for row in rows
    ]


VALUES_OF: dict[str, Callable[[DataFrame], Any]] = {
    "count": lambda df: df.filter(col("total") > 0).count(),
    "collect_column": lambda df: pa.chunked_array([df.collect_column("total")]),
    "repr": repr,
    "_repr_html_": lambda df: re.sub(r"\s|id=\S+|\d{6,}", "", df._repr_html_()),
    "describe": lambda df: rounded(df.describe().to_pylist()),
}


class Watched:
    """The query embedded and on the cluster, and who puts rows through its function."""

    def __init__(self, cluster: Cluster, files: WeatherFiles) -> None:
        @udf
        def counted(celsius: float) -> float:
            return celsius + 1

        self.function = counted
        self.contexts = []
        for address in (None, cluster.address):
            context = BallistaSessionContext(address)
            files.register(context)
            context.register_udf(counted)
            self.contexts.append(context)
        self.embedded, self.remote = (context.sql(QUERY) for context in self.contexts)

    def remote_rows(self) -> int:
        return self.contexts[1].udf_metrics()["counted"].rows

    def run(self, method: Callable[[DataFrame], Any]) -> Any:
        """Run a method on the cluster; check that all rows passed through executors."""
        here, there = self.function.metrics().rows, self.remote_rows()
        result = method(self.remote)
        assert self.function.metrics().rows == here, "nothing runs in the client"
        passed = self.remote_rows() - there
        assert passed >= ROWS
        assert passed % ROWS == 0
        return result


@pytest.fixture
def watched(cluster: Cluster, files: WeatherFiles) -> Watched:
    return Watched(cluster, files)


@pytest.mark.parametrize("name", ROWS_OF)
def test_rows_come_from_executors(watched: Watched, name: str) -> None:
    method = ROWS_OF[name]
    rows = watched.run(method)
    assert rows == method(watched.embedded)
    assert sum(row["days"] for row in rows) == ROWS


@pytest.mark.parametrize("name", VALUES_OF)
def test_values_come_from_executors(watched: Watched, name: str) -> None:
    method = VALUES_OF[name]
    assert watched.run(method) == method(watched.embedded)


def test_polars(watched: Watched) -> None:
    rows = watched.run(lambda df: df.to_polars().to_dicts())
    assert rows == watched.embedded.to_polars().to_dicts()


def test_show_prints_what_it_prints_embedded(
    watched: Watched, capfd: pytest.CaptureFixture[str]
) -> None:
    watched.run(lambda df: df.show())
    remote = capfd.readouterr().out
    watched.embedded.show()
    assert remote == capfd.readouterr().out
    assert "| drizzle" in remote


def test_explain_analyze_shows_the_rows_of_all_stages(
    watched: Watched, capfd: pytest.CaptureFixture[str]
) -> None:
    watched.run(lambda df: df.explain(analyze=True))
    assert re.search(r"output_rows=(1\.46 K|1461)\b", capfd.readouterr().out)
    text = watched.run(
        lambda df: str(watched.contexts[1].sql(f"EXPLAIN ANALYZE {QUERY}").to_pydict())
    )
    assert "counted" in text


def test_one_call_of_a_method_is_one_query(watched: Watched) -> None:
    before = watched.remote_rows()
    for _ in range(3):
        watched.remote.collect()
    assert watched.remote_rows() - before == 3 * ROWS


def test_a_cached_frame_is_not_run_again(watched: Watched) -> None:
    cached = watched.remote.cache()
    before = watched.remote_rows()
    assert cached.count() == 5
    assert len(cached.to_pylist()) == 5
    assert watched.remote_rows() == before


def test_transformations_run_nothing(watched: Watched) -> None:
    before = watched.remote_rows()
    frame = watched.remote.filter(col("total") > 0).sort("days").limit(2).select("days")
    frame = frame.union(frame).distinct()
    assert frame.schema().names == ["days"]
    assert "counted" in frame.logical_plan().display_indent()
    assert watched.remote_rows() == before
    assert frame.count() == 2


def test_a_stream_gives_its_first_rows_without_the_others(
    cluster: Cluster, files: WeatherFiles
) -> None:
    context = BallistaSessionContext(cluster.address)
    files.register(context)
    stream = context.sql("SELECT date FROM parts").execute_stream()
    assert stream.next().to_pyarrow().num_rows > 0
    del stream
    assert context.sql("SELECT count(*) AS c FROM parts").to_pydict() == {"c": [ROWS]}
