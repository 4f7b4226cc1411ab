"""Arrow mode: one column per argument in, one column out."""

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from contexts import open_context
from datafusion import SessionConfig, col, lit

from springald import UdfResultError, udf


def run(function, *columns: pa.Array) -> pa.ChunkedArray:
    context = open_context()
    names = [f"c{index}" for index in range(len(columns))]
    context.from_arrow(pa.table(dict(zip(names, columns, strict=True))), name="t")
    frame = context.table("t").select(function(*map(col, names)).alias("r"))
    return frame.to_arrow_table().column("r")


def returning(make, arrow_type=None, **options):
    return udf(make, [pa.int64()], arrow_type or pa.int64(), **options)


NUMBERS = pa.array([1, None, 3], pa.int64())


def test_the_function_is_given_arrays_of_the_input_types():
    def look(numbers, text):
        seen = (type(numbers), numbers.type, type(text), text.type, numbers.to_pylist())
        return [repr(seen)] * len(numbers)

    function = udf(look, [pa.int64(), pa.string()], pa.string())
    seen = run(function, pa.array([1, 2], pa.int32()), pa.array(["a", "b"]))
    expected = (pa.Int64Array, pa.int64(), pa.StringArray, pa.string(), [1, 2])
    assert seen.to_pylist() == [repr(expected)] * 2


@pytest.mark.parametrize(
    "make",
    [
        lambda a: pc.add(a, 1),
        lambda a: pa.chunked_array([pc.add(a, 1).slice(0, 1), pc.add(a, 1).slice(1)]),
        lambda a: pa.chunked_array([pc.add(a, 1)]),
        lambda a: [2, None, 4],
        lambda a: pc.add(a, 1).dictionary_encode(),
        lambda a: pa.concat_arrays([pa.array([0], pa.int64()), pc.add(a, 1)]).slice(1),
    ],
    ids=["array", "chunks", "one chunk", "list", "dictionary", "sliced"],
)
def test_results_of_every_shape(make):
    assert run(returning(make), NUMBERS).to_pylist() == [2, None, 4]


@pytest.mark.parametrize(
    "arrow_type", [pa.string(), pa.large_string(), pa.string_view()], ids=str
)
@pytest.mark.parametrize(
    "encoding",
    [
        pa.string(),
        pa.large_string(),
        pa.string_view(),
        pa.dictionary(pa.int8(), pa.string()),
        pa.run_end_encoded(pa.int32(), pa.string()),
    ],
    ids=str,
)
def test_another_encoding_of_the_type_is_converted(arrow_type, encoding):
    text = pa.array(["a", None, "long enough for the heap of a view"])
    if pa.types.is_run_end_encoded(encoding):
        function = returning(lambda a: pc.run_end_encode(text), arrow_type)
    else:
        function = returning(lambda a: text.cast(encoding), arrow_type)
    result = run(function, NUMBERS)
    assert result.type == arrow_type
    assert result.to_pylist() == text.to_pylist()


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda a: pc.cast(a, pa.float64()), "(?s)double.*int64"),
        (lambda a: a.cast(pa.int32()), "(?s)int32.*int64"),
        (lambda a: pc.sum(a), "Scalar"),
        (lambda a: 7, "int"),
        (lambda a: "abc", "str"),
        (lambda a: None, "None"),
        (lambda a: a.slice(1), "(?s)2.*3"),
        (lambda a: pa.concat_arrays([a, a]), "(?s)6.*3"),
        (lambda a: [1], "(?s)1.*3"),
        (lambda a: [1, "x", 3], "x"),
        (lambda a: pa.chunked_array([], pa.int64()), "(?s)0.*3"),
    ],
)
def test_wrong_results_are_refused_with_the_values(make, message):
    with pytest.raises(UdfResultError, match=message) as caught:
        run(returning(make, name="made"), NUMBERS)
    assert caught.value.udf_name == "made"


@pytest.mark.parametrize("arrow_type", [pa.string(), pa.large_string(), pa.string_view()])
def test_strings_that_are_no_utf8_are_refused(arrow_type):
    """The engine would trust them, and may crash."""
    broken = pa.array([b"\xff\xfe\xe9"] * 3).view(pa.string())
    with pytest.raises(UdfResultError, match="Invalid UTF8"):
        run(returning(lambda a: broken, arrow_type, name="made"), NUMBERS)


def test_a_field_that_is_not_nullable_refuses_nulls():
    promised = pa.field("r", pa.int64(), nullable=False)
    with pytest.raises(UdfResultError, match="null"):
        run(returning(lambda a: a, promised), NUMBERS)
    result = run(returning(lambda a: pc.fill_null(a, 0), promised), NUMBERS)
    assert result.to_pylist() == [1, 0, 3]


def test_empty_tables_and_sliced_columns():
    function = returning(lambda a: pc.add(a, 1))
    assert run(function, NUMBERS.slice(0, 0)).to_pylist() == []
    assert run(function, NUMBERS.slice(1)).to_pylist() == [None, 4]


def test_constants_are_given_as_columns(ctx):
    def add(a, b):
        assert (len(a), len(b)) == (5, 5)
        return pc.add(a, b)

    function = udf(add, [pa.int64(), pa.int64()], pa.int64())
    frame = ctx.table("people").select(function(col("n"), lit(10)).alias("r"))
    assert frame.to_pydict() == {"r": [10, 11, 12, 13, 14]}


def test_256_arguments():
    function = udf(lambda *a: pc.add(a[0], a[255]), [pa.int64()] * 256, pa.int64())
    columns = [pa.array([index], pa.int64()) for index in range(256)]
    assert run(function, *columns).to_pylist() == [255]


def test_a_mutated_argument_does_not_reach_the_table(ctx):
    """Buffers of the engine are read only, and numpy's view of them is as well."""

    def overwrite(a):
        values = a.to_numpy(zero_copy_only=False)
        try:
            values[0] = 99
        except ValueError:
            pass
        return a

    ctx.register_udf(udf(overwrite, [pa.int64()], pa.int64()))
    ctx.sql("SELECT overwrite(n) FROM people").collect()
    assert ctx.sql("SELECT n FROM people").to_pydict() == {"n": [0, 1, 2, 3, 4]}


def test_the_result_may_be_the_argument_itself():
    assert run(returning(lambda a: a), NUMBERS).to_pylist() == [1, None, 3]


def test_batches_have_the_sessions_size():
    context = open_context(SessionConfig().with_batch_size(100).with_target_partitions(1))
    context.from_arrow(pa.table({"n": pa.array(range(250), pa.int64())}), name="t")
    context.register_udf(returning(lambda a: [len(a)] * len(a), name="size"))
    result = context.sql("SELECT max(size(n)) AS m FROM t").to_pydict()
    assert result == {"m": [100]}
    assert context.udf_metrics()["size"].rows == 250
