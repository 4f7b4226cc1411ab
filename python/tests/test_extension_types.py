"""Extension types as arguments and results, which the embedded engine carries."""

import uuid

import pyarrow as pa

from springald import BallistaSessionContext, udf

KNOWN = uuid.UUID(int=5)


def test_an_arrow_function_gets_and_returns_extension_arrays():
    ctx = BallistaSessionContext()
    seen = []

    def same(column):
        seen.append(column.type)
        return column

    for name, type_, values in [
        ("u", pa.uuid(), [KNOWN, None]),
        ("j", pa.json_(), ["{}", None]),
        ("b", pa.bool8(), [1, None]),
    ]:
        ctx.register_udf(udf(same, [type_], type_, "volatile", f"same_{name}"))
        table = pa.table({name: pa.array(values, type_)})
        ctx.from_arrow(table, name=f"of_{name}")
        result = ctx.sql(f"SELECT same_{name}({name}) AS r FROM of_{name}")
        got = pa.chunked_array([batch.column(0) for batch in result.collect()])
        assert seen[-1] == type_
        assert pa.array(got.combine_chunks()).equals(table[name].combine_chunks())


def test_a_function_may_return_the_storage():
    ctx = BallistaSessionContext()
    storage = udf(lambda c: c.storage, [pa.uuid()], pa.uuid(), "volatile", "storage")
    ctx.register_udf(storage)
    ctx.from_arrow(pa.table({"u": pa.array([KNOWN, None], pa.uuid())}), name="t")
    rows = ctx.sql("SELECT storage(u) AS r FROM t").to_pylist()
    assert rows == [{"r": KNOWN}, {"r": None}]


def test_an_argument_may_be_the_storage():
    ctx = BallistaSessionContext()
    seen = []

    def typed(column):
        seen.append(column.type)
        return pa.array([len(column)] * len(column))

    ctx.register_udf(udf(typed, [pa.uuid()], pa.int64(), "volatile", "typed"))
    plain = pa.table({"u": pa.array([KNOWN.bytes, None], pa.binary(16))})
    ctx.from_arrow(plain, name="t")
    assert ctx.sql("SELECT typed(u) AS r FROM t").to_pydict() == {"r": [2, 2]}
    assert seen[-1] == pa.uuid()
