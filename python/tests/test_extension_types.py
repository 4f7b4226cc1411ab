"""Extension types as arguments and results, which the engine of this process carries."""

import uuid

import pyarrow as pa
import pytest

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


class Celsius(pa.ExtensionType):
    """A type of the user's own, with a parameter."""

    def __init__(self, station: str) -> None:
        self.station = station
        super().__init__(pa.float64(), "springald.test.celsius")

    def __arrow_ext_serialize__(self) -> bytes:
        return self.station.encode()

    @classmethod
    def __arrow_ext_deserialize__(cls, storage_type, serialized):
        return cls(serialized.decode())


@pytest.mark.parametrize("backend", ["embedded", "sidecar"])
def test_a_type_of_the_users_own_reaches_the_function(backend):
    type_ = Celsius("Sion")
    pa.register_extension_type(type_)
    try:
        ctx = BallistaSessionContext(udf_backend=backend)
        warmer = udf(
            lambda c: pa.ExtensionArray.from_storage(
                c.type, pa.array([v + len(c.type.station) for v in c.storage.to_pylist()])
            ),
            [type_],
            type_,
            "volatile",
            "warmer",
        )
        ctx.register_udf(warmer)
        column = pa.ExtensionArray.from_storage(type_, pa.array([1.0, 2.0]))
        ctx.from_arrow(pa.table({"c": column}), name="t")
        (batch,) = ctx.sql("SELECT warmer(c) AS r FROM t").collect()
        assert batch.column(0).type == type_
        assert batch.column(0).storage.to_pylist() == [5.0, 6.0]
        ctx.close()
    finally:
        pa.unregister_extension_type("springald.test.celsius")
