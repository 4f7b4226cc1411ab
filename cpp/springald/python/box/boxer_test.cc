#include "springald/python/box/boxer.h"

#include <string>

#include <gtest/gtest.h>

#include "springald/python/box/boxer_testing.h"

namespace springald::python {

namespace {

// Pairs of a type and values of it.
constexpr const char* kFamilies = R"(
D = decimal.Decimal

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
INNER = MOMENTS[2:]  # those that stay in range in every zone
ZONES = ('UTC', 'Europe/Zurich', '+05:30', '-11:59', 'America/New_York', 'Etc/GMT+3',
         'Europe/London', 'Africa/Monrovia')
TEXTS = ['', 'a', 'zoë', '\x7f\x80', 'exactly 12 by', 'twelve bytes', '𝄞' * 5,
         'x' * 1000, 'with \0 inside', 'ascii only, but longer than a view']
ASCII = ['', 'a', 'seven b', 'eight by', 'nine byte', 'x' * 100]
BYTES = [t.encode() for t in TEXTS] + [bytes(range(256)), b'\xff\xfe']
DAYS = [dt.date(1, 1, 1), dt.date(9999, 12, 31), dt.date(1969, 12, 31),
        dt.date(1970, 1, 1), dt.date(2000, 2, 29), dt.date(1900, 3, 1)]
REALS = [0.0, -0.0, 1.5, -2.25, float('inf'), float('-inf'), float('nan'), 1e30,
         2.0**-126]
HALVES = [0.0, -0.0, 1.5, -2.25, float('inf'), float('-inf'), float('nan'), 65504.0,
          2.0**-24, 1023 * 2.0**-24, 2.0**-14]
DAY_MS = 86400000
MILLIS = [0, 1, -1, DAY_MS - 1, DAY_MS, -DAY_MS, -DAY_MS - 1, 11 * DAY_MS + 5,
          -719162 * DAY_MS, 2932897 * DAY_MS - 1]
DELTA_DAY = 999999999 + 1
LENGTHS = {'s': [0, 1, -1, 86399, 86400, -86401, DELTA_DAY * 86400 - 1,
                 -(DELTA_DAY - 1) * 86400],
           'ms': [0, 1, -1, 86399999, -86400001, DELTA_DAY * DAY_MS - 1,
                  -(DELTA_DAY - 1) * DAY_MS],
           'us': [0, 1, -1, 2**63 - 1, -2**63, 86400 * 10**6]}
# A time outside the day is not valid, and pyarrow gives one all the same.
CLOCKS = {'s': [0, 1, 86399, 86400, -1, 2**31 - 1, -2**31],
          'ms': [0, 1, 86399999, 86400000, -1, 2**31 - 1, -2**31],
          'us': [0, 1, 999999, 86399999999, 86400000000, -1]}

def decimals(bits, precision, scale):
    top = 10**precision - 1
    whole = [0, 1, -1, 7, -7, 10, 100, top, -top, top // 2, 2**30, 10**18, 10**19,
             10**19 + 1, -10**19, 2**63 - 1, 2**63, -2**63, 2**64, 2**64 - 1, 2**127 - 1,
             10**38, 10**57 + 3]
    return [v.to_bytes(bits // 8, 'little', signed=True) for v in whole if abs(v) <= top]

FAMILIES = [(pa.null(), [None]), (pa.bool_(), [True, False, False, True, True])]
for bits in (8, 16, 32, 64):
    FAMILIES.append((getattr(pa, f'int{bits}')(), whole(bits, True)))
    FAMILIES.append((getattr(pa, f'uint{bits}')(), whole(bits, False)))
FAMILIES += [(t, REALS) for t in (pa.float32(), pa.float64())]
FAMILIES.append((pa.float16(), HALVES))
for bits, precision in ((32, 9), (64, 18), (128, 38), (256, 76)):
    make = getattr(pa, f'decimal{bits}')
    for p, s in ((precision, 0), (precision, 2), (precision, precision), (precision, -3),
                 (5, 2), (3, 8)):
        FAMILIES.append((make(p, s), decimals(bits, p, s)))
for values in (TEXTS, ASCII):
    FAMILIES += [(t, values) for t in (pa.utf8(), pa.large_utf8(), pa.string_view())]
FAMILIES += [(t, BYTES) for t in (pa.binary(), pa.large_binary(), pa.binary_view())]
FAMILIES.append((pa.binary(4), [b'\0\0\0\0', b'abcd', b'\xff\xfe\0a']))
FAMILIES.append((pa.binary(0), [b'']))
FAMILIES += [(pa.date32(), DAYS), (pa.date64(), MILLIS)]
for unit in ('s', 'ms', 'us'):
    FAMILIES.append((pa.timestamp(unit), MOMENTS))
    FAMILIES += [(pa.timestamp(unit, zone), INNER) for zone in ZONES]
    FAMILIES.append((pa.duration(unit), LENGTHS[unit]))
    FAMILIES.append(((pa.time64 if unit == 'us' else pa.time32)(unit), CLOCKS[unit]))
FAMILIES.append((pa.month_day_nano_interval(),
                 [(0, 0, 0), (1, -2, 3), (2**31 - 1, -2**31, 2**63 - 1)]))
FAMILIES.append((pa.json_(), ['{}', '[1, "zoë"]']))
FAMILIES.append((pa.uuid(), [bytes(16), bytes(range(16)), b'\xff' * 16]))
FAMILIES.append((pa.bool8(), [0, 1, -1, 5]))
FAMILIES.append((pa.opaque(pa.int32(), 'thing', 'somebody'), [1, 2, -3]))

def columns_of(type_, values):
    if isinstance(type_, pa.BaseExtensionType):
        for storage in forms(type_.storage_type, values):
            yield pa.ExtensionArray.from_storage(type_, storage)
    elif pa.types.is_decimal(type_):
        for raw in forms(pa.binary(type_.byte_width), values):
            yield raw.view(type_)
    elif pa.types.is_temporal(type_) and isinstance(values[0], int):
        for raw in forms(pa.int32() if type_.bit_width == 32 else pa.int64(), values):
            yield raw.view(type_)
    else:
        yield from forms(type_, values)
)";

class FlatBoxerTest : public BoxerTest {
 protected:
  FlatBoxerTest() { python_.Run(kFamilies); }
};

TEST_F(FlatBoxerTest, GivesWhatToPylistGives) {
  python_.Run("ALL = [c for t, values in FAMILIES for c in columns_of(t, values)]");
  ExpectSame("ALL", 2500);
}

TEST_F(FlatBoxerTest, NanosecondsThatAreWholeMicrosecondsAreOfTheStandardLibrary) {
  python_.Run(R"(
nanos, micros = [], []
for zone in (None, *ZONES):
    nanos.append(pa.array([None, *INNER], pa.timestamp('ns', zone)))
    micros.append(pa.array([None, *INNER], pa.timestamp('us', zone)))
for kind in (pa.time64, pa.duration):
    counts = [0, 1, 999999, None, 86399999999]
    if kind is pa.duration:
        counts += [-1, 2**63 // 1000, -2**63 // 1000 + 1]
    micros.append(pa.array(counts, pa.int64()).view(kind('us')))
    counts = [None if c is None else c * 1000 for c in counts]
    nanos.append(pa.array(counts, pa.int64()).view(kind('ns')))
)");
  ExpectSame("nanos", 11,
             "next(m for n, m in zip(nanos, micros) if n is column).to_pylist()");
}

TEST_F(FlatBoxerTest, OtherNanosecondsAreAnErrorThatSaysWhatToDo) {
  ExpectRaises("pa.array([1000, None, -1], pa.timestamp('ns'))", 2, PyExc_ValueError,
               "timestamp[ns] value -1 is not whole microseconds");
  ExpectRaises("pa.array([2001], pa.timestamp('ns', 'UTC'))", 0, PyExc_ValueError,
               "cast the column to timestamp[us]");
  ExpectRaises("pa.array([1000, 1], pa.time64('ns'))", 1, PyExc_ValueError,
               "time64[ns] value 1 is not whole microseconds, which is all that "
               "datetime.time can hold; cast the column to time64[us]");
  ExpectRaises("pa.array([1001], pa.duration('ns'))", 0, PyExc_ValueError,
               "duration[ns] value 1001 is not whole microseconds");
}

TEST_F(FlatBoxerTest, DaysAndMomentsOutsideTheCalendarAreErrors) {
  ExpectRaises("pa.array([-719162, -719163], pa.date32())", 1, PyExc_OverflowError,
               "date32 value -719163 is outside the years 1 to 9999 of datetime.date");
  ExpectRaises("pa.array([2932896, 2932897], pa.date32())", 1, PyExc_OverflowError,
               "date32 value 2932897");
  ExpectRaises("pa.array([0, 2932897 * DAY_MS], pa.date64())", 1, PyExc_OverflowError,
               "date64 value 253402300800000 is outside the years");
  ExpectRaises("pa.array([0, -719162 * DAY_MS - 1], pa.int64()).view(pa.date64())", 1,
               PyExc_OverflowError, "date64 value -62135596800001 is outside");
  ExpectRaises("pa.array([253402300799, 253402300800], pa.timestamp('s'))", 1,
               PyExc_OverflowError, "timestamp value 253402300800 is outside");
  ExpectRaises("pa.array([-62135596800, -62135596801], pa.timestamp('s'))", 1,
               PyExc_OverflowError, "timestamp value -62135596801 is outside");
  ExpectRaises("pa.array([2**63 - 1], pa.timestamp('s'))", 0, PyExc_OverflowError,
               "timestamp value 9223372036854775807 is outside");
  ExpectRaises("pa.array([-2**63], pa.timestamp('ms'))", 0, PyExc_OverflowError,
               "timestamp value -9223372036854775808 is outside");
  ExpectRaises("pa.array([0, 253402300799], pa.timestamp('s', '+05:30'))", 1,
               PyExc_OverflowError, "timestamp value 253402300799 is outside");
  ExpectRaises("pa.array([0, 2**63 - 1], pa.int64()).view(pa.time64('us'))", 1,
               PyExc_OverflowError, "time64 value 9223372036854775807 is outside");
}

TEST_F(FlatBoxerTest, LengthsThatNoTimedeltaHasAreErrors) {
  ExpectRaises("pa.array([0, DELTA_DAY * 86400], pa.duration('s'))", 1,
               PyExc_OverflowError,
               "duration value 86400000000000 is outside the 999999999 days");
  ExpectRaises("pa.array([-(DELTA_DAY - 1) * 86400 - 1], pa.duration('s'))", 0,
               PyExc_OverflowError, "is outside the 999999999 days");
  ExpectRaises("pa.array([2**63 - 1], pa.duration('ms'))", 0, PyExc_OverflowError,
               "is outside the 999999999 days");
}

TEST_F(FlatBoxerTest, RaisesWhereToPylistRaises) {
  python_.Run(R"(
def raises(column):
    try:
        column.to_pylist()
    except OverflowError:
        return True
    return False

extremes = [(pa.date32(), -719163), (pa.date32(), 2932897),
            (pa.date64(), 2932897 * DAY_MS), (pa.date64(), -719162 * DAY_MS - 1),
            (pa.timestamp('s', '+05:30'), 253402300799),
            (pa.time64('us'), 2**63 - 1), (pa.duration('s'), DELTA_DAY * 86400),
            (pa.duration('s'), -(DELTA_DAY - 1) * 86400 - 1),
            (pa.duration('ms'), 2**63 - 1)]
held = [pa.array([v], pa.int32() if t.bit_width == 32 else pa.int64()).view(t)
        for t, v in extremes]
)");
  EXPECT_TRUE(python_.IsTrue("all(raises(column) for column in held)"));
  for (int i = 0; i < 9; ++i) {
    ExpectRaises("held[" + std::to_string(i) + "]", 0, PyExc_OverflowError, "outside");
  }
}

TEST_F(FlatBoxerTest, BytesThatAreNoTextAreAnError) {
  python_.Run(
      "raw = pa.array([b'ok', b'\\xff'], pa.binary())\n"
      "bad = pa.Array.from_buffers(pa.utf8(), 2, raw.buffers())\n");
  ExpectRaises("bad", 1, PyExc_UnicodeDecodeError, "invalid start byte");
}

TEST_F(FlatBoxerTest, AnUnknownZoneIsAnErrorBeforeAnyRow) {
  for (const char* type :
       {"pa.timestamp('us', 'No/Where')", "pa.list_(pa.timestamp('us', 'No/Where'))"}) {
    const auto column = python_.Column(std::string("pa.nulls(1, ") + type + ")");
    ExpectUdfError(MakeBoxer(*column->data()).status(), UdfErrorCode::kExecution,
                   "the time zone 'No/Where' is not known to this Python");
  }
}

TEST_F(FlatBoxerTest, DecimalsDoNotDependOnTheContextOfTheProgram) {
  python_.Run(
      "before = decimal.getcontext().copy()\n"
      "decimal.setcontext(decimal.Context(prec=1, traps=[decimal.Inexact]))\n"
      "decimals = [pa.array([D('123.45'), None, D('-0.07')], pa.decimal128(20, 2))]\n");
  ExpectSame("decimals", 1);
  python_.Run("decimal.setcontext(before)");
}

TEST_F(FlatBoxerTest, AColumnWithoutRowsNeedsNoBuffers) {
  for (const auto& type :
       {arrow::utf8(), arrow::large_binary(), arrow::utf8_view(), arrow::int8(),
        arrow::boolean(), arrow::float16(), arrow::date64(), arrow::decimal256(5, 2),
        arrow::fixed_size_binary(3), arrow::time32(arrow::TimeUnit::SECOND),
        arrow::duration(arrow::TimeUnit::NANO), arrow::month_day_nano_interval()}) {
    const auto column = arrow::ArrayData::Make(type, 0, {nullptr, nullptr, nullptr}, 0);
    EXPECT_EQ(MakeBoxer(*column).ValueOrDie()->Box(0, 0, nullptr), 0) << *type;
  }
}

TEST_F(FlatBoxerTest, SaysWhichColumnsNeverFail) {
  for (const char* column :
       {"pa.array(['a'])", "pa.array([1.5], pa.float16())", "pa.array([b'\\xff'])",
        "pa.array([D(1)])", "pa.array([1], pa.time32('s'))", "pa.nulls(1)",
        "pa.array([1], pa.duration('us'))", "pa.array([{'a': [1]}])",
        "pa.array(['a', 'b']).dictionary_encode()",
        "pa.array([uuid.UUID(int=1)], pa.uuid())"}) {
    EXPECT_TRUE(MakeBoxer(*python_.Column(column)->data()).ValueOrDie()->NeverFails())
        << column;
  }
  for (const char* column :
       {"pa.array(['ë'])", "pa.array([1], pa.date32())", "pa.array([1], pa.time64('us'))",
        "pa.array([{'a': ['ë']}])", "pa.array(['ë']).dictionary_encode()",
        "pa.array([[('k', 'ë')]], pa.map_(pa.utf8(), pa.utf8()))",
        "pa.RunEndEncodedArray.from_arrays([1], ['ë'])"}) {
    EXPECT_FALSE(MakeBoxer(*python_.Column(column)->data()).ValueOrDie()->NeverFails())
        << column;
  }
}

void ExpectRefused(const std::shared_ptr<arrow::DataType>& type,
                   const std::string& reason) {
  EXPECT_FALSE(BoxerSupports(*type)) << type->ToString();
  EXPECT_EQ(BoxerRefusal(*type), reason);
  const auto column = arrow::ArrayData::Make(type, 0, {nullptr});
  ExpectUdfError(MakeBoxer(*column).status(), UdfErrorCode::kInvalidDefinition,
                 "row mode cannot be given values of type " + type->ToString());
}

TEST_F(FlatBoxerTest, RefusesTypesThatItCannotMakeValuesOf) {
  const auto either = arrow::sparse_union({arrow::field("a", arrow::int8())});
  const char* const no_union =
      "which is not supported: use one column for each of its types";
  ExpectRefused(either, std::string("it is a sparse_union, ") + no_union);
  ExpectRefused(arrow::list(arrow::dense_union(either->fields())),
                std::string("it holds a dense_union, ") + no_union);
  ExpectRefused(arrow::map(arrow::int8(), arrow::dictionary(arrow::int8(), either)),
                std::string("it holds a sparse_union, ") + no_union);
  ExpectRefused(arrow::month_interval(),
                "it is a month_interval, which has no Python value: cast it to "
                "month_day_nano_interval");
  ExpectRefused(arrow::struct_({arrow::field("a", arrow::day_time_interval())}),
                "it holds a day_time_interval, which has no Python value: cast it to "
                "month_day_nano_interval");
}

TEST_F(FlatBoxerTest, RefusesWhatIsNestedTooDeep) {
  auto type = arrow::int8();
  for (int depth = 1; depth < 64; ++depth) {
    type = arrow::list(type);
  }
  EXPECT_TRUE(BoxerSupports(*type));
  EXPECT_EQ(BoxerRefusal(*type), "");
  ExpectRefused(arrow::list(type),
                "it holds a int8, which is nested more than 64 deep: flatten it");
}

}  // namespace

}  // namespace springald::python
