#include "springald/backend/sidecar/process_usage.h"

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <functional>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "springald/base/unique_fd.h"

namespace springald {

namespace {

constexpr int64_t kMib = 1 << 20;

/// A child that does something, says that it is done, and waits for its end.
class Child {
 public:
  explicit Child(const std::function<void()>& body) {
    auto pipe = MakePipe().ValueOrDie();
    pid_ = fork();
    if (pid_ == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);
      body();
      [[maybe_unused]] const ssize_t n = write(pipe.write_end.get(), "x", 1);
      for (;;) {
        pause();
      }
    }
    char byte = 0;
    while (read(pipe.read_end.get(), &byte, 1) != 1) {
      usleep(1000);
    }
  }
  ~Child() {
    Kill();
    waitpid(pid_, nullptr, 0);
  }
  void Kill() { kill(pid_, SIGKILL); }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

void Touch(void* memory, int64_t num_bytes) {
  ASSERT_NE(memory, MAP_FAILED);
  std::memset(memory, 1, static_cast<std::size_t>(num_bytes));
}

void SpinFor(int64_t milliseconds) {
  timespec time{};
  do {
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  } while (time.tv_sec * 1000 + time.tv_nsec / 1'000'000 < milliseconds);
}

TEST(ProcessUsage, CountsMemoryThatIsUsed) {
  const Child idle([] {});
  const Child busy([] {
    Touch(mmap(nullptr, 64 * kMib, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
               -1, 0),
          64 * kMib);
  });
  const auto less = MemoryBytesOf(idle.pid());
  const auto more = MemoryBytesOf(busy.pid());
  ASSERT_TRUE(less.has_value());
  ASSERT_TRUE(more.has_value());
  EXPECT_NEAR(static_cast<double>(*more - *less), 64.0 * kMib, 8.0 * kMib);
}

TEST(ProcessUsage, CountsSharedMemoryThatIsUsed) {
  const Child idle([] {});
  const Child busy([] {
    const int fd = memfd_create("test", MFD_CLOEXEC);
    ASSERT_EQ(ftruncate(fd, 32 * kMib), 0);
    Touch(mmap(nullptr, 32 * kMib, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), 32 * kMib);
  });
  EXPECT_NEAR(static_cast<double>(MemoryBytesOf(busy.pid()).value_or(0) -
                                  MemoryBytesOf(idle.pid()).value_or(0)),
              32.0 * kMib, 8.0 * kMib);
}

TEST(ProcessUsage, DoesNotCountMemoryThatIsOnlyReserved) {
  const Child idle([] {});
  const Child reserving([] {
    mmap(nullptr, 1024 * kMib, PROT_READ | PROT_WRITE,
         MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  });
  EXPECT_LT(MemoryBytesOf(reserving.pid()).value_or(0),
            MemoryBytesOf(idle.pid()).value_or(0) + 8 * kMib);
}

TEST(ProcessUsage, CountsProcessorTime) {
  const Child idle([] {});
  const Child busy([] { SpinFor(100); });
  const auto less = CpuNsOf(idle.pid());
  const auto more = CpuNsOf(busy.pid());
  ASSERT_TRUE(less.has_value());
  ASSERT_TRUE(more.has_value());
  EXPECT_LT(*less, 80'000'000);
  EXPECT_GE(*more, 100'000'000);
  EXPECT_LT(*more, 1'000'000'000);
}

TEST(ProcessUsage, KnowsItself) {
  EXPECT_GT(MemoryBytesOf(getpid()).value_or(0), 0);
  EXPECT_GT(CpuNsOf(getpid()).value_or(0), 0);
}

TEST(ProcessUsage, KnowsNoMemoryOfAProcessThatHasEnded) {
  Child child([] {});
  child.Kill();
  siginfo_t info{};
  ASSERT_EQ(waitid(P_PID, static_cast<id_t>(child.pid()), &info, WEXITED | WNOWAIT), 0);
  EXPECT_EQ(MemoryBytesOf(child.pid()), std::nullopt);
}

TEST(ProcessUsage, KnowsNothingOfAProcessThatIsGone) {
  pid_t pid = 0;
  {
    const Child child([] {});
    pid = child.pid();
  }
  EXPECT_EQ(MemoryBytesOf(pid), std::nullopt);
  EXPECT_EQ(CpuNsOf(pid), std::nullopt);
}

}  // namespace

}  // namespace springald
