#include "springald/python/gil.h"

#include <thread>

#include <gtest/gtest.h>

namespace springald::python {

namespace {

bool HoldsGil() { return PyGILState_Check() == 1; }

TEST(Gil, PythonRunsInThisProcess) { EXPECT_TRUE(IsPythonRunning()); }

TEST(Gil, EnteringWhatIsHeldKeepsItHeld) {
  ASSERT_TRUE(HoldsGil());
  {
    const GilEnter outer;
    {
      const GilEnter inner;
      EXPECT_TRUE(HoldsGil());
    }
    EXPECT_TRUE(HoldsGil());
  }
  EXPECT_TRUE(HoldsGil());
}

TEST(Gil, ReleasingAndEnteringNest) {
  {
    const GilRelease release;
    EXPECT_FALSE(HoldsGil());
    {
      const GilEnter enter;
      EXPECT_TRUE(HoldsGil());
      {
        const GilRelease again;
        EXPECT_FALSE(HoldsGil());
      }
      EXPECT_TRUE(HoldsGil());
    }
    EXPECT_FALSE(HoldsGil());
  }
  EXPECT_TRUE(HoldsGil());
}

TEST(Gil, ReleasingWhatIsNotHeldDoesNothing) {
  const GilRelease release;
  {
    const GilRelease again;
    EXPECT_FALSE(HoldsGil());
  }
  EXPECT_FALSE(HoldsGil());
}

TEST(Gil, AThreadThatPythonDoesNotKnowMayEnter) {
  long sum = 0;
  {
    const GilRelease release;
    std::thread([&sum] {
      EXPECT_FALSE(HoldsGil());
      const GilRelease nothing_to_release;
      for (int i = 0; i < 3; ++i) {
        const GilEnter gil;
        EXPECT_TRUE(HoldsGil());
        PyObject* number = PyLong_FromLong(1000 + i);
        sum += PyLong_AsLong(number);
        Py_DECREF(number);
      }
      EXPECT_FALSE(HoldsGil());
    }).join();
  }
  EXPECT_EQ(sum, 3003);
}

TEST(Gil, OnlyOneThreadIsInsideAtATime) {
  int num_inside = 0;
  int num_entries = 0;
  {
    const GilRelease release;
    const auto enter_often = [&num_inside, &num_entries] {
      for (int i = 0; i < 500; ++i) {
        const GilEnter gil;
        EXPECT_EQ(++num_inside, 1);
        ++num_entries;
        --num_inside;
      }
    };
    std::thread first(enter_often);
    std::thread second(enter_often);
    first.join();
    second.join();
  }
  EXPECT_EQ(num_entries, 1000);
}

}  // namespace

}  // namespace springald::python
