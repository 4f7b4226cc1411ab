"""A column of every Arrow type goes through a function on the cluster and comes back."""

from __future__ import annotations

import datetime as dt
import uuid
from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from springald import BallistaSessionContext, Udf, udf

from .processes import Cluster

INT = pa.int64()
TEXT = pa.string()
MOMENT = dt.datetime(2024, 2, 29, 12, 30, 15)
DAY = dt.date(2024, 2, 29)
NUMBERS = [Decimal("1.50"), None, Decimal("-2.25")]
LISTS = [[1, None], None, [], [3, 4]]


def _columns() -> dict[str, pa.Array]:
    """Return columns with nulls, by the name of what is special about their types."""
    columns: dict[str, pa.Array] = {}

    def add(arrow_type: pa.DataType, values: list[Any]) -> None:
        columns[str(arrow_type)] = pa.array(values, arrow_type)

    for bits in (8, 16, 32, 64):
        add(getattr(pa, f"int{bits}")(), [-1, None, 2 ** (bits - 1) - 1])
        add(getattr(pa, f"uint{bits}")(), [0, None, 2**bits - 1])
    add(pa.float16(), [np.float16(1.5), None, np.float16(-2)])
    add(pa.float32(), [1.5, None, -0.0])
    add(pa.float64(), [1.5, None, float("inf")])
    add(pa.bool_(), [True, None, False])
    add(pa.null(), [None, None])
    for arrow_type in (pa.decimal32(7, 2), pa.decimal64(12, 2), pa.decimal128(30, 2)):
        add(arrow_type, NUMBERS)
    add(pa.decimal256(50, 2), NUMBERS)
    add(pa.date32(), [DAY, None])
    add(pa.date64(), [DAY, None])
    for unit, of_day in (("s", 32), ("ms", 32), ("us", 64), ("ns", 64)):
        add(getattr(pa, f"time{of_day}")(unit), [MOMENT.time(), None])
        add(pa.timestamp(unit), [MOMENT, None, dt.datetime(1960, 1, 1)])
        add(pa.timestamp(unit, "Europe/Zurich"), [MOMENT, None])
        add(pa.duration(unit), [dt.timedelta(seconds=5), None, dt.timedelta(days=-1)])
    add(pa.month_day_nano_interval(), [pa.MonthDayNano([1, 2, 3]), None])
    for arrow_type in (TEXT, pa.large_string(), pa.string_view()):
        add(arrow_type, ["a", None, "", "größer than twelve bytes"])
    for arrow_type in (pa.binary(), pa.large_binary(), pa.binary_view(), pa.binary(3)):
        add(arrow_type, [b"abc", None, b"\xff\x00\xfe"])
    for make in (pa.list_, pa.large_list, pa.list_view, pa.large_list_view):
        add(make(INT), LISTS)
    add(pa.list_(INT, 2), [[1, None], None, [3, 4]])
    add(pa.struct([("a", INT), ("b", TEXT)]), [{"a": 1, "b": "x"}, None, {"a": None}])
    add(pa.map_(TEXT, INT), [[("a", 1), ("b", None)], None, []])
    add(pa.dictionary(pa.int8(), TEXT), ["x", None, "x"])
    encoded = pa.array(NUMBERS, pa.decimal128(5, 2)).dictionary_encode()
    columns[str(encoded.type)] = encoded
    nested = pa.list_(pa.struct([("m", pa.map_(TEXT, pa.list_view(pa.string_view())))]))
    add(nested, [[{"m": [("k", ["v", None])]}, None], None, []])
    add(
        pa.list_(pa.list_(pa.list_(pa.list_(INT)))),
        [[[[[1], None], None]]],
    )
    add(pa.struct([("d", pa.dictionary(pa.int32(), TEXT))]), [{"d": "x"}, None])
    add(pa.list_(pa.decimal32(5, 2)), [[Decimal("1.50"), None], None])
    runs = pa.RunEndEncodedArray.from_arrays(pa.array([2, 3], pa.int32()), ["a", None])
    columns["run-end encoded"] = runs
    columns["list of run-end encoded"] = pa.ListArray.from_arrays([0, 1, 3], runs)
    return columns


def _extensions() -> dict[str, pa.Array]:
    uuids = [uuid.UUID(int=7).bytes, None]
    tensors = np.arange(12.0).reshape(3, 2, 2)
    return {
        "uuid": pa.array(uuids, pa.uuid()),
        "json": pa.array(['{"a": 1}', None], pa.json_()),
        "bool8": pa.array([1, None, 0], pa.int8()).cast(pa.bool8()),
        "tensor": pa.FixedShapeTensorArray.from_numpy_ndarray(tensors),
    }


COLUMNS = _columns()
EXTENSIONS = _extensions()
# What Parquet has no place for, or reads back as another type.
NOT_IN_PARQUET = {
    "month_day_nano_interval",
    "run-end encoded",
    "list of run-end encoded",
    "time32[s]",
    "timestamp[s]",
    # The engine's reader has no such dictionaries.
    "dictionary<values=decimal128(5, 2), indices=int32, ordered=0>",
}


def same_of(arrow_type: pa.DataType, **options: Any) -> Udf:
    function = udf(
        lambda column: column, [arrow_type], arrow_type, name="same", mode="arrow",
        **options,
    )  # fmt: skip
    assert isinstance(function, Udf)
    return function


@pytest.fixture
def session(cluster: Cluster) -> BallistaSessionContext:
    return BallistaSessionContext(cluster.address)


def check(session: BallistaSessionContext, column: pa.Array) -> None:
    """Check that `same` gives `t.x`, whose rows are `column`, wherever it stands."""
    for order in ("", "ORDER BY i"):
        table = session.sql(f"SELECT i, same(x) AS x FROM t {order}").to_arrow_table()
        assert table.schema.field("x").type == column.type
        rows = dict(zip(*(table[name].to_pylist() for name in "ix"), strict=True))
        assert rows == dict(enumerate(column.to_pylist()))
    nothing = session.sql("SELECT same(NULL) AS x, count(*) AS c FROM t").to_arrow_table()
    assert nothing.schema.field("x").type == column.type
    assert nothing["x"].to_pylist() == [None]
    present = session.sql("SELECT i FROM t WHERE same(x) IS NOT NULL").count()
    assert present == sum(value is not None for value in column.to_pylist())


@pytest.mark.parametrize("name", COLUMNS)
def test_of_a_table_in_memory(session: BallistaSessionContext, name: str) -> None:
    column = COLUMNS[name]
    session.from_arrow(pa.table({"i": range(len(column)), "x": column}), name="t")
    session.register_udf(same_of(column.type))
    check(session, column)


@pytest.mark.parametrize("name", [n for n in COLUMNS if n not in NOT_IN_PARQUET])
def test_of_a_parquet_file(
    session: BallistaSessionContext, tmp_path: Path, name: str
) -> None:
    column = COLUMNS[name]
    path = tmp_path / "t.parquet"
    pq.write_table(pa.table({"i": range(len(column)), "x": column}), path)
    session.register_parquet("t", path)
    session.register_udf(same_of(column.type))
    check(session, column)


@pytest.mark.parametrize("name", EXTENSIONS)
def test_an_extension_type_is_its_storage_in_plans(
    session: BallistaSessionContext, name: str
) -> None:
    column = EXTENSIONS[name]
    session.from_arrow(pa.table({"i": range(len(column)), "x": column}), name="t")

    def type_name(extension: Any) -> Any:
        import pyarrow as pa

        assert isinstance(extension, pa.ExtensionArray)
        return extension

    session.register_udf(
        udf(type_name, [column.type], column.type, name="same", mode="arrow")
    )
    table = session.sql("SELECT same(x) AS x FROM t ORDER BY i").to_arrow_table()
    assert table.schema.field("x").type == column.type.storage_type
    assert table["x"].to_pylist() == column.storage.to_pylist()
