#include "springald/python/result_collector.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "springald/python/python_testing.h"

namespace springald::python {

namespace {

// What pyarrow makes of lists of values is what the collector has to make of them.
constexpr const char* kValues = R"(
import datetime as dt
import decimal, enum, random, uuid
from zoneinfo import ZoneInfo
import numpy as np

class Int(int): pass
class Float(float): pass
class Str(str): pass
class Bytes(bytes): pass
class Date(dt.date): pass
class Moment(dt.datetime): pass
class Color(enum.IntEnum): RED = 1
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
ODD = [None, True, False, Int(7), Float(2.5), Str('s'), Bytes(b's'), Color.RED,
       np.bool_(True), np.int8(-3), np.int64(5), np.uint64(2**64 - 1), np.float32(1.5),
       np.float64(2.5), np.float16(0.5), np.float64('nan'), np.str_('np'),
       np.bytes_(b'np'),
       np.datetime64('2024-01-01'), np.datetime64('2024-01-01T00:00:00.000001'),
       decimal.Decimal('1.5'), 1j, bytearray(b'ba'), memoryview(b'mv'), [], [1], (), {},
       object(), dt.time(1), dt.timedelta(1), uuid.UUID(int=5), Raises(),
       pa.scalar(5), pa.scalar('s')]
POOL = INTEGERS + REALS + TEXTS + BYTES + DAYS + MOMENTS + ODD

TYPES = [pa.bool_(), pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(),
         pa.uint16(), pa.uint32(), pa.uint64(), pa.float32(), pa.float64(), pa.utf8(),
         pa.large_utf8(), pa.string_view(), pa.binary(), pa.large_binary(),
         pa.binary_view(), pa.date32()]
TYPES += [pa.timestamp(unit, zone) for unit in ('s', 'ms', 'us', 'ns')
          for zone in (None, 'UTC', 'Europe/Zurich')]

def expected(values, type_):
    try:
        return pa.array(values, type_), None
    except Exception as error:
        return None, type(error)

def first_refused(values, type_):
    return next(i for i, v in enumerate(values) if expected([v], type_)[1])

def same(actual, wanted):
    actual.validate(full=True)
    # Numbers, because not each is one that Python's calendar knows.
    storages = {wanted.type: wanted.type, pa.date32(): pa.int32()}
    storage = pa.int64() if pa.types.is_timestamp(wanted.type) else storages[wanted.type]
    return (actual.type == wanted.type and actual.null_count == wanted.null_count
            and repr(actual.cast(storage).to_pylist())
                == repr(wanted.cast(storage).to_pylist()))

def accepted(type_):
    return [v for v in POOL if expected([v], type_)[1] is None]

def lists(type_):
    good = accepted(type_)
    exact = [v for v in good
             if type(v) in (bool, int, float, str, bytes, dt.date, dt.datetime)]
    yield []
    yield [None] * 3
    yield exact
    yield good
    for value in POOL:
        yield [value]
        yield [exact[0], None, exact[-1], value, exact[0], None]
    rng = random.Random(str(type_))
    for _ in range(20):
        yield rng.choices(good, k=rng.randrange(1, 70))
        yield rng.choices(exact + [None], k=rng.randrange(1, 70))
    for _ in range(20):
        yield rng.choices(good, k=30) + rng.choices(POOL, k=1) + rng.choices(good, k=5)
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
      python_.Set("actual", *collected);
      ASSERT_TRUE(python_.IsTrue("same(actual, wanted)"))
          << python_.Text("type_, values, actual, wanted");
      return;
    }
    ASSERT_FALSE(collected.ok()) << python_.Text("type_, values, error");
    const UdfErrorInfo info = GetUdfErrorInfo(collected.status());
    ASSERT_EQ(info.code, UdfErrorCode::kResult) << collected.status().ToString();
    ASSERT_TRUE(info.row.has_value()) << info.message;
    ASSERT_EQ(std::to_string(*info.row), python_.Text("first_refused(values, type_)"))
        << python_.Text("type_, values");
    ASSERT_NE(info.message.find("which is not a " + python_.Type("type_")->ToString()),
              std::string::npos)
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
    for (const char* pick : {"good[0]", "good[-1]"}) {
      const PyRef value = python_.Eval(pick);
      PyObject* const values[] = {nullptr, value.get(), nullptr, nullptr};
      auto collector = MakeResultCollector(python_.Type("type_"), 4).ValueOrDie();
      ASSERT_TRUE(collector->Append(values, 4).ok());
      const auto column = collector->Finish().ValueOrDie();
      EXPECT_EQ(column->null_count(), 3) << python_.Text("type_");
      EXPECT_TRUE(column->IsValid(1)) << python_.Text("type_");
      EXPECT_TRUE(column->ValidateFull().ok());
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

TEST_F(ResultCollectorTest, RefusesTypesThatRowModeDoesNotReturn) {
  for (const char* type : {"pa.null()", "pa.list_(pa.int8())", "pa.time64('us')",
                           "pa.decimal128(5, 2)", "pa.float16()"}) {
    ExpectUdfError(
        MakeResultCollector(python_.Type(type), 1).status(),
        UdfErrorCode::kInvalidDefinition,
        "row mode cannot return values of type " + python_.Type(type)->ToString());
  }
}

}  // namespace

}  // namespace springald::python
