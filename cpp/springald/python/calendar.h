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

/// Imports `datetime`; the other functions need this to have succeeded once.
arrow::Status InitializeCalendar();

/// Makes a `datetime.date`. REQUIRES: kMinDays <= days <= kMaxDays.
PyObject* NewDate(int64_t days);

/// Makes a naive `datetime.datetime`, or where `zone` is not null one of the same
/// instant in that `tzinfo`. REQUIRES: kMinMicros <= micros <= kMaxMicros.
/// Returns null with an exception set where the zone's own arithmetic fails.
PyObject* NewDateTime(int64_t micros, PyObject* zone);

/// Puts another day into a `datetime.date` that only the caller refers to, so that nobody
/// sees it change; false where it is shared, or no date. REQUIRES: as NewDate.
bool RenewDate(PyObject* date, int64_t days);

/// As RenewDate, for a naive `datetime.datetime`. REQUIRES: as NewDateTime.
bool RenewDateTime(PyObject* datetime, int64_t micros);

/// Reads an object that is exactly a `datetime.date`; false for any other.
bool ReadDate(PyObject* object, int64_t* days);

/// Reads an object that is exactly a `datetime.datetime`, naive or of
/// `datetime.timezone.utc`; false for any other. A naive value counts as UTC, as
/// pyarrow takes it.
bool ReadDateTime(PyObject* object, int64_t* micros);

}  // namespace springald::python
