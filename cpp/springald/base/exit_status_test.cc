#include "springald/base/exit_status.h"

#include <csignal>

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace springald {

namespace {

/// Runs `body` in a child and returns how that ended.
template <typename Body>
int WaitStatusOf(Body&& body) {
  const pid_t child = fork();
  if (child == 0) {
    const rlimit no_core{0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    body();
    _exit(99);
  }
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  return status;
}

TEST(ExitStatus, NamesTheStatusOfAProcessThatExited) {
  EXPECT_EQ(DescribeExit(WaitStatusOf([] { _exit(0); })), "exited with status 0");
  EXPECT_EQ(DescribeExit(WaitStatusOf([] { _exit(3); })), "exited with status 3");
  EXPECT_EQ(DescribeExit(WaitStatusOf([] { _exit(255); })), "exited with status 255");
}

TEST(ExitStatus, NamesTheSignalThatEndedAProcess) {
  const auto ended_by = [](int signal) {
    return DescribeExit(WaitStatusOf([signal] {
      std::signal(signal, SIG_DFL);
      kill(getpid(), signal);
    }));
  };
  EXPECT_EQ(ended_by(SIGKILL), "was ended by signal 9 (SIGKILL)");
  EXPECT_EQ(ended_by(SIGSEGV), "was ended by signal 11 (SIGSEGV)");
  EXPECT_EQ(ended_by(SIGABRT), "was ended by signal 6 (SIGABRT)");
}

TEST(ExitStatus, NamesASignalWithoutAName) {
  EXPECT_EQ(DescribeExit(SIGRTMIN + 3),
            "was ended by signal " + std::to_string(SIGRTMIN + 3));
}

TEST(ExitStatus, SaysThatAProcessDumpedCoreNoOtherwise) {
  EXPECT_EQ(DescribeExit(11 | 0x80), "was ended by signal 11 (SIGSEGV)");
}

TEST(ExitStatus, ShowsWhatItDoesNotKnow) {
  // Stopped, which nobody asks for.
  EXPECT_EQ(DescribeExit(0x137f), "ended with the wait status 4991");
}

}  // namespace

}  // namespace springald
