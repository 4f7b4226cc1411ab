#include "springald/codec/udf_limits.h"

#include <cstdint>
#include <limits>

#include <gtest/gtest.h>

namespace springald {

namespace {

constexpr UdfLimits kLoose = {100, 200, 300, 400, 500};
constexpr UdfLimits kTight = {10, 20, 30, 40, 50};

TEST(UdfLimits, NoneAreSetAtFirst) { EXPECT_EQ(UdfLimits(), (UdfLimits{0, 0, 0, 0, 0})); }

TEST(UdfLimits, EqualsSeesEveryField) {
  EXPECT_EQ(kLoose, (UdfLimits{100, 200, 300, 400, 500}));
  EXPECT_NE(kLoose, (UdfLimits{1, 200, 300, 400, 500}));
  EXPECT_NE(kLoose, (UdfLimits{100, 1, 300, 400, 500}));
  EXPECT_NE(kLoose, (UdfLimits{100, 200, 1, 400, 500}));
  EXPECT_NE(kLoose, (UdfLimits{100, 200, 300, 1, 500}));
  EXPECT_NE(kLoose, (UdfLimits{100, 200, 300, 400, 1}));
}

TEST(UdfLimits, TheTighterOneHolds) {
  EXPECT_EQ(Tightest(kLoose, kTight), kTight);
  EXPECT_EQ(Tightest(kTight, kLoose), kTight);
  EXPECT_EQ(Tightest(kTight, kTight), kTight);
}

TEST(UdfLimits, EachIsComparedByItself) {
  EXPECT_EQ(Tightest({1, 20, 3, 40, 5}, {10, 2, 30, 4, 50}), (UdfLimits{1, 2, 3, 4, 5}));
}

TEST(UdfLimits, OneThatIsNotSetDoesNotHold) {
  EXPECT_EQ(Tightest(kLoose, UdfLimits()), kLoose);
  EXPECT_EQ(Tightest(UdfLimits(), kLoose), kLoose);
  EXPECT_EQ(Tightest(UdfLimits(), UdfLimits()), UdfLimits());
  EXPECT_EQ(Tightest({1, 0, 3, 0, 5}, {0, 2, 0, 4, 0}), (UdfLimits{1, 2, 3, 4, 5}));
}

TEST(UdfLimits, ANegativeOneIsNotSet) {
  constexpr UdfLimits kNoLimit = {-1, -1, -1, -1, -1};
  EXPECT_EQ(Tightest(kLoose, kNoLimit), kLoose);
  EXPECT_EQ(Tightest(kNoLimit, kLoose), kLoose);
  EXPECT_EQ(Tightest(kNoLimit, kNoLimit), UdfLimits());
  EXPECT_EQ(Tightest(kNoLimit, UdfLimits()), UdfLimits());
}

TEST(UdfLimits, TheLargestNumberIsALimit) {
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  constexpr UdfLimits kLargest = {kMax, kMax, kMax, kMax, kMax};
  EXPECT_EQ(Tightest(kLargest, UdfLimits()), kLargest);
  EXPECT_EQ(Tightest(kLargest, kLoose), kLoose);
}

}  // namespace

}  // namespace springald
