"""Numpy mode: one ndarray per argument in, one ndarray out."""

import datetime as dt
import gc
import uuid
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from column_calls import form_of, query
from contexts import on_cluster, open_context
from numpy.typing import NDArray

from springald import Udf, UdfDefinitionError, UdfExecutionError, UdfResultError, udf

NAN, NAT = float("nan"), np.datetime64("NaT")


def same(x):
    return x


def seen_by(array: pa.Array) -> np.ndarray:
    """Return what a function is given for `array`."""
    given = []

    def look(values):
        given.append(values)
        return [None] * len(values)

    form_of(look, mode="numpy", return_type=pa.null(), input_types=[array.type])(array)
    return given[0]


def address(values: np.ndarray) -> int:
    return values.__array_interface__["data"][0]


NUMBERS = [
    *(
        getattr(pa, f"{sign}int{bits}")()
        for sign in ("", "u")
        for bits in (8, 16, 32, 64)
    ),
    pa.float16(),
    pa.float32(),
    pa.float64(),
]
MOMENTS = [pa.timestamp("s"), pa.timestamp("ns", "Europe/Berlin"), pa.duration("ms")]


@pytest.mark.parametrize("arrow_type", [*NUMBERS, *MOMENTS], ids=str)
def test_arguments_without_nulls_are_views_that_cannot_be_written_to(arrow_type):
    array = pa.array([0, 1, 2, 3], pa.int64()).cast(
        pa.int32() if arrow_type.bit_width < 64 else pa.int64()
    )
    array = array.cast(arrow_type)
    values = seen_by(array.slice(1))
    width = arrow_type.bit_width // 8
    assert address(values) == array.buffers()[1].address + width
    assert values.dtype.itemsize == width
    with pytest.raises(ValueError, match=r"read-only"):
        values[0] = values[1]


@pytest.mark.parametrize(
    ("array", "dtype", "expected"),
    [
        (pa.array([True, False]), "bool", [True, False]),
        (pa.array([1.5, None]), "float64", [1.5, NAN]),
        (pa.array([1.5, None], pa.float16()), "float16", [1.5, NAN]),
        (
            pa.array([dt.datetime(1969, 12, 31), None], pa.timestamp("us")),
            "datetime64[us]",
            [np.datetime64("1969-12-31"), NAT],
        ),
        (
            pa.array([dt.date(1, 1, 1), None]),
            "datetime64[D]",
            [np.datetime64("0001-01-01"), NAT],
        ),
        (
            pa.array([5, None], pa.duration("s")),
            "timedelta64[s]",
            [np.timedelta64(5, "s"), np.timedelta64("NaT")],
        ),
        (pa.array(["é", None]), "object", ["é", None]),
        (pa.array(["é", None], pa.string_view()), "object", ["é", None]),
        (pa.array([b"\xff\x00", None]), "object", [b"\xff\x00", None]),
        (pa.array([dt.time(1), None]), "object", [dt.time(1), None]),
        (pa.array([Decimal("1.5"), None]), "object", [Decimal("1.5"), None]),
        (pa.array([[1, None], None]), "object", [[1, None], None]),
        (pa.array([[1, 2], [3, 4]]), "object", [[1, 2], [3, 4]]),
        (pa.array([{"a": 1}, None]), "object", [{"a": 1}, None]),
        (
            pa.array([[("k", 1)], None], pa.map_(pa.string(), pa.int64())),
            "object",
            [{"k": 1}, None],
        ),
        (
            pa.array([uuid.UUID(int=1), None], pa.uuid()),
            "object",
            [uuid.UUID(int=1), None],
        ),
        (pa.array(["a", "a", None]).dictionary_encode(), "object", ["a", "a", None]),
        (pa.array([3, 3]).dictionary_encode(), "int64", [3, 3]),
    ],
    ids=lambda value: str(getattr(value, "type", ""))[:20],
)
def test_dtypes_values_and_nulls_of_each_type(array, dtype, expected):
    values = seen_by(array)
    assert str(values.dtype) == dtype
    if dtype == "object":
        assert list(values) == expected
    else:
        wanted = np.array(expected, values.dtype)
        assert np.array_equal(values, wanted, equal_nan=values.dtype.kind in "fmM")
    assert not values.flags.writeable


@pytest.mark.parametrize(
    "array",
    [
        pa.array([1, None], pa.int64()),
        pa.array([True, None]),
        pa.array([[1, None]], pa.list_(pa.int8(), 2)),
    ],
    ids=lambda array: str(array.type),
)
def test_nulls_that_an_array_cannot_hold_are_refused(array):
    with pytest.raises(UdfExecutionError) as caught:
        seen_by(array)
    message = str(caught.value)
    assert f"argument 'values' of type {array.type}" in message
    assert "1 of its 2 values are null" in message
    assert "np.ma.MaskedArray" in message
    assert "null_handling='skip'" in message


def test_a_refused_null_fails_the_query_by_name():
    function = udf(same, [pa.int64()], pa.int64(), mode="numpy")
    with pytest.raises(UdfExecutionError, match=r"argument 'x' of type int64") as caught:
        query(function, pa.array([1, None]))
    assert caught.value.udf_name == "same"
    assert caught.value.traceback_text == ""


def test_masked_arrays_carry_the_nulls_in_and_out():
    @udf(input_types=[pa.int64(), pa.bool_()])
    def doubled(
        n: np.ma.MaskedArray[Any, np.dtype[np.int64]], flag: np.ma.MaskedArray
    ) -> NDArray[np.int64]:
        assert isinstance(n, np.ma.MaskedArray)
        return np.ma.where(flag, n * 2, n)

    numbers = pa.array([2**62 + 1, None, 3, 4])
    flags = pa.array([False, True, True, None])
    assert query(doubled, numbers, flags).to_pylist() == [2**62 + 1, None, 6, None]


@pytest.mark.parametrize(
    ("array", "shape"),
    [
        (pa.array([[1, 2], [3, 4], [5, 6]], pa.list_(pa.int32(), 2)), (3, 2)),
        (
            pa.array([[[1.0], [2.0]]] * 3, pa.list_(pa.list_(pa.float64(), 1), 2)),
            (3, 2, 1),
        ),
        (
            pa.FixedShapeTensorArray.from_numpy_ndarray(np.arange(18.0).reshape(3, 2, 3)),
            (3, 2, 3),
        ),
    ],
    ids=["list", "list of lists", "tensor"],
)
def test_fixed_shapes_are_arrays_of_more_dimensions_without_a_copy(array, shape):
    values = seen_by(array)
    assert values.shape == shape
    assert values.tolist() == (
        array.to_numpy_ndarray().tolist() if len(shape) == 3 and shape[2] == 3
        else array.to_pylist()
    )  # fmt: skip
    data = array.buffers()[-1]
    assert address(values) == data.address
    assert seen_by(array.slice(1)).tolist() == values[1:].tolist()
    types = {"return_type": array.type, "input_types": [array.type]}
    result = form_of(same, mode="numpy", **types)(array)
    assert result.equals(array)
    assert result.buffers()[-1].address == data.address
    result = form_of(lambda x: x * 2, mode="numpy", **types)(array)
    assert (result.type, seen_by(result).tolist()) == (array.type, (values * 2).tolist())


def test_a_tensor_whose_axes_are_permuted():
    tensor = pa.fixed_shape_tensor(pa.float64(), (2, 3), permutation=[1, 0])
    storage = pa.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]], tensor.storage_type)
    array = pa.ExtensionArray.from_storage(tensor, storage)
    assert seen_by(array).tolist() == [[[1.0, 4.0], [2.0, 5.0], [3.0, 6.0]]]
    form = form_of(same, mode="numpy", return_type=tensor, input_types=[tensor])
    assert form(array).equals(array)


def test_null_lists_of_floats_are_rows_of_nan():
    array = pa.array([[0.0], [1.0], None, [3.0]], pa.list_(pa.float64(), 1)).slice(1)
    assert repr(seen_by(array).tolist()) == "[[1.0], [nan], [3.0]]"


@pytest.mark.parametrize("arrow_type", [*NUMBERS, *MOMENTS], ids=str)
def test_results_of_the_exact_type_are_not_copied(arrow_type):
    seen = []

    def fresh(x):
        result = x + np.zeros(1, x.dtype if x.dtype.kind != "M" else "m8[s]").astype(
            "m8" if x.dtype.kind in "mM" else x.dtype
        )
        seen.append(address(result))
        return result

    array = pa.array([1, 2], pa.int32() if arrow_type.bit_width < 64 else pa.int64())
    array = array.cast(arrow_type)
    types = {"return_type": arrow_type, "input_types": [arrow_type]}
    result = form_of(fresh, mode="numpy", **types)(array)
    assert result.equals(array)
    assert result.buffers()[1].address == seen[0]
    same_again = form_of(same, mode="numpy", **types)(array)
    assert same_again.buffers()[1].address == array.buffers()[1].address
    del array, result
    gc.collect()
    same_again.validate(full=True)


def one_buffer():
    buffer = np.zeros(100)

    def f(x):
        np.add(buffer[: len(x)], 1.0, out=buffer[: len(x)])
        return buffer[: len(x)]

    return f


def one_array():
    kept = np.zeros(2)

    def f(x):
        kept.__iadd__(1.0)
        return kept

    return f


def kept_fresh():
    every = []

    def f(x):
        for old in every:
            old += 1.0
        every.append(np.ones(len(x)))
        return every[-1]

    return f


def kept_view():
    every = []

    def f(x):
        for old in every:
            old += 1.0
        fresh = np.ones(len(x))
        every.append(fresh[:1])
        return fresh.view()

    return f


@pytest.mark.parametrize(
    "make", [one_buffer, one_array, kept_fresh, kept_view], ids=lambda make: make.__name__
)
def test_results_keep_their_values_when_the_function_changes_its_arrays(make):
    form = form_of(
        make(), mode="numpy", return_type=pa.float64(), input_types=[pa.float64()]
    )
    array = pa.array([0.0, 0.0])
    first = form(array)
    before = first.to_pylist()
    form(array)
    form(array)
    assert first.to_pylist() == before


def test_a_view_of_a_fresh_array_is_not_copied():
    seen = []

    def f(x):
        result = np.ones(2 * len(x))[: len(x)]
        seen.append(address(result))
        return result

    form = form_of(f, mode="numpy", return_type=pa.float64(), input_types=[pa.float64()])
    result = form(pa.array([1.0, 2.0]))
    assert result.buffers()[1].address == seen[0]
    assert result.to_pylist() == [1.0, 1.0]


def test_a_nan_that_stands_for_a_null_goes_out_as_one():
    @udf
    def ratio(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.float64]:
        with np.errstate(all="ignore"):
            return x / y

    x = pa.array([1.0, None, 0.0, NAN, 4.0])
    y = pa.array([2.0, 1.0, 0.0, 1.0, None])
    assert repr(query(ratio, x, y).to_pylist()) == "[0.5, None, nan, nan, None]"
    filled = udf(np.nan_to_num, [pa.float64()], pa.float64(), name="f", mode="numpy")
    if not on_cluster():
        assert query(filled, x).to_pylist() == [1.0, 0.0, 0.0, 0.0, 4.0]


def test_a_null_among_integers_that_were_floats():
    form = form_of(
        lambda x: x * 2, mode="numpy", return_type=pa.int64(), input_types=[pa.float64()]
    )
    assert form(pa.array([1.5, None])).to_pylist() == [3, None]
    with pytest.raises(UdfResultError, match=r"int64"):
        form(pa.array([1.5, NAN]))


@pytest.mark.parametrize(
    ("returned", "returns", "expected"),
    [
        (np.array([1, 2]), pa.float64(), [1.0, 2.0]),
        (np.array([1.0, 2.0]), pa.int8(), [1, 2]),
        (np.array([1.0, 2.0], ">f8"), pa.float64(), [1.0, 2.0]),
        (np.arange(4)[::-2], pa.int64(), [3, 1]),
        (np.array(["a", "éé"]), pa.string(), ["a", "éé"]),
        (np.array(["a", "éé"], np.dtypes.StringDType()), pa.string_view(), ["a", "éé"]),
        (np.array([b"a", b"bc"]), pa.string(), ["a", "bc"]),
        (np.array(["a", None], object), pa.large_string(), ["a", None]),
        (np.array([1, 2]), pa.decimal128(5, 2), [Decimal(1), Decimal(2)]),
        (
            np.array(["2000-01-01", "NaT"], "M8[h]"),
            pa.date32(),
            [dt.date(2000, 1, 1), None],
        ),
        (
            np.array(["2000-01-01T01", "NaT"], "M8[h]"),
            pa.timestamp("us"),
            [dt.datetime(2000, 1, 1, 1), None],
        ),
        (np.array([1, 2], "m8[D]"), pa.duration("s"), [dt.timedelta(1), dt.timedelta(2)]),
        (
            np.array([1, 2], "m8[5ms]"),
            pa.duration("ms"),
            [dt.timedelta(milliseconds=n) for n in (5, 10)],
        ),
        (np.ma.array([1, 2], mask=[False, True]), pa.int64(), [1, None]),
        (np.ma.array([1.0, NAN], mask=[True, False]), pa.float32(), [None, NAN]),
        (
            np.array([(1, 2.0), (3, 4.0)], [("b", "i8"), ("a", "f8")]),
            pa.struct([("a", pa.float64()), ("b", pa.int8())]),
            [{"a": 2.0, "b": 1}, {"a": 4.0, "b": 3}],
        ),
        (np.ones((2, 3)), pa.list_(pa.int64()), [[1, 1, 1]] * 2),
        (np.ones((2, 3)), pa.list_(pa.int8(), 3), [[1, 1, 1]] * 2),
        ([1, None], pa.int64(), [1, None]),
        (pa.array([1, None]), pa.int64(), [1, None]),
    ],
    ids=lambda value: "",
)
def test_results_of_other_dtypes_are_converted(returned, returns, expected):
    form = form_of(
        lambda x: returned, mode="numpy", return_type=returns, input_types=[pa.int64()]
    )
    result = form(pa.array([1, 2]))
    result.validate(full=True)
    assert (result.type, repr(result.to_pylist())) == (
        returns,
        repr(pa.array(expected, returns).to_pylist()),
    )


@pytest.mark.parametrize(
    ("make", "returns", "message"),
    [
        (lambda x: x.sum(), pa.int64(), "one value per row; this one returned .*6"),
        (lambda x: None, pa.int64(), "this one returned None"),
        (lambda x: np.array(1), pa.int64(), "0 dimensions"),
        (lambda x: x[:2], pa.int64(), "ndarray has the wrong length: 2, expected 3"),
        (lambda x: np.ones((3, 2)), pa.float64(), r"of shape \(3, 2\).*is double"),
        (
            lambda x: x + 0.5,
            pa.int64(),
            r"dtype float64 and shape \(3,\).*1.5.*truncated",
        ),
        (lambda x: x + 299, pa.int8(), "not an array of int8: .*300"),
        (lambda x: x + 2**53, pa.float64(), "not an array of double: .*900719925474099"),
        (lambda x: x, pa.string(), "dtype int64 .* not an array of string"),
        (lambda x: x * 1j, pa.float64(), "dtype complex128"),
        (lambda x: x.astype("M8[h]"), pa.date32(), "row 0 is not a whole day"),
        (lambda x: np.array(["a"] * 3, object), pa.int64(), "dtype object"),
    ],
    ids=lambda value: "",
)
def test_refuses_results_that_are_not_what_was_promised(make, returns, message):
    with pytest.raises(UdfResultError, match=f"(?s){message}") as caught:
        query(udf(make, [pa.int64()], returns, mode="numpy"), pa.array([1, 2, 3]))
    assert caught.value.traceback_text == ""


@pytest.mark.parametrize(
    ("shape", "returns", "message"),
    [
        ((2, 3), pa.list_(pa.float64(), 2), "second dimension must be 2"),
        ((2, 3), pa.fixed_shape_tensor(pa.float64(), (2, 3)), r"have the shape \(2, 3\)"),
        ((2, 3, 2), pa.fixed_shape_tensor(pa.float64(), (2, 3)), r"shape \(2, 3, 2\)"),
        ((1, 2), pa.list_(pa.float64(), 2), "wrong length: 1, expected 2"),
    ],
    ids=lambda value: "",
)
def test_refuses_results_of_the_wrong_shape(shape, returns, message):
    form = form_of(
        lambda x: np.ones(shape),
        mode="numpy",
        return_type=returns,
        input_types=[pa.int8()],
    )
    with pytest.raises(UdfResultError, match=message):
        form(pa.array([1, 2], pa.int8()))


def test_writing_to_an_argument_raises_and_leaves_the_column_alone():
    @udf
    def capped(x: NDArray[np.float64]) -> NDArray[np.float64]:
        x[x > 1] = 1.0
        return x

    context = open_context()
    context.from_arrow(pa.table({"x": [0.5, 7.0]}), name="t")
    context.register_udf(capped)
    with pytest.raises(UdfExecutionError, match=r"ValueError: .*read-only") as caught:
        context.sql("SELECT capped(x) AS r FROM t").collect()
    assert "in capped" in caught.value.traceback_text
    assert "column_modes" not in caught.value.traceback_text
    assert context.sql("SELECT x FROM t").to_pydict() == {"x": [0.5, 7.0]}


@pytest.mark.parametrize(
    ("scalar", "arrow_type"),
    [
        (np.float64, pa.float64()),
        (np.float32, pa.float32()),
        (np.int8, pa.int8()),
        (np.uint64, pa.uint64()),
        (np.bool_, pa.bool_()),
        (np.str_, pa.string()),
    ],
)
def test_ndarray_hints_give_the_types(scalar, arrow_type):
    def f(x):
        return x

    f.__annotations__ = {"x": NDArray[scalar], "return": NDArray[scalar]}
    function = udf(f)
    assert function.mode == "numpy"
    assert (function.input_types, function.return_type) == ([arrow_type], arrow_type)


def test_hints_are_checked():
    def open_type(x: np.ndarray) -> np.ndarray:
        return x

    def mixed(x: NDArray[np.int64], y: pa.Int64Array) -> NDArray[np.int64]:
        return x

    with pytest.raises(UdfDefinitionError, match=r"'x' has no type: .*Pass input_types"):
        udf(open_type)
    assert udf(open_type, [pa.int8()], pa.int8()).mode == "numpy"
    with pytest.raises(
        UdfDefinitionError, match=r"'x' is hinted as a NumPy array, .*'y' .*pyarrow array"
    ):
        udf(mixed)
    with pytest.raises(
        UdfDefinitionError, match=r"dtype_backend.*this one is of mode 'nu"
    ):
        udf(open_type, [pa.int8()], pa.int8(), dtype_backend="pyarrow")


def test_skipped_rows_are_not_given_and_are_null():
    @udf(null_handling="skip")
    def doubled(n: NDArray[np.int64]) -> NDArray[np.int64]:
        return n * 2

    numbers = pa.array([2**61, None, 3])
    assert query(doubled, numbers).to_pylist() == [2**62, None, 6]
    view = form_of(
        same,
        mode="numpy",
        return_type=pa.string_view(),
        input_types=[pa.string_view()],
        null_handling="skip",
    )
    assert view(pa.array(["a", None], pa.string_view())).to_pylist() == ["a", None]
    assert "skip: the function gets the rows without nulls" in doubled.explain()


def test_a_definition_keeps_what_the_hints_said():
    @udf(return_type=pa.int64(), input_types=[pa.int64()])
    def f(n: np.ma.MaskedArray) -> np.ndarray:
        return n + 1

    arrived = Udf.from_bytes(f.to_bytes())
    assert arrived.mode == "numpy"
    for each in (arrived, arrived.with_name("g")):
        assert query(each, pa.array([1, None])).to_pylist() == [2, None]
