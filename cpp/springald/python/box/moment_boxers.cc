#include <type_traits>
#include <utility>

#include <arrow/type.h>

#include "springald/base/udf_error.h"
#include "springald/python/box/nanosecond_error.h"
#include "springald/python/box/reader_boxer.h"
#include "springald/python/box/temporal_units.h"
#include "springald/python/box/type_families.h"
#include "springald/python/calendar.h"
#include "springald/python/py_ref.h"
#include "springald/python/pyarrow_bridge.h"
#include "springald/python/python_error.h"

namespace springald::python {

namespace {

/// Sets the error of a value that no object of `datetime` has.
PyObject* OutsideCalendar(const char* type, int64_t value, const char* object) {
  return PyErr_Format(PyExc_OverflowError,
                      "%s value %lld is outside the years 1 to 9999 of datetime.%s", type,
                      static_cast<long long>(value), object);
}

/// Dates in days, and in milliseconds as an `int64_t`: what is left of a day is dropped,
/// as pyarrow does.
template <typename CType>
struct DateReader {
  static constexpr bool kNeverFails = false;
  static constexpr bool kInDays = std::is_same_v<CType, int32_t>;
  explicit DateReader(const arrow::ArrayData& column)
      : values(column.GetValues<CType>(1)) {}
  PyObject* operator()(int64_t row) const {
    const int64_t days = DaysAt(row);
    if (days < kMinDays || days > kMaxDays) {
      return OutsideCalendar(kInDays ? "date32" : "date64", values[row], "date");
    }
    return NewDate(days);
  }
  bool Renew(PyObject* date, int64_t row) const {
    const int64_t days = DaysAt(row);
    return days >= kMinDays && days <= kMaxDays && RenewDate(date, days);
  }
  int64_t DaysAt(int64_t row) const {
    return kInDays ? values[row] : SplitDays(values[row], arrow::TimeUnit::MILLI).days;
  }
  const CType* values;
};

/// Times of the day. One that is outside the day counts from its own midnight, as it
/// does for pyarrow.
template <typename CType>
struct TimeReader {
  explicit TimeReader(const arrow::ArrayData& column)
      : values(column.GetValues<CType>(1)),
        unit(static_cast<const arrow::TimeType&>(*column.type).unit()) {}
  bool NeverFails() const { return std::is_same_v<CType, int32_t>; }
  PyObject* operator()(int64_t row) const {
    const DaysAndMicros time = SplitDays(values[row], unit);
    if (!IsWholeMicros(values[row], unit)) {
      return NotWholeMicros("time64", values[row], "datetime.time");
    }
    if (time.days < kMinDays || time.days > kMaxDays) {
      return OutsideCalendar("time64", values[row], "datetime");
    }
    return NewTime(time.micros);
  }
  bool Renew(PyObject* object, int64_t row) const {
    const DaysAndMicros time = SplitDays(values[row], unit);
    return IsWholeMicros(values[row], unit) && time.days >= kMinDays &&
           time.days <= kMaxDays && RenewTime(object, time.micros);
  }
  const CType* values;
  arrow::TimeUnit::type unit;
};

/// What a column's time zone is to the clocks in it.
struct Zone {
  PyRef object;               // a `tzinfo`; null for a column without a zone
  bool is_fixed = false;      // whether it is at one distance of UTC for ever
  int64_t offset_micros = 0;  // that distance, east is positive
};

template <arrow::TimeUnit::type kUnit>
struct TimestampReader {
  static constexpr bool kNeverFails = false;
  TimestampReader(const arrow::ArrayData& column, Zone column_zone)
      : values(column.GetValues<int64_t>(1)), zone(std::move(column_zone)) {}

  PyObject* operator()(int64_t row) const {
    int64_t micros = 0;
    if (ToMicros(values[row], &micros)) {
      if (zone.object && !zone.is_fixed) {
        return NewDateTime(micros, zone.object.get());
      }
      if (ToClock(&micros)) {
        return NewClockDateTime(micros, zone.object.get());
      }
    }
    if (!IsWholeMicros(values[row], kUnit)) {
      return NotWholeMicros("timestamp", values[row], "datetime.datetime");
    }
    return OutsideCalendar("timestamp", values[row], "datetime");
  }

  bool Renew(PyObject* datetime, int64_t row) const {
    int64_t micros = 0;
    return (!zone.object || zone.is_fixed) && ToMicros(values[row], &micros) &&
           ToClock(&micros) && RenewDateTime(datetime, micros, zone.object.get());
  }

  /// False for a value that no datetime.datetime has.
  static bool ToMicros(int64_t value, int64_t* micros) {
    bool fits = true;
    if constexpr (kUnit == arrow::TimeUnit::SECOND) {
      fits = !__builtin_mul_overflow(value, INT64_C(1000000), micros);
    } else if constexpr (kUnit == arrow::TimeUnit::MILLI) {
      fits = !__builtin_mul_overflow(value, INT64_C(1000), micros);
    } else if constexpr (kUnit == arrow::TimeUnit::MICRO) {
      *micros = value;
    } else {
      fits = IsWholeMicros(value, kUnit);
      *micros = value / 1000;
    }
    return fits && IsInCalendar(*micros);
  }

  /// Turns an instant into what clocks in the zone then show; false outside the years.
  bool ToClock(int64_t* micros) const {
    *micros += zone.offset_micros;  // cannot overflow: both are few years
    return IsInCalendar(*micros);
  }

  static bool IsInCalendar(int64_t micros) {
    return micros >= kMinMicros && micros <= kMaxMicros;
  }

  const int64_t* values;
  Zone zone;
};

/// Asks the zone for its distance of UTC at no moment, which `datetime.timezone` and
/// `zoneinfo.ZoneInfo` know where it never changes. Other classes are not asked: theirs
/// may mean something else.
arrow::Status FindFixedOffset(Zone* zone) {
  PyObject* type = reinterpret_cast<PyObject*>(Py_TYPE(zone->object.get()));
  const PyRef module = PyRef::Steal(PyImport_ImportModule("zoneinfo"));
  const PyRef known =
      PyRef::Steal(module ? PyObject_GetAttrString(module.get(), "ZoneInfo") : nullptr);
  if (!known) {
    return TakeExceptionStatus(UdfErrorCode::kInternal, "");
  }
  if (type != known.get() && !IsTimeZoneClass(type)) {
    return arrow::Status::OK();
  }
  const PyRef offset =
      PyRef::Steal(PyObject_CallMethod(zone->object.get(), "utcoffset", "O", Py_None));
  if (!offset) {
    return TakeExceptionStatus(UdfErrorCode::kInternal, "");
  }
  zone->is_fixed = ReadDelta(offset.get(), &zone->offset_micros);
  return arrow::Status::OK();
}

arrow::Result<std::unique_ptr<Boxer>> MakeTimestampBoxer(const arrow::ArrayData& column) {
  const auto& type = static_cast<const arrow::TimestampType&>(*column.type);
  Zone zone;
  if (!type.timezone().empty()) {
    ARROW_ASSIGN_OR_RAISE(zone.object, TimeZoneObject(type.timezone()));
    ARROW_RETURN_NOT_OK(FindFixedOffset(&zone));
  }
  switch (type.unit()) {
    case arrow::TimeUnit::SECOND:
      return WithNulls(column,
                       TimestampReader<arrow::TimeUnit::SECOND>(column, std::move(zone)));
    case arrow::TimeUnit::MILLI:
      return WithNulls(column,
                       TimestampReader<arrow::TimeUnit::MILLI>(column, std::move(zone)));
    case arrow::TimeUnit::MICRO:
      return WithNulls(column,
                       TimestampReader<arrow::TimeUnit::MICRO>(column, std::move(zone)));
    default:
      return WithNulls(column,
                       TimestampReader<arrow::TimeUnit::NANO>(column, std::move(zone)));
  }
}

}  // namespace

arrow::Result<std::unique_ptr<Boxer>> MakeMomentBoxer(const arrow::ArrayData& column) {
  switch (column.type->id()) {
    case arrow::Type::DATE32:
      return BoxerOf<DateReader<int32_t>>(column);
    case arrow::Type::DATE64:
      return BoxerOf<DateReader<int64_t>>(column);
    case arrow::Type::TIME32:
      return BoxerOf<TimeReader<int32_t>>(column);
    case arrow::Type::TIME64:
      return BoxerOf<TimeReader<int64_t>>(column);
    default:
      return MakeTimestampBoxer(column);
  }
}

}  // namespace springald::python
