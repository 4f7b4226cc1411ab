#include "springald/python/boxer.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "springald/python/python_testing.h"

namespace springald::python {

namespace {

// Names of (type, values) pairs; a column is made of each in several forms.
constexpr const char* kColumns = R"(
import datetime as dt
import itertools

def whole(bits, signed):
    top = 2 ** (bits - signed) - 1
    low = -top - 1 if signed else 0
    middle = [v for v in (-6, -5, -1, 0, 1, 256, 257, 2**30 - 1, 2**30, 2**30 + 1,
                          -2**30, -2**30 + 1) if low <= v <= top]
    return [low, top, low + 1, top - 1, *middle]

MOMENTS = [dt.datetime(1, 1, 1), dt.datetime(9999, 12, 31, 23, 59, 59),
           dt.datetime(1969, 12, 31, 23, 59, 59), dt.datetime(1970, 1, 1),
           dt.datetime(2024, 2, 29, 12, 30, 15), dt.datetime(2024, 3, 31, 1, 0),
           dt.datetime(2024, 10, 27, 0, 30), dt.datetime(2024, 10, 27, 1, 30)]
TEXTS = ['', 'a', 'zoë', '\x7f\x80', 'exactly 12 by', 'twelve bytes', '𝄞' * 5,
         'x' * 1000, 'with \0 inside', 'ascii only, but longer than a view']
ASCII = ['', 'a', 'seven b', 'eight by', 'nine byte', 'x' * 100]
BYTES = [t.encode() for t in TEXTS] + [bytes(range(256)), b'\xff\xfe']
DAYS = [dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.date(1969, 12, 31),
        dt.date(1970, 1, 1), dt.date(2000, 2, 29), dt.date(1900, 3, 1)]
REALS = [0.0, -0.0, 1.5, -2.25, float('inf'), float('-inf'), float('nan'), 1e30,
         2.0**-126]

FAMILIES = [(pa.bool_(), [True, False, False, True, True])]
for bits in (8, 16, 32, 64):
    FAMILIES.append((getattr(pa, f'int{bits}')(), whole(bits, True)))
    FAMILIES.append((getattr(pa, f'uint{bits}')(), whole(bits, False)))
FAMILIES += [(t, REALS) for t in (pa.float32(), pa.float64())]
for values in (TEXTS, ASCII):
    FAMILIES += [(t, values) for t in (pa.utf8(), pa.large_utf8(), pa.string_view())]
FAMILIES += [(t, BYTES) for t in (pa.binary(), pa.large_binary(), pa.binary_view())]
FAMILIES.append((pa.date32(), DAYS))
for unit in ('s', 'ms', 'us'):
    FAMILIES.append((pa.timestamp(unit), MOMENTS))
    for zone in ('UTC', 'Europe/Zurich', '+05:30', 'America/New_York'):
        inner = MOMENTS[2:]  # those that stay in range in every zone
        FAMILIES.append((pa.timestamp(unit, zone), inner))

def forms(type_, values):
    values = list(values) * (40 // len(values) + 1)
    some = [None if i % 3 == 1 else v for i, v in enumerate(values)]
    yield pa.array(values, type_)
    yield pa.array(some, type_)
    yield pa.array([None] * 9, type_)
    yield pa.array([], type_)
    for full in (pa.array(values, type_), pa.array(some, type_)):
        for offset in (1, 3, 7, 8, 13):
            yield full.slice(offset)
            yield full.slice(offset, 5)
            yield full.slice(offset, 0)

COLUMNS = [c for t, values in FAMILIES for c in forms(t, values)]

def describe(values):
    return [(type(v), repr(v), getattr(v, 'fold', 0)) for v in values]
)";

class BoxerTest : public PythonTest {
 protected:
  /// Boxes the column in blocks, with the values of one block given to the next.
  /// `take` is called with a tuple of each block's values.
  void BoxInBlocks(const std::shared_ptr<arrow::Array>& column, int64_t num_block_rows,
                   PyObject* take) {
    const auto boxer = MakeBoxer(*column->data()).ValueOrDie();
    std::vector<PyObject*> values(static_cast<std::size_t>(num_block_rows), nullptr);
    for (int64_t first = 0; first < column->length(); first += num_block_rows) {
      const int64_t num_rows = std::min(num_block_rows, column->length() - first);
      ASSERT_EQ(boxer->Box(first, num_rows, values.data()), num_rows);
      const PyRef block = PyRef::Steal(PyTuple_New(num_rows));
      for (int64_t i = 0; i < num_rows; ++i) {
        Py_INCREF(values[static_cast<std::size_t>(i)]);
        PyTuple_SET_ITEM(block.get(), i, values[static_cast<std::size_t>(i)]);
      }
      ASSERT_TRUE(PyRef::Steal(PyObject_CallOneArg(take, block.get())));
    }
    for (PyObject* value : values) {
      Py_XDECREF(value);
    }
  }

  /// `taken` in Python then holds what `take` (an expression) was given.
  void ExpectToPylist(const std::string& take) {
    python_.Run(kColumns);
    const PyRef columns = python_.Eval("COLUMNS");
    const Py_ssize_t num_columns = PyList_GET_SIZE(columns.get());
    ASSERT_GT(num_columns, 800);
    for (Py_ssize_t i = 0; i < num_columns; ++i) {
      PyObject* column = PyList_GET_ITEM(columns.get(), i);
      python_.Set("column", column);
      python_.Run("taken = []");
      const PyRef callable = python_.Eval(take);
      BoxInBlocks(UnwrapArray(column), 7, callable.get());
      ASSERT_TRUE(python_.IsTrue("taken == describe(column.to_pylist())"))
          << python_.Text("(column.type, column.offset, column, taken)");
    }
  }

  /// Boxes all rows; expects an exception of `type` at `row` whose text holds `piece`.
  void ExpectRaises(const std::string& column, int64_t row, PyObject* type,
                    const std::string& piece) {
    const auto array = python_.Column(column);
    const auto boxer = MakeBoxer(*array->data()).ValueOrDie();
    std::vector<PyObject*> values(static_cast<std::size_t>(array->length()), nullptr);
    EXPECT_EQ(boxer->Box(0, array->length(), values.data()), row);
    EXPECT_EQ(values[static_cast<std::size_t>(row)], nullptr);
    ASSERT_NE(PyErr_Occurred(), nullptr);
    EXPECT_TRUE(PyErr_ExceptionMatches(type));
    const auto info = TakeException(UdfErrorCode::kExecution);
    EXPECT_NE(info.message.find(piece), std::string::npos) << info.message;
    for (PyObject* value : values) {
      Py_XDECREF(value);
    }
  }
};

TEST_F(BoxerTest, GivesWhatToPylistGives) {
  ExpectToPylist("lambda block: taken.extend(describe(block))");
}

TEST_F(BoxerTest, ValuesThatAreKeptNeverChange) {
  python_.Run("kept = []");
  python_.Run(kColumns);
  const PyRef columns = python_.Eval("COLUMNS");
  const PyRef keep = python_.Eval("lambda block: kept.extend(block)");
  for (Py_ssize_t i = 0; i < PyList_GET_SIZE(columns.get()); ++i) {
    PyObject* column = PyList_GET_ITEM(columns.get(), i);
    python_.Set("column", column);
    python_.Run("kept.clear()");
    BoxInBlocks(UnwrapArray(column), 3, keep.get());
    ASSERT_TRUE(python_.IsTrue("describe(kept) == describe(column.to_pylist())"))
        << python_.Text("(column.type, column, kept)");
  }
}

TEST_F(BoxerTest, NanosecondsThatAreWholeMicrosecondsAreDatetimes) {
  python_.Run(kColumns);
  python_.Run("taken = []");
  const PyRef take = python_.Eval("lambda block: taken.extend(describe(block))");
  for (const std::string zone : {"None", "'Europe/Zurich'"}) {
    python_.Run("taken.clear()");
    python_.Run("moments = [None, *MOMENTS[2:]]");
    BoxInBlocks(python_.Column("pa.array(moments, pa.timestamp('ns', " + zone + "))"), 3,
                take.get());
    EXPECT_TRUE(python_.IsTrue("taken == describe(pa.array(moments, pa.timestamp('us', " +
                               zone + ")).to_pylist())"));
  }
}

TEST_F(BoxerTest, OtherNanosecondsAreAnErrorThatSaysWhatToDo) {
  ExpectRaises("pa.array([1000, None, -1], pa.timestamp('ns'))", 2, PyExc_ValueError,
               "value -1 is not whole microseconds");
  ExpectRaises("pa.array([2001], pa.timestamp('ns', 'UTC'))", 0, PyExc_ValueError,
               "cast the column to timestamp[us]");
}

TEST_F(BoxerTest, DaysAndMomentsOutsideTheCalendarAreErrors) {
  ExpectRaises("pa.array([-719162, -719163], pa.date32())", 1, PyExc_OverflowError,
               "date32 value -719163 is outside the years 1 to 9999");
  ExpectRaises("pa.array([2932896, 2932897], pa.date32())", 1, PyExc_OverflowError,
               "date32 value 2932897");
  ExpectRaises("pa.array([253402300799, 253402300800], pa.timestamp('s'))", 1,
               PyExc_OverflowError, "timestamp value 253402300800 is outside");
  ExpectRaises("pa.array([-62135596800, -62135596801], pa.timestamp('s'))", 1,
               PyExc_OverflowError, "timestamp value -62135596801 is outside");
  ExpectRaises("pa.array([2**63 - 1], pa.timestamp('s'))", 0, PyExc_OverflowError,
               "timestamp value 9223372036854775807 is outside");
  ExpectRaises("pa.array([-2**63], pa.timestamp('ms'))", 0, PyExc_OverflowError,
               "timestamp value -9223372036854775808 is outside");
}

TEST_F(BoxerTest, BytesThatAreNoTextAreAnError) {
  python_.Run(
      "raw = pa.array([b'ok', b'\\xff'], pa.binary())\n"
      "bad = pa.Array.from_buffers(pa.utf8(), 2, raw.buffers())\n");
  ExpectRaises("bad", 1, PyExc_UnicodeDecodeError, "invalid start byte");
}

TEST_F(BoxerTest, AnUnknownZoneIsAnErrorBeforeAnyRow) {
  const auto column = python_.Column("pa.array([1], pa.timestamp('us', 'No/Where'))");
  ExpectUdfError(MakeBoxer(*column->data()).status(), UdfErrorCode::kExecution,
                 "the time zone 'No/Where' is not known to this Python");
}

TEST_F(BoxerTest, RefusesTypesThatItDoesNotKnow) {
  for (const char* type : {"pa.null()", "pa.list_(pa.int8())", "pa.time32('s')",
                           "pa.decimal128(5, 2)", "pa.duration('s')", "pa.date64()",
                           "pa.binary(4)", "pa.dictionary(pa.int8(), pa.utf8())"}) {
    const auto column = python_.Column(std::string("pa.nulls(2, ") + type + ")");
    EXPECT_FALSE(BoxerSupports(*column->type())) << type;
    ExpectUdfError(
        MakeBoxer(*column->data()).status(), UdfErrorCode::kInvalidDefinition,
        "row mode cannot be given values of type " + column->type()->ToString());
  }
}

}  // namespace

}  // namespace springald::python
