#include <arrow/python/datetime.h>
#include <arrow/type.h>

#include "springald/python/box/nanosecond_error.h"
#include "springald/python/box/reader_boxer.h"
#include "springald/python/box/temporal_units.h"
#include "springald/python/box/type_families.h"
#include "springald/python/calendar.h"

namespace springald::python {

namespace {

struct DurationReader {
  explicit DurationReader(const arrow::ArrayData& column)
      : values(column.GetValues<int64_t>(1)),
        unit(static_cast<const arrow::DurationType&>(*column.type).unit()) {}
  bool NeverFails() const { return unit == arrow::TimeUnit::MICRO; }
  PyObject* operator()(int64_t row) const {
    const DaysAndMicros length = SplitDays(values[row], unit);
    if (!IsWholeMicros(values[row], unit)) {
      return NotWholeMicros("duration", values[row], "datetime.timedelta");
    }
    if (!IsDelta(length)) {
      return PyErr_Format(PyExc_OverflowError,
                          "duration value %lld is outside the 999999999 days of "
                          "datetime.timedelta",
                          static_cast<long long>(values[row]));
    }
    return NewDelta(length.days, length.micros);
  }
  bool Renew(PyObject* object, int64_t row) const {
    const DaysAndMicros length = SplitDays(values[row], unit);
    return IsWholeMicros(values[row], unit) && IsDelta(length) &&
           RenewDelta(object, length.days, length.micros);
  }
  static bool IsDelta(const DaysAndMicros& length) {
    return length.days >= -kMaxDeltaDays && length.days <= kMaxDeltaDays;
  }
  const int64_t* values;
  arrow::TimeUnit::type unit;
};

struct MonthDayNanoReader {
  static constexpr bool kNeverFails = true;
  using CType = arrow::MonthDayNanoIntervalType::MonthDayNanos;
  explicit MonthDayNanoReader(const arrow::ArrayData& column)
      : values(column.GetValues<CType>(1)) {}
  PyObject* operator()(int64_t row) const {
    return arrow::py::internal::MonthDayNanoIntervalToNamedTuple(values[row]);
  }
  const CType* values;
};

}  // namespace

std::unique_ptr<Boxer> MakeDurationBoxer(const arrow::ArrayData& column) {
  if (column.type->id() == arrow::Type::DURATION) {
    return BoxerOf<DurationReader>(column);
  }
  return BoxerOf<MonthDayNanoReader>(column);
}

}  // namespace springald::python
