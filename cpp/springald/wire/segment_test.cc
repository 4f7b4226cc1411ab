#include "springald/wire/segment.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <string>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "springald/base/open_fds_testing.h"
#include "springald/wire/refusals_testing.h"

namespace springald::wire {

namespace {

WritableSegment SegmentWith(const std::string& text) {
  auto segment = WritableSegment::Create(static_cast<int64_t>(text.size())).ValueOrDie();
  std::memcpy(segment.data(), text.data(), text.size());
  return segment;
}

/// Another descriptor of the segment, as a process gets it through a socket.
UniqueFd FdOf(const WritableSegment& segment) { return UniqueFd(dup(segment.fd())); }

/// Opens the file anew, as anybody who has the descriptor may.
UniqueFd Reopened(const WritableSegment& segment) {
  return UniqueFd(open(("/proc/self/fd/" + std::to_string(segment.fd())).c_str(),
                       O_RDWR | O_CLOEXEC));
}

UniqueFd MemoryFile(int64_t num_bytes, unsigned flags = MFD_ALLOW_SEALING) {
  UniqueFd fd(memfd_create("test", MFD_CLOEXEC | flags));
  EXPECT_EQ(ftruncate(fd.get(), num_bytes), 0);
  return fd;
}

std::string TextOf(const arrow::Buffer& buffer) {
  return {reinterpret_cast<const char*>(buffer.data()),
          static_cast<std::size_t>(buffer.size())};
}

TEST(WritableSegment, IsSealedForGood) {
  const auto segment = SegmentWith("abc");
  const int seals = fcntl(segment.fd(), F_GET_SEALS);
  EXPECT_EQ(seals & (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL),
            F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL);
  EXPECT_EQ(fcntl(segment.fd(), F_ADD_SEALS, F_SEAL_WRITE), -1);
  EXPECT_EQ(errno, EPERM);
  EXPECT_EQ(fcntl(segment.fd(), F_GETFD), FD_CLOEXEC);
}

TEST(WritableSegment, IsWrittenByNobodyElse) {
  const auto segment = SegmentWith("abc");
  const UniqueFd copy = FdOf(segment);
  const UniqueFd reopened = Reopened(segment);
  ASSERT_TRUE(reopened);
  for (const int fd : {copy.get(), reopened.get()}) {
    EXPECT_EQ(pwrite(fd, "x", 1, 0), -1);
    EXPECT_EQ(errno, EPERM);
    EXPECT_EQ(ftruncate(fd, 0), -1);
    EXPECT_EQ(errno, EPERM);
    EXPECT_EQ(ftruncate(fd, segment.capacity_bytes() * 2), -1);
    EXPECT_EQ(errno, EPERM);
    EXPECT_EQ(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), -1);
    EXPECT_EQ(errno, EPERM);
    EXPECT_EQ(fallocate(fd, FALLOC_FL_ZERO_RANGE, 0, 4096), -1);
    EXPECT_EQ(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    EXPECT_EQ(errno, EPERM);
  }
  EXPECT_EQ(std::string(reinterpret_cast<const char*>(segment.data()), 3), "abc");
}

TEST(WritableSegment, IsNotWrittenThroughAMappingForReading) {
  const auto segment = SegmentWith("abc");
  for (const UniqueFd& fd : {FdOf(segment), Reopened(segment)}) {
    void* const mapped = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd.get(), 0);
    ASSERT_NE(mapped, MAP_FAILED);
    EXPECT_EQ(mprotect(mapped, 4096, PROT_READ | PROT_WRITE), -1);
    EXPECT_EQ(errno, EACCES);
    EXPECT_EQ(madvise(mapped, 4096, MADV_REMOVE), -1);
    EXPECT_EQ(errno, EACCES);
    munmap(mapped, 4096);
  }
}

TEST(WritableSegment, IsNotWrittenByAnotherProcess) {
  const auto segment = SegmentWith("abc");
  const pid_t child = fork();
  if (child == 0) {
    const bool is_written = pwrite(segment.fd(), "x", 1, 0) == 1;
    const bool is_cut = ftruncate(segment.fd(), 0) == 0;
    _exit((is_written ? 1 : 0) + (is_cut ? 2 : 0));
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

TEST(WritableSegment, StaysWritableForWhoMadeIt) {
  auto segment = SegmentWith("abc");
  const auto mapped = MapSegment(FdOf(segment)).ValueOrDie();
  const auto foreign = ForeignSegment::Open(FdOf(segment)).ValueOrDie();
  std::memcpy(segment.data(), "xyz", 3);
  EXPECT_EQ(TextOf(*mapped).substr(0, 3), "xyz");
  EXPECT_EQ(TextOf(*foreign.Copy(0, 3).ValueOrDie()), "xyz");
}

TEST(WritableSegment, IsAtLeastAsLargeAsAskedFor) {
  constexpr int64_t kKib = 1024;
  for (const auto& [num_bytes, capacity] : std::vector<std::pair<int64_t, int64_t>>{
           {0, 256 * kKib},
           {1, 256 * kKib},
           {256 * kKib, 256 * kKib},
           {256 * kKib + 1, 512 * kKib},
           {kMaxKeptBytes - 1, kMaxKeptBytes},
           {kMaxKeptBytes, kMaxKeptBytes},
           // Such ones are not kept, and no larger than they have to be.
           {kMaxKeptBytes + 1, kMaxKeptBytes + 4096},
           {kMaxKeptBytes + 4096, kMaxKeptBytes + 4096}}) {
    auto segment = WritableSegment::Create(num_bytes).ValueOrDie();
    EXPECT_EQ(segment.capacity_bytes(), capacity) << num_bytes;
    segment.data()[capacity - 1] = 1;
  }
}

TEST(WritableSegment, RefusesMoreThanThereIs) {
  EXPECT_TRUE(WritableSegment::Create(int64_t{1} << 62).status().IsIOError());
  EXPECT_TRUE(
      WritableSegment::Create(std::numeric_limits<int64_t>::max()).status().IsIOError());
}

TEST(WritableSegment, MovesAndLeavesNothingBehind) {
  const int before = NumOpenFds();
  {
    auto one = SegmentWith("one");
    auto other = SegmentWith("other");
    uint8_t* const data = one.data();
    other = std::move(one);
    EXPECT_EQ(other.data(), data);
    const WritableSegment third(std::move(other));
    EXPECT_EQ(third.data(), data);
    EXPECT_EQ(other.data(), nullptr);
    EXPECT_EQ(other.capacity_bytes(), 0);
  }
  EXPECT_EQ(NumOpenFds(), before);
}

TEST(ForeignSegment, CopiesParts) {
  const auto segment = SegmentWith("abcdef");
  const auto foreign = ForeignSegment::Open(FdOf(segment)).ValueOrDie();
  const int64_t size = foreign.size_bytes();
  EXPECT_EQ(size, segment.capacity_bytes());
  EXPECT_EQ(TextOf(*foreign.Copy(0, 6).ValueOrDie()), "abcdef");
  EXPECT_EQ(TextOf(*foreign.Copy(2, 3).ValueOrDie()), "cde");
  EXPECT_EQ(foreign.Copy(0, size).ValueOrDie()->size(), size);
  EXPECT_EQ(foreign.Copy(size, 0).ValueOrDie()->size(), 0);
  EXPECT_EQ(TextOf(*foreign.Copy(size - 1, 1).ValueOrDie()), std::string(1, '\0'));
}

TEST(ForeignSegment, CopiesPartsOfALargeOne) {
  auto segment = WritableSegment::Create(kMaxKeptBytes + 1).ValueOrDie();
  const auto foreign = ForeignSegment::Open(FdOf(segment)).ValueOrDie();
  const int64_t size = foreign.size_bytes();
  std::memcpy(segment.data() + size - 3, "xyz", 3);
  const auto copy = foreign.Copy(size - 3, 3).ValueOrDie();
  std::memcpy(segment.data() + size - 3, "abc", 3);
  EXPECT_EQ(TextOf(*copy), "xyz");
  EXPECT_EQ(foreign.Copy(0, size).ValueOrDie()->size(), size);
  ExpectInvalid(foreign.Copy(1, size), "outside of its segment: ");
}

TEST(ForeignSegment, RefusesAFileOfHugePages) {
  UniqueFd fd(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_HUGETLB));
  if (!fd) {
    GTEST_SKIP() << "this system has no huge pages";
  }
  ASSERT_EQ(fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
  ExpectInvalid(ForeignSegment::Open(std::move(fd)), "is of huge pages");
}

TEST(ForeignSegment, CopiesWhatDoesNotChangeAfterwards) {
  auto segment = SegmentWith("abc");
  const auto copy =
      ForeignSegment::Open(FdOf(segment)).ValueOrDie().Copy(0, 3).ValueOrDie();
  std::memcpy(segment.data(), "xyz", 3);
  EXPECT_EQ(TextOf(*copy), "abc");
}

TEST(ForeignSegment, RefusesPartsThatAreOutside) {
  const auto segment = SegmentWith("abc");
  const auto foreign = ForeignSegment::Open(FdOf(segment)).ValueOrDie();
  const int64_t size = foreign.size_bytes();
  constexpr int64_t kMax = std::numeric_limits<int64_t>::max();
  constexpr int64_t kMin = std::numeric_limits<int64_t>::min();
  for (const auto& [offset, num_bytes] :
       std::vector<std::pair<int64_t, int64_t>>{{0, size + 1},
                                                {1, size},
                                                {size, 1},
                                                {size + 1, 0},
                                                {-1, 1},
                                                {0, -1},
                                                {kMax, 1},
                                                {1, kMax},
                                                {kMax, kMax},
                                                {kMin, kMin},
                                                {8, kMax - 7}}) {
    ExpectInvalid(foreign.Copy(offset, num_bytes), "outside of its segment: ");
  }
}

TEST(ForeignSegment, RefusesAFileWhoseSizeIsNotSealed) {
  ExpectInvalid(ForeignSegment::Open(MemoryFile(4096)), "is not sealed: its seals are 0");
  auto only_growing = MemoryFile(4096);
  ASSERT_EQ(fcntl(only_growing.get(), F_ADD_SEALS, F_SEAL_GROW), 0);
  ExpectInvalid(ForeignSegment::Open(std::move(only_growing)), "is not sealed");
  auto only_shrinking = MemoryFile(4096);
  ASSERT_EQ(fcntl(only_shrinking.get(), F_ADD_SEALS, F_SEAL_SHRINK), 0);
  ExpectInvalid(ForeignSegment::Open(std::move(only_shrinking)), "is not sealed");
  ExpectInvalid(ForeignSegment::Open(MemoryFile(4096, 0)), "is not sealed");
}

TEST(ForeignSegment, RefusesWhatIsNoMemoryFile) {
  ExpectInvalid(ForeignSegment::Open(UniqueFd(open("/proc/self/exe", O_RDONLY))),
                "is not sealed");
  ExpectInvalid(ForeignSegment::Open(UniqueFd(open("/dev/zero", O_RDWR))),
                "is not sealed");
  ExpectInvalid(ForeignSegment::Open(std::move(MakePipe().ValueOrDie().read_end)),
                "is not sealed");
  ExpectInvalid(ForeignSegment::Open(UniqueFd()), "is not sealed");
}

TEST(ForeignSegment, FailsWhereItCannotBeRead) {
  for (const int64_t size : {int64_t{4096}, kMaxKeptBytes + 4096}) {
    const auto file = MemoryFile(size);
    ASSERT_EQ(fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    UniqueFd write_only(
        open(("/proc/self/fd/" + std::to_string(file.get())).c_str(), O_WRONLY));
    const auto copied = [&write_only]() -> arrow::Status {
      ARROW_ASSIGN_OR_RAISE(const auto foreign,
                            ForeignSegment::Open(std::move(write_only)));
      return foreign.Copy(0, 1).status();
    };
    EXPECT_TRUE(copied().IsIOError()) << size;
  }
}

TEST(ForeignSegment, ReadsPagesThatWereTakenAwayAsZeros) {
  // Its maker may keep the right to do so.
  for (const int64_t size : {int64_t{8192}, kMaxKeptBytes + 4096}) {
    auto file = MemoryFile(size);
    ASSERT_EQ(pwrite(file.get(), "abc", 3, 4096), 3);
    ASSERT_EQ(fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    const UniqueFd maker(dup(file.get()));
    const auto foreign = ForeignSegment::Open(std::move(file)).ValueOrDie();
    EXPECT_EQ(TextOf(*foreign.Copy(4096, 3).ValueOrDie()), "abc");
    ASSERT_EQ(fallocate(maker.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 8192),
              0);
    EXPECT_EQ(TextOf(*foreign.Copy(4096, 3).ValueOrDie()), std::string(3, '\0'));
  }
}

TEST(MapSegment, LivesAsLongAsASlice) {
  const int before = NumOpenFds();
  std::shared_ptr<arrow::Buffer> slice;
  {
    const auto segment = SegmentWith("abcdef");
    const auto mapped = MapSegment(FdOf(segment)).ValueOrDie();
    EXPECT_FALSE(mapped->is_mutable());
    EXPECT_EQ(mapped->size(), segment.capacity_bytes());
    slice = arrow::SliceBuffer(mapped, 2, 3);
  }
  EXPECT_EQ(NumOpenFds(), before);
  EXPECT_EQ(TextOf(*slice), "cde");
}

TEST(MapSegment, RefusesAFileWhoseSizeIsNotSealed) {
  const int before = NumOpenFds();
  ExpectInvalid(MapSegment(MemoryFile(4096)), "is not sealed");
  ExpectInvalid(MapSegment(UniqueFd(open("/proc/self/exe", O_RDONLY))), "is not sealed");
  EXPECT_EQ(NumOpenFds(), before);
}

TEST(MapSegment, RefusesAnEmptyFile) {
  auto empty = MemoryFile(0);
  ASSERT_EQ(fcntl(empty.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
  EXPECT_TRUE(MapSegment(std::move(empty)).status().IsIOError());
}

}  // namespace

}  // namespace springald::wire
