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

struct CivilTime {
  CivilDate date;
  int hour;
  int minute;
  int second;
  int microsecond;
};

CivilTime CivilFromMicros(int64_t micros) {
  int64_t days = micros / kMicrosPerDay;
  int64_t rest = micros % kMicrosPerDay;
  if (rest < 0) {
    rest += kMicrosPerDay;
    --days;
  }
  const auto seconds = static_cast<int>(rest / 1000000);
  return {CivilFromDays(days), seconds / 3600, seconds / 60 % 60, seconds % 60,
          static_cast<int>(rest % 1000000)};
}

/// Writes a date as the objects of `datetime` hold it.
void WriteDate(const CivilDate& date, unsigned char* data) {
  data[0] = static_cast<unsigned char>(date.year >> 8);
  data[1] = static_cast<unsigned char>(date.year);
  data[2] = static_cast<unsigned char>(date.month);
  data[3] = static_cast<unsigned char>(date.day);
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

PyObject* NewDateTime(int64_t micros, PyObject* zone) {
  const CivilTime time = CivilFromMicros(micros);
  PyObject* value = PyDateTimeAPI->DateTime_FromDateAndTime(
      time.date.year, time.date.month, time.date.day, time.hour, time.minute, time.second,
      time.microsecond, zone == nullptr ? Py_None : zone, PyDateTimeAPI->DateTimeType);
  if (zone == nullptr || value == nullptr) {
    return value;
  }
  const PyRef utc = PyRef::Steal(value);
  return PyObject_CallMethod(zone, "fromutc", "O", utc.get());
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

bool RenewDateTime(PyObject* datetime, int64_t micros) {
#ifndef Py_GIL_DISABLED
  auto* object = reinterpret_cast<PyDateTime_DateTime*>(datetime);
  if (Py_REFCNT(datetime) == 1 && PyDateTime_CheckExact(datetime) &&
      object->hastzinfo == 0) {
    const CivilTime time = CivilFromMicros(micros);
    object->hashcode = -1;
    object->fold = 0;
    WriteDate(time.date, object->data);
    object->data[4] = static_cast<unsigned char>(time.hour);
    object->data[5] = static_cast<unsigned char>(time.minute);
    object->data[6] = static_cast<unsigned char>(time.second);
    object->data[7] = static_cast<unsigned char>(time.microsecond >> 16);
    object->data[8] = static_cast<unsigned char>(time.microsecond >> 8);
    object->data[9] = static_cast<unsigned char>(time.microsecond);
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

}  // namespace springald::python
