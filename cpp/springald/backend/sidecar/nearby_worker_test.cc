#include "springald/backend/sidecar/nearby_worker.h"

#include <csignal>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace springald {

namespace {

using std::chrono::microseconds;

class NearbyWorkerTest : public testing::Test {
 protected:
  NearbyWorkerTest() : pid_(fork()) {
    if (pid_ == 0) {
      for (;;) {
        pause();
      }
    }
  }
  ~NearbyWorkerTest() override {
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }

  /// How many processors the child may run on.
  int NumProcessors() const { return NumProcessorsOf(pid_); }

  static int NumProcessorsOf(pid_t pid) {
    cpu_set_t processors;
    return sched_getaffinity(pid, sizeof(processors), &processors) == 0
               ? CPU_COUNT(&processors)
               : -1;
  }

  void Request(NearbyWorker* worker, microseconds elapsed) {
    worker->BeforeRequest();
    worker->AfterRequest(elapsed);
  }

  const pid_t pid_;
};

}  // namespace

TEST_F(NearbyWorkerTest, IsPlacedAfterShortRequestsAndLetGoAfterALongOne) {
  const int everywhere = NumProcessors();
  NearbyWorker worker(pid_);
  for (int i = 0; i < 16; ++i) {
    Request(&worker, microseconds(50));
    EXPECT_EQ(NumProcessors(), everywhere);
  }
  Request(&worker, microseconds(50));
  EXPECT_EQ(NumProcessors(), 1);
  Request(&worker, microseconds(5'000));
  EXPECT_EQ(NumProcessors(), everywhere);
  Request(&worker, microseconds(50));
  EXPECT_EQ(NumProcessors(), everywhere);
}

TEST_F(NearbyWorkerTest, IsLetGoWhileItsRequestGoesOn) {
  const int everywhere = NumProcessors();
  NearbyWorker worker(pid_);
  for (int i = 0; i < 17; ++i) {
    Request(&worker, microseconds(50));
  }
  EXPECT_EQ(NumProcessors(), 1);
  worker.LetGo();
  EXPECT_EQ(NumProcessors(), everywhere);
}

/// The caller's side: a thread that the scheduler may move.
class MovedCallerTest : public NearbyWorkerTest {
 protected:
  void SetUp() override {
    ASSERT_EQ(sched_getaffinity(0, sizeof(everywhere_), &everywhere_), 0);
    if (CPU_COUNT(&everywhere_) < 2) {
      GTEST_SKIP() << "this machine has one processor";
    }
  }
  void TearDown() override { sched_setaffinity(0, sizeof(everywhere_), &everywhere_); }

  int NumProcessorsOfCaller() const { return NumProcessorsOf(0); }
  int everywhere() const { return CPU_COUNT(&everywhere_); }

  /// Has a worker be placed, and its caller be moved during the last request.
  void PlaceAndMove(NearbyWorker* worker) {
    for (int i = 0; i < 17; ++i) {
      Request(worker, microseconds(50));
    }
    worker->BeforeRequest();
    cpu_set_t others = everywhere_;
    cpu_set_t placed;
    ASSERT_EQ(sched_getaffinity(pid_, sizeof(placed), &placed), 0);
    ASSERT_EQ(CPU_COUNT(&placed), 1);
    CPU_XOR(&others, &others, &placed);
    ASSERT_EQ(sched_setaffinity(0, sizeof(others), &others), 0);
    worker->AfterRequest(microseconds(50));
    ASSERT_EQ(sched_setaffinity(0, sizeof(everywhere_), &everywhere_), 0);
  }

 private:
  cpu_set_t everywhere_{};
};

TEST_F(MovedCallerTest, StaysDuringTheNextRequests) {
  NearbyWorker worker(pid_);
  PlaceAndMove(&worker);
  int num_held = 0;
  for (int i = 0; i < 1'000; ++i) {
    worker.BeforeRequest();
    num_held += NumProcessorsOfCaller() == 1 ? 1 : 0;
    worker.AfterRequest(microseconds(50));
    EXPECT_EQ(NumProcessorsOfCaller(), everywhere());
  }
  // The scheduler may move it as well.
  EXPECT_GE(num_held, 256);
}

TEST_F(MovedCallerTest, IsLetGoWhileARequestGoesOn) {
  NearbyWorker worker(pid_);
  for (const auto& let_go :
       {&NearbyWorker::LetGo, &NearbyWorker::ReleaseCaller, &NearbyWorker::Forget}) {
    PlaceAndMove(&worker);
    worker.BeforeRequest();
    EXPECT_EQ(NumProcessorsOfCaller(), 1);
    (worker.*let_go)();
    EXPECT_EQ(NumProcessorsOfCaller(), everywhere());
    worker.AfterRequest(microseconds(5'000));
    Request(&worker, microseconds(50));
    EXPECT_EQ(NumProcessorsOfCaller(), everywhere());
  }
}

TEST_F(MovedCallerTest, KeepsWhatItIsGivenDuringARequest) {
  NearbyWorker worker(pid_);
  PlaceAndMove(&worker);
  worker.BeforeRequest();
  ASSERT_EQ(NumProcessorsOfCaller(), 1);
  cpu_set_t here;
  ASSERT_EQ(sched_getaffinity(0, sizeof(here), &here), 0);
  cpu_set_t given;
  CPU_ZERO(&given);
  for (int processor = 0; processor < CPU_SETSIZE; ++processor) {
    if (!CPU_ISSET(processor, &here)) {
      CPU_SET(processor, &given);
    }
  }
  ASSERT_EQ(sched_setaffinity(0, sizeof(given), &given), 0);
  worker.AfterRequest(microseconds(50));
  EXPECT_EQ(NumProcessorsOfCaller(), everywhere() - 1);
}

TEST_F(NearbyWorkerTest, StartsOverWhereAFunctionIsLoaded) {
  const int everywhere = NumProcessors();
  NearbyWorker worker(pid_);
  for (int i = 0; i < 17; ++i) {
    Request(&worker, microseconds(50));
  }
  EXPECT_EQ(NumProcessors(), 1);
  worker.StartOver();
  EXPECT_EQ(NumProcessors(), everywhere);
  worker.AfterRequest(microseconds(50));
  for (int i = 0; i < 15; ++i) {
    Request(&worker, microseconds(50));
    EXPECT_EQ(NumProcessors(), everywhere);
  }
}

TEST_F(NearbyWorkerTest, ARestrictedProcessStaysRestricted) {
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(sched_getcpu(), &one);
  ASSERT_EQ(sched_setaffinity(pid_, sizeof(one), &one), 0);
  NearbyWorker worker(pid_);
  for (int i = 0; i < 20; ++i) {
    Request(&worker, microseconds(50));
  }
  worker.LetGo();
  EXPECT_EQ(NumProcessors(), 1);
}

TEST_F(NearbyWorkerTest, AProcessThatIsGoneDoesNoHarm) {
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  NearbyWorker worker(pid_);
  for (int i = 0; i < 20; ++i) {
    Request(&worker, microseconds(50));
  }
  EXPECT_EQ(NumProcessors(), -1);
}

}  // namespace springald
