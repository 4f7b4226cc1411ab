#include "springald/python/calendar.h"

#include <random>
#include <string>

#include <gtest/gtest.h>

#include "springald/python/python_testing.h"

namespace springald::python {

namespace {

constexpr int kNumRandom = 4000;

class Calendar : public PythonTest {
 protected:
  Calendar() {
    python_.Run(
        "from datetime import date, datetime, timedelta, timezone\n"
        "from zoneinfo import ZoneInfo\n"
        "day_of = lambda days: date(1970, 1, 1) + timedelta(days=days)\n"
        "moment_of = lambda micros: (\n"
        "    datetime(1970, 1, 1) + timedelta(microseconds=micros))\n");
  }

  PyRef Call(const char* function, int64_t number) {
    const PyRef callable = python_.Eval(function);
    return PyRef::Steal(
        PyObject_CallFunction(callable.get(), "L", static_cast<long long>(number)));
  }

  static std::string Repr(const PyRef& object) {
    return object ? BoundedRepr(object.get(), 200) : "null";
  }

  void ExpectDay(int64_t days) {
    const PyRef expected = Call("day_of", days);
    EXPECT_EQ(Repr(PyRef::Steal(NewDate(days))), Repr(expected)) << days;
    int64_t back = 0;
    ASSERT_TRUE(ReadDate(expected.get(), &back)) << days;
    EXPECT_EQ(back, days);
  }

  void ExpectMoment(int64_t micros) {
    const PyRef expected = Call("moment_of", micros);
    EXPECT_EQ(Repr(PyRef::Steal(NewDateTime(micros, nullptr))), Repr(expected)) << micros;
    int64_t back = 0;
    ASSERT_TRUE(ReadDateTime(expected.get(), &back)) << micros;
    EXPECT_EQ(back, micros);
  }

  bool ReadsDate(const std::string& expression) {
    int64_t days = 0;
    return ReadDate(python_.Eval(expression).get(), &days);
  }

  bool ReadsDateTime(const std::string& expression) {
    int64_t micros = 0;
    return ReadDateTime(python_.Eval(expression).get(), &micros);
  }
};

TEST_F(Calendar, KnowsBothEndsOfTheRange) {
  EXPECT_EQ(Repr(PyRef::Steal(NewDate(kMinDays))), "datetime.date(1, 1, 1)");
  EXPECT_EQ(Repr(PyRef::Steal(NewDate(kMaxDays))), "datetime.date(9999, 12, 31)");
  EXPECT_EQ(Repr(PyRef::Steal(NewDateTime(kMinMicros, nullptr))),
            "datetime.datetime(1, 1, 1, 0, 0)");
  EXPECT_EQ(Repr(PyRef::Steal(NewDateTime(kMaxMicros, nullptr))),
            "datetime.datetime(9999, 12, 31, 23, 59, 59, 999999)");
  for (const int64_t days : {kMinDays, kMinDays + 1, kMaxDays - 1, kMaxDays}) {
    ExpectDay(days);
  }
  for (const int64_t micros : {kMinMicros, kMinMicros + 1, kMaxMicros - 1, kMaxMicros}) {
    ExpectMoment(micros);
  }
}

TEST_F(Calendar, KnowsTheDaysAroundTheEpoch) {
  for (int64_t days = -800; days <= 800; ++days) {
    ExpectDay(days);
  }
  for (const int64_t micros :
       {INT64_C(-1), INT64_C(0), INT64_C(1), kMicrosPerDay - 1, kMicrosPerDay,
        -kMicrosPerDay - 1, -kMicrosPerDay, -kMicrosPerDay + 1}) {
    ExpectMoment(micros);
  }
}

TEST_F(Calendar, KnowsTheEndOfFebruaryInEveryKindOfYear) {
  for (const char* year : {"1", "4", "100", "400", "1600", "1700", "1900", "1970", "1972",
                           "2000", "2023", "2024", "2100", "9996", "9999"}) {
    const std::string march = std::string("(date(") + year + ", 3, 1)";
    const PyRef days = python_.Eval(march + " - date(1970, 1, 1)).days");
    const int64_t first_of_march = PyLong_AsLongLong(days.get());
    for (int64_t day = first_of_march - 2; day <= first_of_march + 1; ++day) {
      ExpectDay(day);
    }
  }
}

TEST_F(Calendar, AgreesWithDatetimeOnRandomDays) {
  std::mt19937_64 random(20240229);
  std::uniform_int_distribution<int64_t> days(kMinDays, kMaxDays);
  for (int i = 0; i < kNumRandom; ++i) {
    ExpectDay(days(random));
  }
}

TEST_F(Calendar, AgreesWithDatetimeOnRandomMoments) {
  std::mt19937_64 random(19700101);
  std::uniform_int_distribution<int64_t> micros(kMinMicros, kMaxMicros);
  for (int i = 0; i < kNumRandom; ++i) {
    ExpectMoment(micros(random));
  }
}

TEST_F(Calendar, PutsAMomentIntoAZone) {
  python_.Run("zurich = ZoneInfo('Europe/Zurich')");
  const PyRef zone = python_.Eval("zurich");
  // The second 02:30 of the night in which summer time ends.
  const PyRef value =
      PyRef::Steal(NewDateTime(INT64_C(1729992600) * 1000000 + 5, zone.get()));
  ASSERT_TRUE(value);
  python_.Set("value", value.get());
  EXPECT_EQ(python_.Text("value"), "2024-10-27 02:30:00.000005+01:00");
  EXPECT_TRUE(python_.IsTrue("value.fold == 1 and value.tzinfo is zurich"));
}

TEST_F(Calendar, PutsAClockIntoAZoneAsItIs) {
  const PyRef zone = python_.Eval("timezone(timedelta(hours=-5))");
  EXPECT_EQ(Repr(PyRef::Steal(NewClockDateTime(kMinMicros, zone.get()))),
            "datetime.datetime(1, 1, 1, 0, 0, tzinfo=datetime.timezone("
            "datetime.timedelta(days=-1, seconds=68400)))");
}

TEST_F(Calendar, MakesTimesAndDeltasAndMakesThemOver) {
  const PyRef time = PyRef::Steal(NewTime(kMicrosPerDay - 1));
  EXPECT_EQ(Repr(time), "datetime.time(23, 59, 59, 999999)");
  EXPECT_TRUE(RenewTime(time.get(), 3661000002));
  EXPECT_EQ(Repr(time), "datetime.time(1, 1, 1, 2)");
  const PyRef delta = PyRef::Steal(NewDelta(-kMaxDeltaDays, 1000001));
  EXPECT_EQ(Repr(delta),
            "datetime.timedelta(days=-999999999, seconds=1, microseconds=1)");
  EXPECT_TRUE(RenewDelta(delta.get(), 2, 0));
  EXPECT_EQ(Repr(delta), "datetime.timedelta(days=2)");
  EXPECT_FALSE(RenewTime(delta.get(), 0));
  EXPECT_FALSE(RenewDelta(time.get(), 0, 0));
  const PyRef shared = PyRef::Borrow(delta.get());
  EXPECT_FALSE(RenewDelta(delta.get(), 3, 0));
}

TEST_F(Calendar, MakesOverOnlyADatetimeOfTheSameZone) {
  const PyRef zone = python_.Eval("timezone(timedelta(hours=1))");
  const PyRef naive = PyRef::Steal(NewClockDateTime(0, nullptr));
  const PyRef aware = PyRef::Steal(NewClockDateTime(0, zone.get()));
  EXPECT_FALSE(RenewDateTime(naive.get(), 1, zone.get()));
  EXPECT_FALSE(RenewDateTime(aware.get(), 1, nullptr));
  EXPECT_TRUE(RenewDateTime(naive.get(), 1, nullptr));
  EXPECT_TRUE(RenewDateTime(aware.get(), 1, zone.get()));
  EXPECT_EQ(Repr(naive), "datetime.datetime(1970, 1, 1, 0, 0, 0, 1)");
}

TEST_F(Calendar, AZoneThatLeavesTheRangeRaises) {
  const PyRef west = python_.Eval("timezone(timedelta(hours=-5))");
  EXPECT_EQ(NewDateTime(kMinMicros, west.get()), nullptr);
  ASSERT_TRUE(PyErr_ExceptionMatches(PyExc_OverflowError));
  PyErr_Clear();
}

TEST_F(Calendar, ReadsUtcAndNaiveMomentsAlike) {
  int64_t naive = 0;
  int64_t utc = 0;
  ASSERT_TRUE(
      ReadDateTime(python_.Eval("datetime(2024, 2, 29, 1, 2, 3, 4)").get(), &naive));
  ASSERT_TRUE(ReadDateTime(
      python_.Eval("datetime(2024, 2, 29, 1, 2, 3, 4, timezone.utc)").get(), &utc));
  EXPECT_EQ(naive, INT64_C(1709168523000004));
  EXPECT_EQ(utc, naive);
}

TEST_F(Calendar, LeavesOtherClassesAndZonesToPyarrow) {
  python_.Run(
      "class MyDate(date): pass\n"
      "class MyMoment(datetime): pass\n");
  EXPECT_TRUE(ReadsDate("date(2024, 1, 1)"));
  EXPECT_FALSE(ReadsDate("datetime(2024, 1, 1)"));
  EXPECT_FALSE(ReadsDate("MyDate(2024, 1, 1)"));
  EXPECT_FALSE(ReadsDate("'2024-01-01'"));
  EXPECT_FALSE(ReadsDateTime("date(2024, 1, 1)"));
  EXPECT_FALSE(ReadsDateTime("MyMoment(2024, 1, 1)"));
  EXPECT_FALSE(ReadsDateTime("datetime(2024, 1, 1, tzinfo=ZoneInfo('UTC'))"));
  EXPECT_FALSE(
      ReadsDateTime("datetime(2024, 1, 1, tzinfo=timezone(timedelta(hours=1)))"));
  EXPECT_FALSE(ReadsDateTime("5"));
}

}  // namespace

}  // namespace springald::python
