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

/// Ends a request of a thread that the scheduler has moved during it.
void EndMoved(NearbyWorker* worker) {
  cpu_set_t everywhere;
  ASSERT_EQ(sched_getaffinity(0, sizeof(everywhere), &everywhere), 0);
  cpu_set_t others = everywhere;
  CPU_CLR(sched_getcpu(), &others);
  ASSERT_EQ(sched_setaffinity(0, sizeof(others), &others), 0);
  worker->AfterRequest(microseconds(50));
  ASSERT_EQ(sched_setaffinity(0, sizeof(everywhere), &everywhere), 0);
}

TEST_F(NearbyWorkerTest, HasItsCallerStayDuringRequestsOnceItWasMoved) {
  const int everywhere = NumProcessorsOf(0);
  if (everywhere < 2) {
    GTEST_SKIP() << "this machine has one processor";
  }
  NearbyWorker worker(pid_);
  for (int i = 0; i < 17; ++i) {
    worker.BeforeRequest();
    EXPECT_EQ(NumProcessorsOf(0), everywhere);
    worker.AfterRequest(microseconds(50));
  }
  worker.BeforeRequest();
  EndMoved(&worker);
  EXPECT_EQ(NumProcessorsOf(0), everywhere);
  int num_held = 0;
  for (int i = 0; i < 1'000; ++i) {
    worker.BeforeRequest();
    num_held += NumProcessorsOf(0) == 1 ? 1 : 0;
    worker.AfterRequest(microseconds(50));
    EXPECT_EQ(NumProcessorsOf(0), everywhere);
  }
  // It may be moved by the scheduler, too.
  EXPECT_GE(num_held, 256);
}

TEST_F(NearbyWorkerTest, LetsItsCallerGoWhileARequestGoesOn) {
  const int everywhere = NumProcessorsOf(0);
  if (everywhere < 2) {
    GTEST_SKIP() << "this machine has one processor";
  }
  NearbyWorker worker(pid_);
  for (int i = 0; i < 17; ++i) {
    Request(&worker, microseconds(50));
  }
  worker.BeforeRequest();
  EndMoved(&worker);
  worker.BeforeRequest();
  EXPECT_EQ(NumProcessorsOf(0), 1);
  worker.LetGo();
  EXPECT_EQ(NumProcessorsOf(0), everywhere);
  worker.AfterRequest(microseconds(5'000));
  Request(&worker, microseconds(50));
  EXPECT_EQ(NumProcessorsOf(0), everywhere);
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
