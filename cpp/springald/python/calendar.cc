#include "springald/python/calendar.h"

#include <datetime.h>

#include "springald/base/udf_error.h"
#include "springald/python/py_ref.h"
#include "springald/python/python_error.h"

namespace springald::python {

namespace {

struct CivilDate {
  int year;
  int month;
  int day;
};

CivilDate CivilFromDays(int64_t days) {
  const int64_t shifted = days + 719468;
  const int64_t era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  const auto day_of_era = static_cast<uint32_t>(shifted - era * 146097);
  const uint32_t year_of_era =
      (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  const uint32_t day_of_year =
      day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const uint32_t shifted_month = (5 * day_of_year + 2) / 153;
  const uint32_t day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
  const uint32_t month = shifted_month < 10 ? shifted_month + 3 : shifted_month - 9;
  const int64_t year = static_cast<int64_t>(year_of_era) + era * 400 + (month <= 2);
  return {static_cast<int>(year), static_cast<int>(month), static_cast<int>(day)};
}

/// A time of the day.
struct Clock {
  int hour;
  int minute;
  int second;
  int microsecond;
};

Clock ClockFromMicros(int64_t micros_of_day) {
  const auto seconds = static_cast<int>(micros_of_day / 1000000);
  return {seconds / 3600, seconds / 60 % 60, seconds % 60,
          static_cast<int>(micros_of_day % 1000000)};
}

struct CivilTime {
  CivilDate date;
  Clock clock;
};

CivilTime CivilFromMicros(int64_t micros) {
  int64_t days = micros / kMicrosPerDay;
  int64_t rest = micros % kMicrosPerDay;
  if (rest < 0) {
    rest += kMicrosPerDay;
    --days;
  }
  return {CivilFromDays(days), ClockFromMicros(rest)};
}

/// Writes a date as the objects of `datetime` hold it.
void WriteDate(const CivilDate& date, unsigned char* data) {
  data[0] = static_cast<unsigned char>(date.year >> 8);
  data[1] = static_cast<unsigned char>(date.year);
  data[2] = static_cast<unsigned char>(date.month);
  data[3] = static_cast<unsigned char>(date.day);
}

/// Writes a time of the day as the objects of `datetime` hold it.
void WriteTime(const Clock& clock, unsigned char* data) {
  data[0] = static_cast<unsigned char>(clock.hour);
  data[1] = static_cast<unsigned char>(clock.minute);
  data[2] = static_cast<unsigned char>(clock.second);
  data[3] = static_cast<unsigned char>(clock.microsecond >> 16);
  data[4] = static_cast<unsigned char>(clock.microsecond >> 8);
  data[5] = static_cast<unsigned char>(clock.microsecond);
}

int64_t DaysFromCivil(int year, int month, int day) {
  year -= month <= 2;
  const int era = year / 400;  // the years of `datetime` are positive
  const auto year_of_era = static_cast<uint32_t>(year - era * 400);
  const uint32_t day_of_year =
      (153 * static_cast<uint32_t>(month > 2 ? month - 3 : month + 9) + 2) / 5 +
      static_cast<uint32_t>(day) - 1;
  const uint32_t day_of_era =
      year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
  return static_cast<int64_t>(era) * 146097 + static_cast<int64_t>(day_of_era) - 719468;
}

int64_t DaysOf(PyObject* date) {
  return DaysFromCivil(PyDateTime_GET_YEAR(date), PyDateTime_GET_MONTH(date),
                       PyDateTime_GET_DAY(date));
}

}  // namespace

arrow::Status InitializeCalendar() {
  if (PyDateTimeAPI == nullptr) {
    PyDateTime_IMPORT;
  }
  if (PyDateTimeAPI == nullptr) {
    return TakeExceptionStatus(UdfErrorCode::kInternal, "");
  }
  return arrow::Status::OK();
}

PyObject* NewDate(int64_t days) {
  const CivilDate date = CivilFromDays(days);
  return PyDate_FromDate(date.year, date.month, date.day);
}

PyObject* NewClockDateTime(int64_t micros, PyObject* zone) {
  const CivilTime time = CivilFromMicros(micros);
  return PyDateTimeAPI->DateTime_FromDateAndTime(
      time.date.year, time.date.month, time.date.day, time.clock.hour, time.clock.minute,
      time.clock.second, time.clock.microsecond, zone == nullptr ? Py_None : zone,
      PyDateTimeAPI->DateTimeType);
}

PyObject* NewDateTime(int64_t micros, PyObject* zone) {
  PyObject* value = NewClockDateTime(micros, zone);
  if (zone == nullptr || value == nullptr) {
    return value;
  }
  const PyRef utc = PyRef::Steal(value);
  return PyObject_CallMethod(zone, "fromutc", "O", utc.get());
}

PyObject* NewTime(int64_t micros) {
  const Clock clock = ClockFromMicros(micros);
  return PyDateTimeAPI->Time_FromTime(clock.hour, clock.minute, clock.second,
                                      clock.microsecond, Py_None,
                                      PyDateTimeAPI->TimeType);
}

PyObject* NewDelta(int64_t days, int64_t micros) {
  return PyDateTimeAPI->Delta_FromDelta(
      static_cast<int>(days), static_cast<int>(micros / 1000000),
      static_cast<int>(micros % 1000000), /*normalize=*/0, PyDateTimeAPI->DeltaType);
}

bool ReadDelta(PyObject* object, int64_t* micros) {
  if (!PyDelta_Check(object)) {
    return false;
  }
  const int64_t rest = PyDateTime_DELTA_GET_SECONDS(object) * INT64_C(1000000) +
                       PyDateTime_DELTA_GET_MICROSECONDS(object);
  return !__builtin_mul_overflow(static_cast<int64_t>(PyDateTime_DELTA_GET_DAYS(object)),
                                 kMicrosPerDay, micros) &&
         !__builtin_add_overflow(*micros, rest, micros);
}

bool IsTimeZoneClass(PyObject* type) {
  return type == reinterpret_cast<PyObject*>(Py_TYPE(PyDateTime_TimeZone_UTC));
}

bool RenewDate(PyObject* date, int64_t days) {
#ifndef Py_GIL_DISABLED
  if (Py_REFCNT(date) == 1 && PyDate_CheckExact(date)) {
    auto* object = reinterpret_cast<PyDateTime_Date*>(date);
    object->hashcode = -1;  // not computed yet
    WriteDate(CivilFromDays(days), object->data);
    return true;
  }
#endif
  return false;
}

bool RenewDateTime(PyObject* datetime, int64_t micros, PyObject* zone) {
#ifndef Py_GIL_DISABLED
  auto* object = reinterpret_cast<PyDateTime_DateTime*>(datetime);
  if (Py_REFCNT(datetime) == 1 && PyDateTime_CheckExact(datetime) &&
      (object->hastzinfo == 0 ? zone == nullptr : object->tzinfo == zone)) {
    const CivilTime time = CivilFromMicros(micros);
    object->hashcode = -1;
    object->fold = 0;
    WriteDate(time.date, object->data);
    WriteTime(time.clock, object->data + 4);
    return true;
  }
#endif
  return false;
}

bool RenewTime(PyObject* time, int64_t micros) {
#ifndef Py_GIL_DISABLED
  auto* object = reinterpret_cast<PyDateTime_Time*>(time);
  if (Py_REFCNT(time) == 1 && PyTime_CheckExact(time) && object->hastzinfo == 0) {
    object->hashcode = -1;
    object->fold = 0;
    WriteTime(ClockFromMicros(micros), object->data);
    return true;
  }
#endif
  return false;
}

bool RenewDelta(PyObject* delta, int64_t days, int64_t micros) {
#ifndef Py_GIL_DISABLED
  auto* object = reinterpret_cast<PyDateTime_Delta*>(delta);
  if (Py_REFCNT(delta) == 1 && PyDelta_CheckExact(delta)) {
    object->hashcode = -1;
    object->days = static_cast<int>(days);
    object->seconds = static_cast<int>(micros / 1000000);
    object->microseconds = static_cast<int>(micros % 1000000);
    return true;
  }
#endif
  return false;
}

bool ReadDate(PyObject* object, int64_t* days) {
  if (!PyDate_CheckExact(object)) {
    return false;
  }
  *days = DaysOf(object);
  return true;
}

bool ReadDateTime(PyObject* object, int64_t* micros) {
  if (!PyDateTime_CheckExact(object)) {
    return false;
  }
  PyObject* zone = PyDateTime_DATE_GET_TZINFO(object);
  if (zone != Py_None && zone != PyDateTime_TimeZone_UTC) {
    return false;
  }
  const int64_t seconds = PyDateTime_DATE_GET_HOUR(object) * INT64_C(3600) +
                          PyDateTime_DATE_GET_MINUTE(object) * INT64_C(60) +
                          PyDateTime_DATE_GET_SECOND(object);
  *micros = DaysOf(object) * kMicrosPerDay + seconds * 1000000 +
            PyDateTime_DATE_GET_MICROSECOND(object);
  return true;
}

bool ReadTime(PyObject* object, int64_t* micros) {
  if (!PyTime_CheckExact(object)) {
    return false;
  }
  const int64_t seconds = PyDateTime_TIME_GET_HOUR(object) * INT64_C(3600) +
                          PyDateTime_TIME_GET_MINUTE(object) * INT64_C(60) +
                          PyDateTime_TIME_GET_SECOND(object);
  *micros = seconds * 1000000 + PyDateTime_TIME_GET_MICROSECOND(object);
  return true;
}

bool ReadTimeDelta(PyObject* object, int64_t* seconds, int64_t* micros) {
  if (!PyDelta_CheckExact(object)) {
    return false;
  }
  *seconds = PyDateTime_DELTA_GET_DAYS(object) * INT64_C(86400) +
             PyDateTime_DELTA_GET_SECONDS(object);
  *micros = PyDateTime_DELTA_GET_MICROSECONDS(object);
  return true;
}

}  // namespace springald::python
