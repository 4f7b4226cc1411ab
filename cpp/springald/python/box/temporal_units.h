#pragma once

#include <cstdint>

#include <arrow/type_fwd.h>

namespace springald::python {

/// How many of a unit a day has.
constexpr int64_t UnitsPerDay(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 86400;
    case arrow::TimeUnit::MILLI:
      return INT64_C(86400000);
    case arrow::TimeUnit::MICRO:
      return INT64_C(86400000000);
    default:
      return INT64_C(86400000000000);
  }
}

/// A moment or a length of time as `datetime` counts: whole days, which may be negative,
/// and what is left of the day.
struct DaysAndMicros {
  int64_t days;
  int64_t micros;  // 0 to kMicrosPerDay - 1
};

/// Splits a count of units. Whole microseconds of nanoseconds are the caller's concern:
/// the rest is dropped.
constexpr DaysAndMicros SplitDays(int64_t value, arrow::TimeUnit::type unit) {
  const int64_t per_day = UnitsPerDay(unit);
  int64_t days = value / per_day;
  int64_t rest = value % per_day;
  if (rest < 0) {
    rest += per_day;
    --days;
  }
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return {days, rest * 1000000};
    case arrow::TimeUnit::MILLI:
      return {days, rest * 1000};
    case arrow::TimeUnit::MICRO:
      return {days, rest};
    default:
      return {days, rest / 1000};
  }
}

/// Says whether a value is one that `datetime` can tell from its neighbours.
constexpr bool IsWholeMicros(int64_t value, arrow::TimeUnit::type unit) {
  return unit != arrow::TimeUnit::NANO || value % 1000 == 0;
}

}  // namespace springald::python
