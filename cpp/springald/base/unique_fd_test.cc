#include "springald/base/unique_fd.h"

#include <cerrno>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <unistd.h>

#include "springald/base/open_fds_testing.h"

namespace springald {

namespace {

bool IsOpen(int fd) { return fcntl(fd, F_GETFD) >= 0; }

int OpenOne() { return dup(STDERR_FILENO); }

static_assert(!std::is_copy_constructible_v<UniqueFd>);
static_assert(!std::is_copy_assignable_v<UniqueFd>);
static_assert(std::is_nothrow_move_constructible_v<UniqueFd>);
static_assert(std::is_nothrow_move_assignable_v<UniqueFd>);

TEST(UniqueFd, ClosesAtItsEnd) {
  const int fd = OpenOne();
  {
    const UniqueFd owner(fd);
    EXPECT_TRUE(owner);
    EXPECT_EQ(owner.get(), fd);
    EXPECT_TRUE(IsOpen(fd));
  }
  EXPECT_FALSE(IsOpen(fd));
}

TEST(UniqueFd, OwnsNothingAtFirst) {
  const UniqueFd none;
  EXPECT_FALSE(none);
  EXPECT_EQ(none.get(), -1);
  EXPECT_FALSE(UniqueFd(-1));
  EXPECT_TRUE(UniqueFd(OpenOne()));
}

TEST(UniqueFd, MovesAndClosesWhatItHadBefore) {
  const int first = OpenOne();
  const int second = OpenOne();
  UniqueFd one(first);
  UniqueFd other(second);
  one = std::move(other);
  EXPECT_FALSE(IsOpen(first));
  EXPECT_TRUE(IsOpen(second));
  EXPECT_EQ(one.get(), second);
  EXPECT_FALSE(other);
  const UniqueFd third(std::move(one));
  EXPECT_EQ(third.get(), second);
  EXPECT_FALSE(one);
}

TEST(UniqueFd, SurvivesBeingMovedToItself) {
  UniqueFd one(OpenOne());
  UniqueFd& same = one;
  one = std::move(same);
  EXPECT_TRUE(IsOpen(one.get()));
}

TEST(UniqueFd, HandsItsDescriptorOver) {
  const int fd = OpenOne();
  {
    UniqueFd owner(fd);
    EXPECT_EQ(owner.release(), fd);
    EXPECT_FALSE(owner);
  }
  EXPECT_TRUE(IsOpen(fd));
  close(fd);
}

TEST(UniqueFd, ClosesOnlyOnce) {
  UniqueFd owner(OpenOne());
  owner.Reset();
  EXPECT_FALSE(owner);
  // The number may be another one's by now.
  const UniqueFd next(OpenOne());
  owner.Reset();
  EXPECT_TRUE(IsOpen(next.get()));
}

TEST(Pipe, CarriesBytesAndIsClosedByExec) {
  const auto pipe = MakePipe().ValueOrDie();
  char byte = 0;
  EXPECT_EQ(read(pipe.read_end.get(), &byte, 1), -1);
  EXPECT_EQ(errno, EAGAIN);
  ASSERT_EQ(write(pipe.write_end.get(), "a", 1), 1);
  ASSERT_EQ(read(pipe.read_end.get(), &byte, 1), 1);
  EXPECT_EQ(byte, 'a');
  EXPECT_EQ(fcntl(pipe.write_end.get(), F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(fcntl(pipe.read_end.get(), F_GETFD), FD_CLOEXEC);
  EXPECT_EQ(fcntl(pipe.write_end.get(), F_GETFD), FD_CLOEXEC);
}

TEST(EventFd, IsReadableUntilItIsRead) {
  const auto event = MakeEventFd().ValueOrDie();
  pollfd waited{event.get(), POLLIN, 0};
  EXPECT_EQ(poll(&waited, 1, 0), 0);
  const uint64_t one = 1;
  ASSERT_EQ(write(event.get(), &one, sizeof(one)), 8);
  ASSERT_EQ(write(event.get(), &one, sizeof(one)), 8);
  EXPECT_EQ(poll(&waited, 1, 0), 1);
  uint64_t count = 0;
  ASSERT_EQ(read(event.get(), &count, sizeof(count)), 8);
  EXPECT_EQ(count, 2u);
  EXPECT_EQ(read(event.get(), &count, sizeof(count)), -1);
  EXPECT_EQ(fcntl(event.get(), F_GETFD), FD_CLOEXEC);
}

TEST(EventFd, IsReadableBetweenNotifyAndClear) {
  const auto event = MakeEventFd().ValueOrDie();
  pollfd waited{event.get(), POLLIN, 0};
  NotifyEventFd(event);
  NotifyEventFd(event);
  EXPECT_EQ(poll(&waited, 1, 0), 1);
  ClearEventFd(event);
  EXPECT_EQ(poll(&waited, 1, 0), 0);
}

TEST(Pipe, FailsWhereNoDescriptorsAreLeftAndLeaksNone) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "UBSan looks at memory through a pipe of its own";
#endif
  const int before = NumOpenFds();
  rlimit limit{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none{0, limit.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto pipe = MakePipe();
  const auto event = MakeEventFd();
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_TRUE(pipe.status().IsIOError());
  EXPECT_TRUE(event.status().IsIOError());
  EXPECT_EQ(pipe.status().message(),
            "cannot make a pipe: Too many open files (errno 24)");
  EXPECT_EQ(NumOpenFds(), before);
}

TEST(ErrnoError, SaysWhatFailedAndWhy) {
  const arrow::Status status = ErrnoError(ENOENT, "cannot open it");
  EXPECT_TRUE(status.IsIOError());
  EXPECT_EQ(status.message(), "cannot open it: No such file or directory (errno 2)");
}

}  // namespace

}  // namespace springald
