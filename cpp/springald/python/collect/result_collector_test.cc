#include "springald/python/collect/result_collector.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "springald/python/python_testing.h"

namespace springald::python {

namespace {

// What pyarrow makes of lists of values is what the collector has to make of them.
constexpr const char* kValues = R"(
import collections, datetime as dt
import decimal, enum, random, uuid
from zoneinfo import ZoneInfo
import numpy as np

class Int(int): pass
class Float(float): pass
class Str(str): pass
class Bytes(bytes): pass
class Date(dt.date): pass
class Moment(dt.datetime): pass
class Clock(dt.time): pass
class Span(dt.timedelta): pass
class Index(dict): pass
class Color(enum.IntEnum): RED = 1
Point = collections.namedtuple('Point', 'a b')
class Raises:
    def __index__(self): raise RuntimeError('no index')
    __float__ = __str__ = __index__

UTC = dt.timezone.utc
EAST = dt.timezone(dt.timedelta(hours=5, minutes=30))
INTEGERS = [0, 1, -1, 100, 256, 257, 127, 128, -128, -129, 2**15, 2**16, 2**24, 2**24 + 1,
            2**30, -2**30, 2**31, -2**31, -2**31 - 1, 2**32, 2**53, 2**53 + 1, -2**53 - 1,
            2**60, 2**63 - 1, 2**63, -2**63, -2**63 - 1, 2**64 - 1, 2**64, 10**30]
REALS = [0.0, -0.0, 1.5, 1.0, -2.25, 1e30, 1e300, float('nan'), float('inf')]
TEXTS = ['', 'a', 'zoë', '𝄞', 'x' * 300, 'with \0 inside', '\ud800', 'a\udfff']
BYTES = [b'', b'a', b'\xff', b'x' * 300]
DAYS = [dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.date(1969, 12, 31), Date(2024, 1, 1)]
MOMENTS = [dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59, 999999),
           dt.datetime(1969, 12, 31, 23, 59, 59, 999999), dt.datetime(1970, 1, 1),
           dt.datetime(1969, 12, 31, 23, 59, 58, 1), dt.datetime(2262, 4, 11, 23, 47, 16),
           dt.datetime(2024, 2, 29, 1, 2, 3, 4), dt.datetime(1677, 9, 21, 0, 12, 43),
           dt.datetime(2024, 2, 29, 1, 2, 3, 4, UTC),
           dt.datetime(2024, 2, 29, tzinfo=EAST),
           dt.datetime(2024, 7, 1, tzinfo=ZoneInfo('Europe/Zurich')), Moment(2024, 1, 1),
           dt.datetime(2024, 10, 27, 2, 30, fold=1)]
TIMES = [dt.time(0), dt.time(23, 59, 59, 999999), dt.time(1, 2, 3, 4, UTC),
         dt.time(12, 30, fold=1), Clock(5)]
DELTAS = [dt.timedelta(0), dt.timedelta(microseconds=-1), dt.timedelta(-1, 5, 1999),
          dt.timedelta.max, dt.timedelta.min, dt.timedelta(106751, 14454, 775807),
          dt.timedelta(106751, 14454, 775808), dt.timedelta(-106752, 71945, 224192),
          dt.timedelta(-106752, 71945, 224191), dt.timedelta(106751991, 14454),
          dt.timedelta(106751991, 14455), dt.timedelta(-106751992, 71945),
          dt.timedelta(-106751992, 71945, 224192), dt.timedelta(-106751992, 71944),
          Span(1)]
DECIMALS = [decimal.Decimal(text) for text in
            ('0', '-0', '0.00', '1.5', '-1.25', '123.45', '1234.5', '1.230', '1.234',
             '12300', '1E+2', '1.5E+3', '0E+5', '0E-10', '1E+40', '1E-40', 'NaN', 'sNaN',
             'Infinity', '-Infinity', '9' * 38, '0.' + '9' * 9, '9' * 80)]
NESTED = [[], [1], [b'\xff'], {'b': b'\xff'}, [1, 2], [1, 2, 3], [None], [True], ['a',
          'b'], [b'a'], ['a', 5], (), (1, 2),
          (3,), {1, 2}, frozenset([5]), range(2), {}, {'a': 1}, {'a': None}, {'b': 'x'},
          {'a': 1, 'b': 'x', 'c': 0}, {'a': 300}, {'a': 'no'}, [{'a': 1}, None],
          [{'a': 'x'}],
          [('a', 1)], [('a', [1])], [(None, 1)], [('a', 1, 2)], {1: 2}, {'a': [1, 2]},
          [[1], None, [2, 3]], [[[1]]], np.array([1, 2]), np.array([1.5]),
          np.array([[1, 2]]),
          np.array(['a']), pa.array([1, 2]), (1, 2, 3), Point(1, 'x'),
          pa.MonthDayNano([1, 2, 3]), Index({'a': 7}), [float('nan')], [300], [2**40],
          [uuid.UUID(int=7)], {'a': uuid.UUID(int=7)}, [dt.date(2024, 1, 1)]]
ODD = [None, True, False, Int(7), Float(2.5), Str('s'), Bytes(b's'), Color.RED,
       np.bool_(True), np.int8(-3), np.int64(5), np.uint64(2**64 - 1), np.float32(1.5),
       np.float64(2.5), np.float16(0.5), np.float64('nan'), np.str_('np'),
       np.bytes_(b'np'),
       np.datetime64('2024-01-01'), np.datetime64('2024-01-01T00:00:00.000001'),
       np.timedelta64(5, 'us'), 1j, bytearray(b'ba'), memoryview(b'mv'), object(),
       uuid.UUID(int=5), Raises(), pa.scalar(5), pa.scalar('s'), b'x' * 16, 'y' * 16,
       '{}',
       b'abc', 'abc', bytearray(b'abc')]
try:
    import pandas as pd
    ODD += [pd.NaT, pd.NA, pd.Timestamp(2024, 1, 1), pd.Timestamp(5), pd.Timedelta(5),
            pd.Timestamp('2024-01-01', tz='Europe/Zurich'), pd.DateOffset(months=1)]
except ImportError:
    pass
POOL = (INTEGERS + REALS + TEXTS + BYTES + DAYS + MOMENTS + TIMES + DELTAS + DECIMALS
        + NESTED + ODD)

TYPES = [pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(),
         pa.uint16(), pa.uint32(), pa.uint64(), pa.float32(), pa.float64(), pa.utf8(),
         pa.large_utf8(), pa.string_view(), pa.binary(), pa.large_binary(),
         pa.binary_view(), pa.date32()]
TYPES += [pa.float16(), pa.date64(), pa.time32('s'), pa.time32('ms'), pa.time64('us'),
          pa.time64('ns'), pa.decimal32(5, 2), pa.decimal64(12, 3), pa.decimal128(5, 2),
          pa.decimal128(38, 10), pa.decimal128(5, -2), pa.decimal128(9, 9),
          pa.decimal256(50, 2), pa.binary(3), pa.binary(16), pa.null(),
          pa.month_day_nano_interval()]
TYPES += [pa.duration(unit) for unit in ('s', 'ms', 'us', 'ns')]
POINT = pa.struct([('a', pa.int8()), ('b', pa.utf8())])
TYPES += [pa.list_(pa.int8()), pa.large_list(pa.utf8()), pa.list_view(pa.int64()),
          pa.large_list_view(pa.binary()), pa.list_(pa.int8(), 2), POINT, pa.list_(POINT),
          pa.struct([]), pa.struct([pa.field('a', pa.int64(), nullable=False)]),
          pa.map_(pa.utf8(), pa.int8()), pa.map_(pa.utf8(), pa.list_(pa.int8())),
          pa.map_(pa.int8(), pa.int8(), keys_sorted=True),
          pa.list_(pa.list_(pa.list_(pa.int8()))), pa.list_(pa.date32()),
          pa.list_(pa.field('element', pa.float64(), metadata={'k': 'v'})),
          pa.list_(pa.dictionary(pa.int8(), pa.utf8())), pa.struct([('a',
          pa.binary(16))])]
TYPES += [pa.dictionary(pa.int8(), pa.utf8()), pa.dictionary(pa.uint16(), pa.int64()),
          pa.dictionary(pa.int64(), pa.binary(3)), pa.dictionary(pa.int32(), pa.bool_()),
          pa.run_end_encoded(pa.int32(), pa.int64()),
          pa.run_end_encoded(pa.int16(), pa.utf8()),
          pa.run_end_encoded(pa.int64(), pa.list_(pa.int8()))]
TYPES += [pa.uuid(), pa.json_(), pa.bool8(), pa.fixed_shape_tensor(pa.int8(), [2]),
          pa.opaque(pa.int32(), 'of', 'them')]
TYPES += [pa.timestamp(unit, zone) for unit, zone in
          [('s', None), ('ms', 'UTC'), ('us', None), ('us', 'Europe/Zurich'), ('ns',
          None),
           ('ns', 'UTC')]]

def expected(values, type_):
    try:
        return pa.array(values, type_), None
    except Exception as error:
        return None, name_of(type(error))

def name_of(class_):
    module = class_.__module__
    return class_.__name__ if module == 'builtins' else module + '.' + class_.__name__

def dies(value, type_):
    """Whether pyarrow ends the process."""
    inner = pa.types.is_list(type_) and pa.types.is_dictionary(type_.value_type)
    return (pa.types.is_map(type_) and type(value) is list and None in value
            or pa.types.is_dictionary(type_) and isinstance(value, pa.Scalar)
            or inner and isinstance(value, pa.Array))

def pool(type_):
    return [v for v in POOL if not dies(v, type_)]

def first_refused(values, type_):
    return next(i for i in range(len(values)) if expected(values[:i + 1], type_)[1])

def accepted(type_):
    return [v for v in pool(type_) if expected([v], type_)[1] is None]

def lists(type_):
    good = accepted(type_)
    exact = [v for v in good
             if type(v) in (bool, int, float, str, bytes, dt.date, dt.datetime, dt.time,
                            dt.timedelta, decimal.Decimal, list, dict)] or [None]
    yield []
    yield [None] * 3
    yield exact
    yield good
    for value in pool(type_):
        yield [exact[0], None, exact[-1], value, exact[0], None]
    rng = random.Random(str(type_))
    for _ in range(8):
        yield rng.choices(good, k=rng.randrange(1, 70))
        yield rng.choices(exact + [None], k=rng.randrange(1, 70))
    for _ in range(8):
        yield rng.choices(good, k=30) + rng.choices(pool(type_),
        k=1) + rng.choices(good, k=5)
)";

class ResultCollectorTest : public PythonTest {
 protected:
  /// Collects the objects of a list in blocks of `num_block_values`.
  arrow::Result<std::shared_ptr<arrow::Array>> Collect(
      PyObject* list, const std::shared_ptr<arrow::DataType>& type,
      int64_t num_block_values) {
    const int64_t num_values = PyList_GET_SIZE(list);
    ARROW_ASSIGN_OR_RAISE(auto collector, MakeResultCollector(type, num_values));
    const std::vector<PyObject*> values(&PyList_GET_ITEM(list, 0),
                                        &PyList_GET_ITEM(list, 0) + num_values);
    for (int64_t first = 0; first < num_values; first += num_block_values) {
      ARROW_RETURN_NOT_OK(collector->Append(
          values.data() + first, std::min(num_block_values, num_values - first)));
    }
    return collector->Finish();
  }

  /// `values` and `type_` are names in python_.
  void ExpectAsPyarrow(int64_t num_block_values) {
    const PyRef values = python_.Eval("values");
    const auto collected = Collect(values.get(), python_.Type("type_"), num_block_values);
    python_.Run("wanted, error = expected(values, type_)");
    if (python_.IsTrue("error is None")) {
      ASSERT_TRUE(collected.ok())
          << python_.Text("type_, values") << collected.status().ToString();
      const auto wanted = python_.Column("wanted");
      const auto options =
          arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false);
      ASSERT_TRUE((*collected)->Equals(wanted, options))
          << python_.Text("type_, values, wanted") << (*collected)->ToString();
      ASSERT_TRUE((*collected)->type()->Equals(python_.Type("type_"), true));
      // pyarrow makes dates and times of numbers that are none.
      ASSERT_EQ((*collected)->ValidateFull().ok(), wanted->ValidateFull().ok())
          << python_.Text("type_, values") << (*collected)->ValidateFull().ToString();
      return;
    }
    ASSERT_FALSE(collected.ok()) << python_.Text("type_, values, error");
    const UdfErrorInfo info = GetUdfErrorInfo(collected.status());
    ASSERT_EQ(info.code, UdfErrorCode::kResult) << collected.status().ToString();
    ASSERT_TRUE(info.row.has_value()) << info.message;
    ASSERT_EQ(std::to_string(*info.row), python_.Text("first_refused(values, type_)"))
        << python_.Text("type_, values");
    ASSERT_EQ(info.exception_type, python_.Text("error"));
    // Or: which cannot be in one column of ... with the results before it.
    ASSERT_NE(info.message.find(python_.Type("type_")->ToString()), std::string::npos)
        << info.message;
  }
};

TEST_F(ResultCollectorTest, GivesWhatPyarrowGivesForEveryTypeAndValue) {
  python_.Run(kValues);
  const PyRef types = python_.Eval("TYPES");
  int64_t num_lists = 0;
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(types.get()); ++i) {
    python_.Set("type_", PyList_GET_ITEM(types.get(), i));
    const PyRef lists = python_.Eval("list(lists(type_))");
    for (Py_ssize_t j = 0; j < PyList_GET_SIZE(lists.get()); ++j) {
      python_.Set("values", PyList_GET_ITEM(lists.get(), j));
      ASSERT_NO_FATAL_FAILURE(ExpectAsPyarrow(1 + num_lists++ % 33));
    }
  }
  EXPECT_GT(num_lists, 5000);
}

TEST_F(ResultCollectorTest, ASkippedRowIsANullInEveryPath) {
  python_.Run(kValues);
  const PyRef types = python_.Eval("TYPES");
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(types.get()); ++i) {
    python_.Set("type_", PyList_GET_ITEM(types.get(), i));
    python_.Run("good = accepted(type_); good = [v for v in good if v is not None]");
    if (!python_.IsTrue("good")) {
      ASSERT_TRUE(python_.IsTrue("type_ == pa.null()")) << python_.Text("type_");
      continue;
    }
    for (const char* pick : {"good[0]", "good[-1]"}) {
      const PyRef value = python_.Eval(pick);
      PyObject* const values[] = {nullptr, value.get(), nullptr, nullptr};
      auto collector = MakeResultCollector(python_.Type("type_"), 4).ValueOrDie();
      ASSERT_TRUE(collector->Append(values, 4).ok());
      const auto column = collector->Finish().ValueOrDie();
      EXPECT_EQ(column->ComputeLogicalNullCount(), 3) << python_.Text("type_");
      EXPECT_TRUE(column->IsValid(1)) << python_.Text("type_");
      EXPECT_TRUE(column->Validate().ok());
    }
  }
}

TEST_F(ResultCollectorTest, ErrorsNameTheValueItsClassAndTheRow) {
  const PyRef values = python_.Eval("[1, 2, None, 'three', 'four']");
  const auto info = ExpectUdfError(
      Collect(values.get(), arrow::int64(), 2).status(), UdfErrorCode::kResult,
      "the function returned 'three' (str), which is not a int64: ");
  EXPECT_EQ(info.row, 3);
  EXPECT_EQ(info.exception_type, "pyarrow.lib.ArrowInvalid");
  EXPECT_TRUE(info.traceback.empty());
}

TEST_F(ResultCollectorTest, ErrorsCutLongValues) {
  const PyRef values = python_.Eval("['x' * 100_000]");
  const auto info = ExpectUdfError(Collect(values.get(), arrow::int64(), 1).status(),
                                   UdfErrorCode::kResult, "xxx... (str)");
  EXPECT_LT(info.message.size(), 20000u);
}

TEST_F(ResultCollectorTest, AKeyboardInterruptIsNotTakenForARefusedValue) {
  python_.Run(
      "import datetime as dt\n"
      "class Interrupts(dt.tzinfo):\n"
      "    def utcoffset(self, moment): raise KeyboardInterrupt\n");
  const PyRef values = python_.Eval("[dt.datetime(2024, 1, 1, tzinfo=Interrupts())]");
  const auto type = arrow::timestamp(arrow::TimeUnit::MICRO);
  const auto status = Collect(values.get(), type, 1).status();
  const auto info = ExpectUdfError(status, UdfErrorCode::kInterrupted, "");
  EXPECT_EQ(info.exception_type, "KeyboardInterrupt");
  EXPECT_FALSE(info.row.has_value());
}

TEST_F(ResultCollectorTest, KeepsNoReferences) {
  python_.Run("class Int(int): pass");
  for (const char* expression :
       {"[300, 2**40, None]", "[300, Int(5), 2**40]", "[300, 'no number', 2**40]"}) {
    const PyRef values = python_.Eval(expression);
    std::vector<Py_ssize_t> before;
    for (Py_ssize_t i = 0; i < 3; ++i) {
      before.push_back(Py_REFCNT(PyList_GET_ITEM(values.get(), i)));
    }
    static_cast<void>(Collect(values.get(), arrow::int64(), 2));
    for (std::size_t i = 0; i < 3; ++i) {
      if (PyList_GET_ITEM(values.get(), i) != Py_None) {
        EXPECT_EQ(Py_REFCNT(PyList_GET_ITEM(values.get(), i)), before[i]) << expression;
      }
    }
  }
}

TEST_F(ResultCollectorTest, MakesTypesThatPyarrowMakesOnlyOfOtherArrays) {
  python_.Run(
      "import uuid\n"
      "U = uuid.UUID(int=5)\n"
      "class Label(pa.ExtensionType):\n"
      "    def __init__(self): super().__init__(pa.utf8(), 'collector.label')\n"
      "    def __arrow_ext_serialize__(self): return b''\n"
      "    @classmethod\n"
      "    def __arrow_ext_deserialize__(cls, storage, data): return cls()\n"
      "CASES = [\n"
      "    (pa.list_(pa.uuid()), [[U, None], None, []]),\n"
      "    (pa.struct([('a', pa.uuid()), ('b', pa.list_(pa.json_()))]),\n"
      "     [{'a': U, 'b': ['1']}, None, {'a': None, 'b': []}]),\n"
      "    (pa.map_(pa.utf8(), pa.uuid()), [[('a', U)], None]),\n"
      "    (pa.list_(pa.run_end_encoded(pa.int32(), pa.int64())), [[1, 1, 2], None]),\n"
      "    (pa.dictionary(pa.int8(), pa.list_(pa.int8())), [[1], None, [2], [1]]),\n"
      "    (pa.dictionary(pa.int8(), pa.string_view()), ['a', None, 'a' * 30]),\n"
      "    (pa.dictionary(pa.int8(), pa.uuid()), [U, None, U]),\n"
      "    (pa.dictionary(pa.uint8(), pa.date32()), [__import__('datetime')\n"
      "        .date(2024, 1, 1), None]),\n"
      "    (pa.run_end_encoded(pa.int16(), pa.string_view()), ['a', 'a', None]),\n"
      "    (pa.run_end_encoded(pa.int16(), pa.uuid()), [U, U, None]),\n"
      "    (pa.run_end_encoded(pa.int16(), pa.dictionary(pa.int8(), pa.utf8())),\n"
      "     ['a', 'a', None]),\n"
      "    (pa.list_(Label()), [['a', None], None]),\n"
      "    (Label(), ['a', None])]\n");
  const PyRef cases = python_.Eval("CASES");
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(cases.get()); ++i) {
    python_.Set("case", PyList_GET_ITEM(cases.get(), i));
    const PyRef values = python_.Eval("case[1]");
    const auto type = python_.Type("case[0]");
    const auto column = Collect(values.get(), type, 2);
    ASSERT_TRUE(column.ok()) << type->ToString() << column.status().ToString();
    EXPECT_TRUE((*column)->ValidateFull().ok()) << (*column)->ValidateFull().ToString();
    EXPECT_TRUE((*column)->type()->Equals(type, /*check_metadata=*/true));
    python_.Set("column", *column);
    EXPECT_EQ(python_.Text("column.to_pylist()"), python_.Text("case[1]"));
    const PyRef refused = python_.Eval("[object()]");
    ExpectUdfError(Collect(refused.get(), type, 1).status(), UdfErrorCode::kResult,
                   "which is not a " + type->ToString());
    const PyRef none = python_.Eval("[]");
    EXPECT_EQ(Collect(none.get(), type, 1).ValueOrDie()->length(), 0);
  }
}

TEST_F(ResultCollectorTest, OutlivesWhatEndsPyarrow) {
  const auto map = python_.Type("pa.map_(pa.utf8(), pa.map_(pa.utf8(), pa.int8()))");
  const auto around = arrow::struct_({arrow::field("m", arrow::list(map))});
  for (const char* value : {"[None]", "[('a', None), None]", "(None,)",
                            "[pa.scalar(None)]", "[('a', [('b', 1), None])]",
                            "{'a': [None]}", "{'a': [('b', None)], 'c': (None,)}"}) {
    for (const char* form : {"[[], %]", "[{'m': []}, {'m': [%]}]", "[([],), ([%],)]",
                             "[[('m', [])], [('m', [None, %])]]"}) {
      std::string values = form;
      values.replace(values.find('%'), 1, value);
      const auto& type = form[1] == '[' && form[2] == ']' ? map : around;
      const PyRef list = python_.Eval(values);
      const auto info = ExpectUdfError(Collect(list.get(), type, 1).status(),
                                       UdfErrorCode::kResult, "entry of the map is None");
      EXPECT_EQ(info.row, 1) << values;
      EXPECT_EQ(info.exception_type, "ValueError");
    }
  }
  const PyRef scalars = python_.Eval("[pa.scalar('a'), None, pa.scalar('a')]");
  const auto column =
      Collect(scalars.get(), arrow::dictionary(arrow::int8(), arrow::utf8()), 1);
  python_.Set("column", column.ValueOrDie());
  EXPECT_TRUE(python_.IsTrue("column.to_pylist() == ['a', None, 'a']"));
}

TEST_F(ResultCollectorTest, ADictionaryThatIsTooSmallForItsValuesIsAnError) {
  const PyRef values = python_.Eval("list(range(300))");
  const auto type = arrow::dictionary(arrow::int8(), arrow::int64());
  const auto info =
      ExpectUdfError(Collect(values.get(), type, 64).status(), UdfErrorCode::kResult,
                     "the batch's 300 results cannot be put into one column: ");
  EXPECT_FALSE(info.row.has_value());
  EXPECT_NE(info.message.find("cannot hold 300 different values, only 128"),
            std::string::npos)
      << info.message;
}

TEST_F(ResultCollectorTest, MoreRunsThanTheirEndsCanNumberAreAnError) {
  const PyRef values = python_.Eval("[1] * 40_000");
  const auto type = arrow::run_end_encoded(arrow::int16(), arrow::int64());
  ExpectUdfError(Collect(values.get(), type, 64).status(), UdfErrorCode::kResult,
                 "cannot hold 40000 rows, only 32767");
}

TEST_F(ResultCollectorTest, FindsTheFirstOfManyRefusedValuesInFewSteps) {
  python_.Run(
      "count = 0\n"
      "class Counted:\n"
      "    def __index__(self):\n"
      "        global count\n"
      "        count += 1\n"
      "        return 5\n");
  for (const char* position : {"0", "1", "77_777", "99_999"}) {
    python_.Run("count = 0");
    const PyRef values = python_.Eval("[Counted() if i < " + std::string(position) +
                                      " else 'no' for i in range(100_000)]");
    const auto info = ExpectUdfError(Collect(values.get(), arrow::int64(), 64).status(),
                                     UdfErrorCode::kResult, "returned 'no' (str)");
    EXPECT_EQ(info.row, std::stoi(python_.Text(position)));
    EXPECT_TRUE(python_.IsTrue("count <= 2_000_000")) << python_.Text("count");
  }
}

TEST_F(ResultCollectorTest, RefusesTypesThatPyarrowMakesOfNoValues) {
  for (const char* text :
       {"pa.dense_union([pa.field('a', pa.int8())])",
        "pa.sparse_union([pa.field('a', pa.int8())])",
        "pa.list_(pa.struct([('a', pa.dense_union([pa.field('a', pa.int8())]))]))"}) {
    const auto type = python_.Type(text);
    ExpectUdfError(MakeResultCollector(type, 1).status(),
                   UdfErrorCode::kInvalidDefinition,
                   "row mode cannot return values of type " + type->ToString());
  }
  for (const auto& type :
       {arrow::month_interval(), arrow::day_time_interval(),
        arrow::list(arrow::month_interval()),
        arrow::dictionary(arrow::int8(), arrow::day_time_interval())}) {
    ExpectUdfError(MakeResultCollector(type, 1).status(),
                   UdfErrorCode::kInvalidDefinition, "row mode cannot return");
  }
}

}  // namespace

}  // namespace springald::python
