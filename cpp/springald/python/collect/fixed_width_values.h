#pragma once

#include <cstdint>
#include <type_traits>

#include <arrow/type.h>
#include <arrow/util/float16.h>

#include "springald/python/calendar.h"
#include "springald/python/exact_int.h"

namespace springald::python {

// A converter says what a column of one fixed width is made of: Convert is false for
// a value that is left to pyarrow. All need the GIL and keep no exception set.

template <typename CTypeOf>
struct IntegerConverter {
  using CType = CTypeOf;
  static bool Convert(const IntegerConverter&, PyObject* value, CType* out) {
    return ReadExactInt(value, out);
  }
};

template <typename CTypeOf>
struct FloatConverter {
  using CType = CTypeOf;
  // The whole numbers that every float of this width holds, as pyarrow checks it.
  static constexpr int64_t kMaxInteger =
      std::is_same_v<CType, float> ? INT64_C(1) << 24 : INT64_C(1) << 53;
  static bool Convert(const FloatConverter&, PyObject* value, CType* out) {
    if (PyFloat_Check(value)) {
      *out = static_cast<CType>(PyFloat_AS_DOUBLE(value));
      return true;
    }
    int64_t integer = 0;
    if (ReadExactInt(value, &integer) && integer >= -kMaxInteger &&
        integer <= kMaxInteger) {
      *out = static_cast<CType>(integer);
      return true;
    }
    return false;
  }
};

struct HalfFloatConverter {
  using CType = uint16_t;
  static bool Convert(const HalfFloatConverter&, PyObject* value, CType* out) {
    if (!PyFloat_Check(value)) {
      return false;
    }
    *out = arrow::util::Float16::FromDouble(PyFloat_AS_DOUBLE(value)).bits();
    return true;
  }
};

/// Days, or the units of which a day has `kUnitsPerDay`.
template <typename CTypeOf, int64_t kUnitsPerDay>
struct DateConverter {
  using CType = CTypeOf;
  static bool Convert(const DateConverter&, PyObject* value, CType* out) {
    int64_t days = 0;
    if (!ReadDate(value, &days)) {
      return false;
    }
    *out = static_cast<CType>(days * kUnitsPerDay);
    return true;
  }
};

/// How many of `unit` a second has.
inline int64_t UnitsPerSecond(arrow::TimeUnit::type unit) {
  switch (unit) {
    case arrow::TimeUnit::SECOND:
      return 1;
    case arrow::TimeUnit::MILLI:
      return 1000;
    case arrow::TimeUnit::MICRO:
      return 1000000;
    case arrow::TimeUnit::NANO:
      break;
  }
  return 1000000000;
}

template <typename CTypeOf>
struct TimeConverter {
  using CType = CTypeOf;
  static bool Convert(const TimeConverter& self, PyObject* value, CType* out) {
    int64_t micros = 0;
    if (!ReadTime(value, &micros)) {
      return false;
    }
    // Fits: a day has 86.4e12 nanoseconds, and 86.4e6 milliseconds.
    *out = static_cast<CType>(self.unit == arrow::TimeUnit::NANO
                                  ? micros * 1000
                                  : micros / (1000000 / UnitsPerSecond(self.unit)));
    return true;
  }
  arrow::TimeUnit::type unit = arrow::TimeUnit::MICRO;
};

struct DurationConverter {
  using CType = int64_t;
  static bool Convert(const DurationConverter& self, PyObject* value, CType* out) {
    int64_t seconds = 0;
    int64_t micros = 0;
    if (!ReadTimeDelta(value, &seconds, &micros)) {
      return false;
    }
    // As pyarrow has it, a duration whose seconds alone overflow is none, also where
    // the microseconds would bring it back.
    const int64_t per_second = UnitsPerSecond(self.unit);
    if (self.unit == arrow::TimeUnit::NANO) {
      int64_t all = 0;
      return !__builtin_mul_overflow(seconds, INT64_C(1000000), &all) &&
             !__builtin_add_overflow(all, micros, &all) &&
             !__builtin_mul_overflow(all, INT64_C(1000), out);
    }
    return !__builtin_mul_overflow(seconds, per_second, out) &&
           !__builtin_add_overflow(*out, micros / (1000000 / per_second), out);
  }
  arrow::TimeUnit::type unit = arrow::TimeUnit::MICRO;
};

/// The named tuple that pyarrow makes of an interval.
struct IntervalConverter {
  using CType = arrow::MonthDayNanoIntervalType::MonthDayNanos;
  static bool Convert(const IntervalConverter& self, PyObject* value, CType* out) {
    return reinterpret_cast<PyObject*>(Py_TYPE(value)) == self.tuple_class &&
           PyTuple_GET_SIZE(value) == 3 &&
           ReadExactInt(PyTuple_GET_ITEM(value, 0), &out->months) &&
           ReadExactInt(PyTuple_GET_ITEM(value, 1), &out->days) &&
           ReadExactInt(PyTuple_GET_ITEM(value, 2), &out->nanoseconds);
  }
  PyObject* tuple_class = nullptr;
};

struct TimestampConverter {
  using CType = int64_t;
  static bool Convert(const TimestampConverter& self, PyObject* value, CType* out) {
    int64_t micros = 0;
    if (!ReadDateTime(value, &micros)) {
      return false;
    }
    if (self.unit == arrow::TimeUnit::NANO) {
      return !__builtin_mul_overflow(micros, INT64_C(1000), out);
    }
    const int64_t divisor = 1000000 / UnitsPerSecond(self.unit);
    // Towards the past, as pyarrow cuts the microseconds within their second.
    *out = micros / divisor - (micros % divisor < 0);
    return true;
  }
  arrow::TimeUnit::type unit = arrow::TimeUnit::MICRO;
};

}  // namespace springald::python
