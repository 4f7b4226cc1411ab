#pragma once

#include <cstdint>

#include <arrow/status.h>

#include "springald/python/gil.h"

namespace springald::python {

// Conversions between Arrow's counts since 1970-01-01 and the objects of Python's
// `datetime` module, which knows the years 1 to 9999 of the proleptic Gregorian
// calendar. The day arithmetic is that of Howard Hinnant, "chrono-Compatible
// Low-Level Date Algorithms". All functions need the GIL.

/// Days and microseconds since 1970-01-01 00:00 of the first and last values.
inline constexpr int64_t kMinDays = -719162;
inline constexpr int64_t kMaxDays = 2932896;
inline constexpr int64_t kMicrosPerDay = INT64_C(86400000000);
inline constexpr int64_t kMinMicros = kMinDays * kMicrosPerDay;
inline constexpr int64_t kMaxMicros = (kMaxDays + 1) * kMicrosPerDay - 1;

/// A `datetime.timedelta` has from minus to plus so many days, and a rest of a day.
inline constexpr int64_t kMaxDeltaDays = 999999999;

/// Imports `datetime`; the other functions need this to have succeeded once.
arrow::Status InitializeCalendar();

/// Makes a `datetime.date`. REQUIRES: kMinDays <= days <= kMaxDays.
PyObject* NewDate(int64_t days);

/// Makes a naive `datetime.datetime`, or where `zone` is not null one of the same
/// instant in that `tzinfo`. REQUIRES: kMinMicros <= micros <= kMaxMicros.
/// Returns null with an exception set where the zone's own arithmetic fails.
PyObject* NewDateTime(int64_t micros, PyObject* zone);

/// Makes a `datetime.datetime` with `zone`, or naive where that is null, that shows
/// `micros` on its clock. REQUIRES: kMinMicros <= micros <= kMaxMicros.
PyObject* NewClockDateTime(int64_t micros, PyObject* zone);

/// Makes a naive `datetime.time`. REQUIRES: 0 <= micros < kMicrosPerDay.
PyObject* NewTime(int64_t micros);

/// Makes a `datetime.timedelta`.
/// REQUIRES: -kMaxDeltaDays <= days <= kMaxDeltaDays, 0 <= micros < kMicrosPerDay.
PyObject* NewDelta(int64_t days, int64_t micros);

/// Reads a `datetime.timedelta` that int64_t holds in microseconds; false for any other
/// object.
bool ReadDelta(PyObject* object, int64_t* micros);

/// Says whether `type` is the class `datetime.timezone`.
bool IsTimeZoneClass(PyObject* type);

/// Puts another day into a `datetime.date` that only the caller refers to, so that nobody
/// sees it change; false where it is shared, or no date. REQUIRES: as NewDate.
bool RenewDate(PyObject* date, int64_t days);

/// As RenewDate, for a `datetime.datetime` with exactly this `zone`, or a naive one where
/// that is null. REQUIRES: as NewClockDateTime.
bool RenewDateTime(PyObject* datetime, int64_t micros, PyObject* zone);

/// As RenewDate, for a naive `datetime.time`. REQUIRES: as NewTime.
bool RenewTime(PyObject* time, int64_t micros);

/// As RenewDate, for a `datetime.timedelta`. REQUIRES: as NewDelta.
bool RenewDelta(PyObject* delta, int64_t days, int64_t micros);

/// Reads an object that is exactly a `datetime.date`; false for any other.
bool ReadDate(PyObject* object, int64_t* days);

/// Reads an object that is exactly a `datetime.datetime`, naive or of
/// `datetime.timezone.utc`; false for any other. A naive value counts as UTC, as
/// pyarrow takes it.
bool ReadDateTime(PyObject* object, int64_t* micros);

/// Reads an object that is exactly a `datetime.time`, of any zone, as the microseconds
/// since midnight on its clock; false for any other.
bool ReadTime(PyObject* object, int64_t* micros);

/// Reads an object that is exactly a `datetime.timedelta`, as whole seconds and the
/// microseconds, of at least 0, that follow; false for any other.
bool ReadTimeDelta(PyObject* object, int64_t* seconds, int64_t* micros);

}  // namespace springald::python
