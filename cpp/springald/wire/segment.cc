#include "springald/wire/segment.h"

#include <bit>
#include <cerrno>
#include <cstring>
#include <utility>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#ifndef F_SEAL_FUTURE_WRITE  // Linux 5.1; glibc hides it from strict C++
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

namespace springald::wire {

namespace {

constexpr int64_t kMinSegmentBytes = 256 << 10;
constexpr int64_t kMaxSegmentBytes = int64_t{1} << 48;
constexpr int kSizeSeals = F_SEAL_SHRINK | F_SEAL_GROW;

int64_t CapacityFor(int64_t num_bytes) {
  if (num_bytes <= kMinSegmentBytes) {
    return kMinSegmentBytes;
  }
  if (num_bytes > kMaxKeptBytes) {
    // It holds one batch and is as large as that.
    return (num_bytes + 4095) / 4096 * 4096;
  }
  return static_cast<int64_t>(std::bit_ceil(static_cast<uint64_t>(num_bytes)));
}

/// Returns the size of a memory file that nobody can change any more.
arrow::Result<int64_t> SealedSize(int fd) {
  const int seals = fcntl(fd, F_GET_SEALS);
  if (seals < 0 || (seals & kSizeSeals) != kSizeSeals) {
    return arrow::Status::Invalid(
        "a segment of shared memory is not sealed: its seals are ", seals);
  }
  struct stat status{};
  if (fstat(fd, &status) != 0 || status.st_size < 0) {
    return ErrnoError(errno, "cannot get the size of a segment");
  }
  return static_cast<int64_t>(status.st_size);
}

/// Whether the system may refuse to fill a hole of a memory file, which is a SIGBUS for
/// who reads or writes there through a mapping (vm.overcommit_memory, proc_sys_vm(5)).
bool MayRunOutOfPages() {
  const UniqueFd file(open("/proc/sys/vm/overcommit_memory", O_RDONLY | O_CLOEXEC));
  char mode = '2';
  [[maybe_unused]] const ssize_t n = read(file.get(), &mode, 1);
  return mode == '2';
}

/// Whether a memory file is of ordinary pages. Of huge ones there are few, and to read
/// one when they have run out is a SIGBUS, too.
bool HasOrdinaryPages(int fd) {
  struct statfs status{};
  return fstatfs(fd, &status) == 0 && status.f_type == TMPFS_MAGIC;
}

/// A read-only mapping.
class MappedBuffer : public arrow::Buffer {
 public:
  MappedBuffer(const uint8_t* data, int64_t size) : Buffer(data, size) {}
  ~MappedBuffer() override {
    munmap(const_cast<uint8_t*>(data()), static_cast<std::size_t>(size()));
  }
};

arrow::Result<std::shared_ptr<arrow::Buffer>> Map(int fd, int64_t size_bytes) {
  void* const data =
      mmap(nullptr, static_cast<std::size_t>(size_bytes), PROT_READ, MAP_SHARED, fd, 0);
  if (data == MAP_FAILED) {
    return ErrnoError(errno, "cannot map shared memory");
  }
  return std::make_shared<MappedBuffer>(static_cast<const uint8_t*>(data), size_bytes);
}

}  // namespace

WritableSegment::WritableSegment(UniqueFd fd, uint8_t* data, int64_t capacity_bytes)
    : fd_(std::move(fd)), data_(data), capacity_bytes_(capacity_bytes) {}

WritableSegment::WritableSegment(WritableSegment&& other) noexcept
    : fd_(std::move(other.fd_)),
      data_(std::exchange(other.data_, nullptr)),
      capacity_bytes_(std::exchange(other.capacity_bytes_, 0)) {}

WritableSegment& WritableSegment::operator=(WritableSegment&& other) noexcept {
  std::swap(fd_, other.fd_);
  std::swap(data_, other.data_);
  std::swap(capacity_bytes_, other.capacity_bytes_);
  return *this;
}

WritableSegment::~WritableSegment() {
  if (data_ != nullptr) {
    munmap(data_, static_cast<std::size_t>(capacity_bytes_));
  }
}

arrow::Result<WritableSegment> WritableSegment::Create(int64_t num_bytes) {
  if (num_bytes < 0 || num_bytes > kMaxSegmentBytes) {
    return ErrnoError(ENOMEM, "cannot make shared memory");
  }
  const int64_t capacity = CapacityFor(num_bytes);
  UniqueFd fd(memfd_create("springald-columns", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!fd) {
    return ErrnoError(errno, "cannot make shared memory");
  }
  if (ftruncate(fd.get(), capacity) != 0 ||
      (MayRunOutOfPages() && fallocate(fd.get(), 0, 0, capacity) != 0)) {
    return ErrnoError(errno, "cannot make shared memory");
  }
  void* const data = mmap(nullptr, static_cast<std::size_t>(capacity),
                          PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (data == MAP_FAILED) {
    return ErrnoError(errno, "cannot map shared memory");
  }
  WritableSegment segment(std::move(fd), static_cast<uint8_t*>(data), capacity);
  if (fcntl(segment.fd(), F_ADD_SEALS, kSizeSeals | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) !=
      0) {
    return ErrnoError(errno, "cannot seal shared memory, which needs Linux 5.1 or later");
  }
  return segment;
}

arrow::Result<ForeignSegment> ForeignSegment::Open(UniqueFd fd) {
  ARROW_ASSIGN_OR_RAISE(const int64_t size_bytes, SealedSize(fd.get()));
  if (!HasOrdinaryPages(fd.get())) {
    return arrow::Status::Invalid("a segment of shared memory is of huge pages");
  }
  if (size_bytes > kMaxKeptBytes || MayRunOutOfPages()) {
    return ForeignSegment(std::move(fd), nullptr, size_bytes);
  }
  ARROW_ASSIGN_OR_RAISE(auto mapping, Map(fd.get(), size_bytes));
  return ForeignSegment(UniqueFd(), std::move(mapping), size_bytes);
}

arrow::Result<std::shared_ptr<arrow::Buffer>> ForeignSegment::Copy(
    int64_t offset, int64_t num_bytes) const {
  if (offset < 0 || num_bytes < 0 || offset > size_bytes_ ||
      num_bytes > size_bytes_ - offset) {
    return arrow::Status::Invalid(
        "a part of shared memory is outside of its segment: ", num_bytes,
        " bytes at byte ", offset, " of ", size_bytes_);
  }
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> copy,
                        arrow::AllocateBuffer(num_bytes));
  if (mapping_ != nullptr) {
    std::memcpy(copy->mutable_data(), mapping_->data() + offset,
                static_cast<std::size_t>(num_bytes));
    return copy;
  }
  int64_t num_read = 0;
  while (num_read < num_bytes) {
    const ssize_t n =
        pread(fd_.get(), copy->mutable_data() + num_read,
              static_cast<std::size_t>(num_bytes - num_read), offset + num_read);
    if (n < 0 && errno == EINTR) {
      continue;
    }
    if (n <= 0) {
      return ErrnoError(n < 0 ? errno : EIO, "cannot read shared memory");
    }
    num_read += n;
  }
  return copy;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> MapSegment(UniqueFd fd) {
  ARROW_ASSIGN_OR_RAISE(const int64_t size_bytes, SealedSize(fd.get()));
  return Map(fd.get(), size_bytes);
}

}  // namespace springald::wire
