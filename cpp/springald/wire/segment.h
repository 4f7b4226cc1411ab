#pragma once

#include <cstdint>
#include <memory>

#include <arrow/buffer.h>
#include <arrow/result.h>

#include "springald/base/unique_fd.h"

namespace springald::wire {

// Shared memory for columns: anonymous files (memfd_create(2)), which vanish with their
// last descriptor and mapping, so nothing stays behind however processes end. The side
// that writes makes a segment and maps it before it seals it: from then on its size is
// fixed, and nobody else can write to it. A batch that does not fit gets a new segment.

/// A segment that is larger than this is given back after its batch, by both sides;
/// smaller ones are used again.
inline constexpr int64_t kMaxKeptBytes = 16 << 20;

/// A segment that this process made and writes. For one thread at a time.
class WritableSegment {
 public:
  /// Makes a segment of at least `num_bytes` bytes, more where that saves making another
  /// one soon. Fails with an IOError.
  static arrow::Result<WritableSegment> Create(int64_t num_bytes);

  ~WritableSegment();
  WritableSegment(WritableSegment&& other) noexcept;
  WritableSegment& operator=(WritableSegment&& other) noexcept;
  WritableSegment(const WritableSegment&) = delete;
  WritableSegment& operator=(const WritableSegment&) = delete;

  int fd() const { return fd_.get(); }
  uint8_t* data() const { return data_; }
  int64_t capacity_bytes() const { return capacity_bytes_; }

 private:
  WritableSegment(UniqueFd fd, uint8_t* data, int64_t capacity_bytes);

  UniqueFd fd_;
  uint8_t* data_ = nullptr;
  int64_t capacity_bytes_ = 0;
};

/// A segment of another process, which is read by copying: it may change at any time, and
/// what was copied does not.
class ForeignSegment {
 public:
  /// Fails with Invalid where `fd` is no memory file whose size is sealed, or one of huge
  /// pages.
  static arrow::Result<ForeignSegment> Open(UniqueFd fd);

  int64_t size_bytes() const { return size_bytes_; }

  /// Copies a part of the segment. Fails with Invalid where it is not inside.
  arrow::Result<std::shared_ptr<arrow::Buffer>> Copy(int64_t offset,
                                                     int64_t num_bytes) const;

 private:
  ForeignSegment(UniqueFd fd, std::shared_ptr<arrow::Buffer> mapping, int64_t size_bytes)
      : fd_(std::move(fd)), mapping_(std::move(mapping)), size_bytes_(size_bytes) {}

  // One of the two. A mapping is faster to copy from, but a page that the other side took
  // away becomes memory of this process when it is read, and where the system may refuse
  // that, a SIGBUS: segments of more than kMaxKeptBytes, and all on such systems, are
  // read through their descriptor.
  UniqueFd fd_;
  std::shared_ptr<arrow::Buffer> mapping_;
  int64_t size_bytes_;
};

/// Maps a segment of another process, which this one trusts, for reading. The mapping
/// lives as long as the buffer and its slices. Fails with Invalid where `fd` is no memory
/// file whose size is sealed.
arrow::Result<std::shared_ptr<arrow::Buffer>> MapSegment(UniqueFd fd);

}  // namespace springald::wire
