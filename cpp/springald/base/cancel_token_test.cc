#include "springald/base/cancel_token.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace springald {

namespace {

TEST(CancelToken, StartsUncancelledAndStaysCancelled) {
  CancelToken token;
  EXPECT_FALSE(token.is_cancelled());
  EXPECT_EQ(token.Cancel(), 0);
  EXPECT_TRUE(token.is_cancelled());
  EXPECT_EQ(token.Cancel(), 0);
  EXPECT_TRUE(token.is_cancelled());
}

TEST(CancelToken, RunsEachInterrupterOnceAndCountsThem) {
  CancelToken token;
  int num_first = 0;
  int num_second = 0;
  token.Add([&num_first] { ++num_first; });
  token.Add([&num_second] { ++num_second; });
  EXPECT_EQ(token.Cancel(), 2);
  EXPECT_EQ(token.Cancel(), 0);
  EXPECT_EQ(num_first, 1);
  EXPECT_EQ(num_second, 1);
}

TEST(CancelToken, InterruptersSeeTheTokenCancelled) {
  CancelToken token;
  bool was_cancelled = false;
  token.Add([&token, &was_cancelled] { was_cancelled = token.is_cancelled(); });
  token.Cancel();
  EXPECT_TRUE(was_cancelled);
}

TEST(CancelToken, ForgetsACallThatHasEnded) {
  CancelToken token;
  int num_ended = 0;
  int num_running = 0;
  const uint64_t ended = token.Add([&num_ended] { ++num_ended; });
  const uint64_t running = token.Add([&num_running] { ++num_running; });
  EXPECT_NE(ended, running);
  token.Remove(ended);
  EXPECT_EQ(token.Cancel(), 1);
  EXPECT_EQ(num_ended, 0);
  EXPECT_EQ(num_running, 1);
}

TEST(CancelToken, RemovingAnInterruptedCallIsAllowed) {
  CancelToken token;
  const uint64_t key = token.Add([] {});
  token.Cancel();
  token.Remove(key);
  token.Remove(key);
  EXPECT_TRUE(token.is_cancelled());
}

TEST(CancelToken, HoldsNoLockWhileItInterrupts) {
  CancelToken token;
  uint64_t other = 0;
  const uint64_t key = token.Add([&token, &key, &other] {
    token.Remove(key);
    other = token.Add([] {});
  });
  EXPECT_EQ(token.Cancel(), 1);
  EXPECT_NE(other, 0u);
}

TEST(CancelToken, ManyThreadsMayAddRemoveAndCancel) {
  constexpr int kNumThreads = 8;
  constexpr int kNumCalls = 200;
  CancelToken token;
  std::atomic<int> num_interrupted{0};
  std::atomic<int> num_counted{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < kNumThreads; ++i) {
    threads.emplace_back([i, &token, &num_interrupted, &num_counted] {
      for (int call = 0; call < kNumCalls; ++call) {
        const uint64_t key = token.Add([&num_interrupted] { ++num_interrupted; });
        if (i == 0) {
          num_counted += token.Cancel();
        }
        token.Remove(key);
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  num_counted += token.Cancel();
  EXPECT_EQ(num_interrupted.load(), num_counted.load());
  EXPECT_GE(num_interrupted.load(), kNumCalls);
}

}  // namespace

}  // namespace springald
