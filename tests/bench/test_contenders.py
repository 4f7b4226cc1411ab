"""Contenders that run in the project's own environment compute what they should."""

from __future__ import annotations

import importlib
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from bench.contender import Contender, Unsupported
from bench.contenders import CONTENDERS, YARDSTICK, Entry, entries_of
from bench.digest import aggregate_of, digest_of, is_same
from bench.peers.comprehension import Comprehension
from bench.shapes import LONG_SHAPES, SHAPES, Shape, made_table, rows_of, shape_of
from bench.sidecar.contenders import SIDECAR

LOCAL = [*(entry for entry in CONTENDERS if entry.peer is None), SIDECAR]
ROW_SHAPES = [shape for shape in SHAPES if not shape.is_arrow]
ARROW_SHAPES = [shape for shape in SHAPES if shape.is_arrow]


def by_name(value: Entry | Shape) -> str:
    return value.name


@pytest.fixture(params=LOCAL, ids=by_name)
def contender(request, monkeypatch):
    entry: Entry = request.param
    for name, value in entry.environment.items():
        monkeypatch.setenv(name, value)
    module, _, class_name = entry.class_path.partition(":")
    made = getattr(importlib.import_module(f"bench.peers.{module}"), class_name)(1)
    yield made
    made.close()


@pytest.mark.parametrize("null_share", [0.0, 0.1])
@pytest.mark.parametrize("shape", ROW_SHAPES, ids=by_name)
def test_row_results_are_those_of_the_function(
    contender: Contender, shape: Shape, null_share: float, tmp_path: Path
):
    table = made_table(shape, 1000, null_share)
    pq.write_table(table, tmp_path / "values.parquet")
    expected = [None if None in row else shape.function(*row) for row in rows_of(table)]
    contender.prepare(shape, tmp_path / "values.parquet")
    contender.scan()
    assert list(contender.results()) == expected
    value = contender.query()
    if value is not None:  # the comprehension has no aggregate
        value = value.isoformat() if shape.result == "timestamp" else value
        assert is_same(value, aggregate_of(expected, shape.result))


@pytest.mark.parametrize("shape", ARROW_SHAPES, ids=by_name)
def test_arrow_batches_are_all_there(contender: Contender, shape: Shape, tmp_path: Path):
    shape = replace(shape, copies=3)
    table = made_table(shape, 0, 0.0)
    assert table.num_rows == shape.batch_rows
    pq.write_table(table, tmp_path / "values.parquet")
    if isinstance(contender, Comprehension):
        with pytest.raises(Unsupported, match="no Arrow mode"):
            contender.prepare(shape, tmp_path / "values.parquet")
        return
    contender.prepare(shape, tmp_path / "values.parquet")
    once = aggregate_of((shape.function(*row) for row in rows_of(table)), "float")
    assert is_same(contender.query(), once * shape.copies)


@pytest.mark.parametrize("shape", [*ROW_SHAPES, *LONG_SHAPES], ids=by_name)
def test_the_form_for_none_gives_the_same_and_none(shape: Shape):
    for row in rows_of(made_table(shape, 200, 0.3)):
        expected = None if None in row else shape.function(*row)
        assert shape.or_none(*row) == expected


def test_values_are_the_same_each_time_and_have_nulls_where_asked():
    for shape in ROW_SHAPES:
        table = made_table(shape, 1000, 0.1)
        assert table.equals(made_table(shape, 1000, 0.1))
        assert all(50 < column.null_count < 150 for column in table.columns)
        assert all(c.null_count == 0 for c in made_table(shape, 1000, 0.0).columns)
    texts = made_table(shape_of("100 distinct"), 5000, 0.0)["a"]
    assert len(texts.unique()) == 100
    assert {
        len(text.as_py()) for text in made_table(shape_of("long string"), 9, 0)["a"]
    } == {200}


def test_a_selection_keeps_the_yardstick_and_springald():
    names = [entry.name for entry in entries_of("duckdb,pyspark")]
    assert names == [
        YARDSTICK, "springald-call", "springald-inlined", "springald", "duckdb",
        "pyspark-arrow", "pyspark-pickled",
    ]  # fmt: skip
    with pytest.raises(ValueError, match="no contender nobody; there are: arrow-udf"):
        entries_of("duckdb,nobody")


def test_an_unknown_shape_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match=r"no shape 'circle'; there are: float, int"):
        shape_of("circle")


def test_digests_tell_values_nulls_and_classes_apart():
    assert is_same(digest_of([1.0, 2.0, None]), digest_of([None, 2.0, 1.0 + 1e-12]))
    for others in ([1.0, 2.0], [1.0, 2.1, None], [1, 2, None]):
        assert not is_same(digest_of(others), digest_of([1.0, 2.0, None]))
    assert not is_same(digest_of(["a", "b"]), digest_of(["a", "c"]))
    assert not is_same(digest_of([True]), digest_of([1]))
