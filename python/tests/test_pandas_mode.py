"""Pandas mode: one Series per argument in, one Series out."""

import datetime as dt
import os
import subprocess
import sys
import uuid
from decimal import Decimal

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from column_calls import form_of, query
from contexts import open_context
from datafusion import SessionConfig, col, lit

from springald import Udf, UdfDefinitionError, UdfExecutionError, UdfResultError, udf

BERLIN = "Europe/Berlin"
STR = "str" if int(pd.__version__.partition(".")[0]) >= 3 else "object"

# type, values; then for each dtype_backend the dtype, and the values where not the same.
TABLE = [
    (pa.int64(), [1, 2], "int64", "Int64", "int64[pyarrow]"),
    (pa.int64(), [1, None], "float64", "Int64", "int64[pyarrow]"),
    (pa.int8(), [1, None], "float64", "Int8", "int8[pyarrow]"),
    (pa.uint64(), [2**64 - 1, 0], "uint64", "UInt64", "uint64[pyarrow]"),
    (pa.float16(), [1.5, None], "float16", "float16", "halffloat[pyarrow]"),
    (pa.float32(), [1.5, None], "float32", "Float32", "float[pyarrow]"),
    (pa.float64(), [1.5, None], "float64", "Float64", "double[pyarrow]"),
    (pa.bool_(), [True, False], "bool", "boolean", "bool[pyarrow]"),
    (pa.bool_(), [True, None], "object", "boolean", "bool[pyarrow]"),
    (pa.string(), ["é", None], STR, "string", "string[pyarrow]"),
    (pa.large_string(), ["é", None], STR, "string", "large_string[pyarrow]"),
    (pa.string_view(), ["é", None], STR, "string", "string_view[pyarrow]"),
    (pa.binary(), [b"\xff", None], "object", "object", "binary[pyarrow]"),
    (pa.date32(), [dt.date(1, 1, 1), None], "object", "object", "date32[day][pyarrow]"),
    (pa.time64("us"), [dt.time(1), None], "object", "object", "time64[us][pyarrow]"),
    (
        pa.timestamp("us"),
        [dt.datetime(1969, 12, 31), None],
        "datetime64[us]",
        "datetime64[us]",
        "timestamp[us][pyarrow]",
    ),
    (
        pa.timestamp("s", BERLIN),
        [pd.Timestamp(0, unit="s", tz=BERLIN), None],
        f"datetime64[s, {BERLIN}]",
        f"datetime64[s, {BERLIN}]",
        f"timestamp[s, tz={BERLIN}][pyarrow]",
    ),
    (
        pa.duration("ms"),
        [dt.timedelta(milliseconds=5), None],
        "timedelta64[ms]",
        "timedelta64[ms]",
        "duration[ms][pyarrow]",
    ),
    (
        pa.decimal128(5, 2),
        [Decimal("1.50"), None],
        "object",
        "object",
        "decimal128(5, 2)[pyarrow]",
    ),
    (pa.uuid(), [uuid.UUID(int=5), None], "object", "object", None),
    (
        pa.map_(pa.string(), pa.int64()),
        [{"a": 1}, None],
        "object",
        "object",
        None,
    ),
    (pa.null(), [None, None], "object", "object", "null[pyarrow]"),
]
BACKENDS = ("numpy", "numpy_nullable", "pyarrow")
CASES = [
    pytest.param(row[0], row[1], backend, row[2 + place], id=f"{row[0]} {backend} {n}")
    for n, row in enumerate(TABLE)
    for place, backend in enumerate(BACKENDS)
    if row[2 + place] is not None
]


def seen_by(array: pa.Array, dtype_backend: str) -> pd.Series:
    """Return what a function is given for `array`."""
    given = []

    def look(values):
        given.append(values)
        return [None] * len(values)

    types = {"return_type": pa.null(), "input_types": [array.type]}
    form_of(look, mode="pandas", dtype_backend=dtype_backend, **types)(array)
    return given[0]


def same(x):
    return x


@pytest.mark.parametrize(("arrow_type", "values", "backend", "dtype"), CASES)
def test_dtypes_and_values_of_each_type(arrow_type, values, backend, dtype):
    series = seen_by(pa.array(values, arrow_type), backend)
    assert str(series.dtype) == dtype
    assert isinstance(series.index, pd.RangeIndex)
    for found, expected in zip(series, values, strict=True):
        assert pd.isna(found) if expected is None else found == expected


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(
    ("arrow_type", "values"), [row[:2] for row in TABLE], ids=lambda v: str(v)[:30]
)
def test_every_type_comes_back_as_it_went(arrow_type, values, backend):
    array = pa.array(values, arrow_type)
    types = {"return_type": arrow_type, "input_types": [arrow_type]}
    result = form_of(same, mode="pandas", dtype_backend=backend, **types)(array)
    result.validate(full=True)
    assert (result.type, result.to_pylist()) == (arrow_type, array.to_pylist())
    sliced = pa.concat_arrays([array, array, array]).slice(1, 3)
    result = form_of(same, mode="pandas", dtype_backend=backend, **types)(sliced)
    assert result.to_pylist() == sliced.to_pylist()


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_query_with_each_dtype_backend(backend):
    @udf(return_type=pa.string(), input_types=[pa.int64()], dtype_backend=backend)
    def dtype(n: pd.Series) -> pd.Series:
        return pd.Series([str(n.dtype)] * len(n))

    assert dtype.mode == "pandas"
    seen = query(dtype, pa.array([1, None], pa.int64())).to_pylist()
    expected = {
        "numpy": "float64",
        "numpy_nullable": "Int64",
        "pyarrow": "int64[pyarrow]",
    }
    assert seen == [expected[backend]] * 2


def test_several_arguments_and_batches_of_several_partitions():
    @udf(return_type=pa.float64(), input_types=[pa.float64(), pa.int64()])
    def scaled(x: pd.Series, n: pd.Series) -> pd.Series:
        return x * n

    context = open_context(SessionConfig().with_target_partitions(3))
    batches = [
        [pa.RecordBatch.from_pydict({"x": [0.5 * p, None], "n": [p, p]})]
        for p in range(1, 4)
    ]
    context.register_record_batches("t", batches)
    context.register_udf(scaled)
    rows = context.sql("SELECT scaled(x, n) AS r FROM t").to_pylist()
    found = sorted((row["r"] for row in rows), key=lambda r: (r is None, r))
    assert found == [0.5, 2.0, 4.5, None, None, None]


def test_integers_that_float64_cannot_hold_are_refused_beside_nulls():
    numbers = pa.array([2**53 + 1, None], pa.int64())
    options = {"return_type": pa.int64(), "input_types": [pa.int64()], "mode": "pandas"}
    with pytest.raises(UdfExecutionError) as caught:
        query(udf(same, **options), numbers)
    message = caught.value.exception_message
    assert "argument 'x' of type int64" in message
    assert "9007199254740993" in message
    assert "dtype_backend='pyarrow'" in message
    assert caught.value.exception_type == ""
    for backend in ("numpy_nullable", "pyarrow"):
        exact = udf(same, dtype_backend=backend, **options)
        assert query(exact, numbers).to_pylist() == [2**53 + 1, None]
    nested = pa.array([[2**53 + 1, None]], pa.list_(pa.int64()))
    with pytest.raises(UdfExecutionError, match=r"9007199254740993"):
        seen_by(nested, "numpy")


def test_nan_and_null_are_apart_where_the_dtype_tells_them_apart():
    values = pa.array([1.0, float("nan"), None])
    options = {"return_type": pa.float64(), "input_types": [pa.float64()]}
    for backend, expected in [
        ("numpy", "[1.0, None, None]"),
        ("numpy_nullable", "[1.0, nan, None]"),
        ("pyarrow", "[1.0, nan, None]"),
    ]:
        function = udf(same, mode="pandas", dtype_backend=backend, **options)
        assert str(query(function, values).to_pylist()) == expected


def test_a_series_is_the_functions_own():
    @udf(return_type=pa.float64(), input_types=[pa.float64()])
    def capped(x: pd.Series) -> pd.Series:
        x[x > 1] = 1.0
        return x

    context = open_context()
    context.from_arrow(pa.table({"x": [0.5, 7.0]}), name="t")
    both = context.table("t").select(capped(col("x")).alias("r"), col("x"))
    assert both.to_pydict() == {"r": [0.5, 1.0], "x": [0.5, 7.0]}


def test_results_keep_their_values_when_the_function_changes_what_it_returned():
    kept = pd.Series([0.0])

    def again(x):
        kept[0] += 1.0
        return kept

    form = form_of(
        again, mode="pandas", return_type=pa.float64(), input_types=[pa.int8()]
    )
    first, second = form(pa.array([1], pa.int8())), form(pa.array([1], pa.int8()))
    assert (first.to_pylist(), second.to_pylist()) == ([1.0], [2.0])


POINT = pa.struct([("x", pa.int64()), ("name", pa.string())])


@pytest.mark.parametrize("backend", BACKENDS)
def test_structs_are_dataframes(backend):
    def swap(points: pd.DataFrame) -> pd.DataFrame:
        assert list(points.columns) == ["x", "name"]
        return points[["name", "x"]]

    form = form_of(swap, return_type=POINT, input_types=[POINT], dtype_backend=backend)
    rows = [{"x": 1, "name": "a"}, None, {"x": None, "name": None}]
    missing = {"x": None, "name": None}
    assert form(pa.array(rows, POINT)).to_pylist() == [rows[0], missing, missing]
    assert form(pa.array([], POINT)).to_pylist() == []


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda s: s.to_frame("x"), "not the fields of the struct: x, expected x, name"),
        (lambda s: pd.DataFrame([[1, 2, 3]]), "wrong number of columns: 3, expected 2"),
        (lambda s: pd.DataFrame({"x": ["a"], "name": ["b"]}), "not an array of int64"),
    ],
)
def test_refuses_frames_that_are_not_the_struct(make, message):
    form = form_of(make, mode="pandas", return_type=POINT, input_types=[pa.int64()])
    with pytest.raises(UdfResultError, match=message):
        form(pa.array([1]))


@pytest.mark.parametrize(
    "make",
    [
        lambda s: s + 1,
        lambda s: (s + 1).set_axis([7] * len(s)),
        lambda s: (s + 1).sort_index(ascending=False)[::-1],
        lambda s: (s + 1).to_numpy(),
        lambda s: (s + 1).array,
        lambda s: pd.Index(s + 1),
        lambda s: list(s + 1),
        lambda s: (s + 1).astype("Int64"),
        lambda s: (s + 1).astype(float),
        lambda s: (s + 1).astype("category"),
        lambda s: (s + 1).astype(object),
        lambda s: pa.array(s + 1),
    ],
    ids=lambda make: "",
)
def test_results_of_every_shape(make):
    function = udf(make, [pa.int64()], pa.int64(), mode="pandas")
    assert query(function, pa.array([1, 2, 3])).to_pylist() == [2, 3, 4]


@pytest.mark.parametrize(
    ("make", "returns", "message"),
    [
        (lambda s: s.sum(), pa.int64(), "returns a Series.*6.*int64"),
        (lambda s: None, pa.int64(), "this one returned None"),
        (lambda s: "abc", pa.string(), "this one returned 'abc'"),
        (lambda s: s[:2], pa.int64(), "Series has the wrong length: 2, expected 3"),
        (lambda s: s + 0.5, pa.int64(), "Series of dtype float64.*int64.*1.5.*truncated"),
        (lambda s: s + 299, pa.int8(), "not an array of int8: .*300"),
        (lambda s: s + 2**53, pa.float64(), "not an array of double: .*90071992547409"),
        (
            lambda s: s,
            pa.string(),
            "Series of dtype int64 that is not an array of string",
        ),
        (lambda s: s.to_frame(), pa.int64(), "returned a DataFrame.*int64"),
        (lambda s: np.ones((3, 2)), pa.float64(), r"2 dimensions, shape \(3, 2\)"),
        (
            lambda s: pd.to_datetime(s, unit="h"),
            pa.date32(),
            "value in row 0 is not a whole day.*1970-01-01 01:00",
        ),
        (
            lambda s: pd.to_datetime(s, unit="h", utc=True),
            pa.timestamp("us"),
            "with a zone, UTC",
        ),
        (
            lambda s: pd.to_datetime(s, unit="h"),
            pa.timestamp("us", "UTC"),
            "without a zone",
        ),
        (
            lambda s: pd.to_datetime(s, unit="ns"),
            pa.timestamp("us"),
            "would lose data",
        ),
    ],
    ids=lambda value: "",
)
def test_refuses_results_that_are_not_what_was_promised(make, returns, message):
    with pytest.raises(UdfResultError, match=f"(?s){message}") as caught:
        query(udf(make, [pa.int64()], returns, mode="pandas"), pa.array([1, 2, 3]))
    assert caught.value.traceback_text == ""


@pytest.mark.parametrize(
    ("values", "returns"),
    [
        (pd.Series([1.5, np.nan]), pa.decimal128(5, 2)),
        (pd.Series([Decimal("1.005"), None]), pa.decimal128(5, 2)),
        (pd.Series([uuid.UUID(int=1), 5]), pa.uuid()),
    ],
)
def test_refuses_values_that_lose_something(values, returns):
    form = form_of(
        lambda s: values, mode="pandas", return_type=returns, input_types=[pa.int64()]
    )
    with pytest.raises(UdfResultError, match=r"that is not an array of"):
        form(pa.array([1, 2]))


def test_results_of_other_types_where_nothing_is_lost():
    def run(values, returns):
        types = {"return_type": returns, "input_types": [pa.int64()]}
        form = form_of(lambda s: values, mode="pandas", **types)
        return form(pa.array(range(len(values)))).to_pylist()

    days = pd.Series(pd.to_datetime(["1969-12-31", None]))
    assert run(days, pa.date32()) == [dt.date(1969, 12, 31), None]
    assert run(days, pa.date64()) == [dt.date(1969, 12, 31), None]
    assert run(pd.Series([1, 2]), pa.decimal128(5, 2)) == [Decimal("1.00"), Decimal(2)]
    assert run(pd.Series([1.0, np.nan]), pa.int64()) == [1, None]
    assert run(np.array([b"a", b"bc"]), pa.string()) == ["a", "bc"]
    big_endian = pd.Series(np.array([1.5], dtype=">f8"))
    assert run(big_endian, pa.float64()) == [1.5]
    assert run(pd.Series([pd.NA, 1], dtype=object), pa.int64()) == [None, 1]


def test_skipped_rows_are_not_given_and_are_null():
    sizes = []

    def half(n, m):
        sizes.append((len(n), str(n.dtype)))
        return n // 2

    form = form_of(
        half,
        mode="pandas",
        return_type=pa.int64(),
        input_types=[pa.int64(), pa.string()],
        null_handling="skip",
    )
    n = pa.array([4, None, 8, 10], pa.int64())
    result = form(n, pa.array(["a", "b", None, "d"]))
    assert result.to_pylist() == [2, None, None, 5]
    assert form(n, pa.array([None] * 4, pa.string())).to_pylist() == [None] * 4
    assert sizes == [(2, "int64")]


def test_skipped_rows_may_be_null_where_the_result_may_not():
    never_null = pa.field("r", pa.int64(), nullable=False)
    options = {"return_type": never_null, "input_types": [pa.int64()], "mode": "pandas"}
    skipping = udf(same, null_handling="skip", **options)
    assert query(skipping, pa.array([1, None])).to_pylist() == [1, None]
    with pytest.raises(UdfResultError, match=r"declared without nulls"):
        query(udf(same, **options), pa.array([1, None]))


def test_an_exception_comes_with_the_users_frames_only():
    @udf(return_type=pa.int64(), input_types=[pa.int64()])
    def failing(n: pd.Series) -> pd.Series:
        raise LookupError(f"no {n.iloc[0]}")

    with pytest.raises(UdfExecutionError, match=r"LookupError: no 5") as caught:
        query(failing, pa.array([5]))
    text = caught.value.traceback_text
    assert "in failing" in text
    assert "raise LookupError" in text
    assert "column_modes" not in text


def test_hints_choose_the_mode_and_are_checked():
    types = {"return_type": pa.int64(), "input_types": [pa.int64()]}

    def series(x: pd.Series) -> pd.Series:
        return x

    def mixed(x: pd.Series) -> int:
        return 1

    def frame(x: pd.DataFrame) -> pd.Series:
        return x

    assert udf(series, **types).mode == "pandas"
    assert udf(same, mode="pandas", **types).mode == "pandas"
    assert udf(series, mode="arrow", **types).mode == "arrow"
    for function, options, message in [
        (series, {}, "'x' has no type: its hint does not say.*Pass input_types"),
        (mixed, types, "'x' is hinted as a pandas object, The result is hinted as a Py"),
        (frame, types, "only a struct comes as one"),
        (series, {**types, "input_types": [POINT]}, "a struct comes as pd.DataFrame"),
        (series, {**types, "dtype_backend": "arrow"}, "no dtype_backend 'arrow': use"),
        (same, {**types, "dtype_backend": "numpy"}, "this one is of mode 'arrow'"),
    ]:
        with pytest.raises(UdfDefinitionError, match=message):
            udf(function, **options)
    with pytest.raises(
        UdfDefinitionError, match=r"without arguments is not possible in p"
    ):
        udf(lambda: 1, return_type=pa.int64(), input_types=[], mode="pandas")


def test_a_definition_keeps_mode_and_dtype_backend():
    function = udf(
        lambda s: pd.Series([str(s.dtype)] * len(s)),
        [pa.int64()],
        pa.string(),
        name="dtype",
        mode="pandas",
        dtype_backend="pyarrow",
    )
    arrived = Udf.from_bytes(function.to_bytes())
    assert arrived.mode == "pandas"
    for each in (function, arrived, arrived.with_name("other")):
        assert query(each, pa.array([1])).to_pylist() == ["int64[pyarrow]"]
    assert "pandas: called once per batch, with Series" in function.explain()
    assert isinstance(function(pd.Series([1.0])), pd.Series), "the plain function"


def test_constants_and_registration_with_keywords():
    context = open_context()
    context.register_udf(
        lambda n: n * 2,
        name="twice",
        return_type=pa.int64(),
        input_types=[pa.int64()],
        mode="pandas",
        dtype_backend="numpy_nullable",
    )
    assert context.sql("SELECT twice(21) AS r").to_pydict() == {"r": [42]}
    twice = context.udf("twice")
    frame = context.sql("SELECT 1 AS n").select(twice(lit(4)).alias("r"))
    assert frame.to_pydict() == {"r": [8]}


@pytest.mark.parametrize("package", ["pandas", "numpy"])
def test_a_missing_package_is_named_with_the_way_to_get_it(package, tmp_path):
    (tmp_path / f"{package}.py").write_text(f"raise ImportError('no {package} here')")
    script = (
        "import pyarrow as pa, springald\n"
        "try: springald.udf(lambda x: x, [pa.int64()], pa.int64(), "
        f"mode={package!r})\n"
        "except springald.UdfDefinitionError as error: print(error)\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert f"needs the package {package}" in run.stdout, run.stderr
    assert f"pip install {package}" in run.stdout


def test_pandas_is_not_needed_where_it_is_not_used(tmp_path):
    (tmp_path / "pandas.py").write_text("raise ImportError('no pandas here')")
    script = (
        "import pyarrow as pa\n"
        "from springald import BallistaSessionContext, udf\n"
        "ctx = BallistaSessionContext()\n"
        "for mode in ('arrow', 'row', 'numpy'):\n"
        "    f = udf(lambda x: x, [pa.int64()], pa.int64(), mode=mode)\n"
        "    ctx.register_udf(f, name='f')\n"
        "    print(ctx.sql('SELECT f(1) AS r').to_pydict())\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", script],
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert run.stdout.splitlines() == ["{'r': [1]}"] * 3, run.stderr
