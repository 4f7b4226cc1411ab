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
  int NumProcessors() const {
    cpu_set_t processors;
    return sched_getaffinity(pid_, sizeof(processors), &processors) == 0
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
