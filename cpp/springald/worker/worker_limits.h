#pragma once

#include <cstdint>

#include <arrow/status.h>

namespace springald::worker {

/// What a worker's own process may use, as the kernel enforces it (setrlimit(2)). The
/// process that owns the workers samples and kills besides; this is for what a sample
/// would come too late for. For one thread at a time.
class WorkerLimits {
 public:
  /// Notes what the process has now, and forbids core dumps.
  WorkerLimits();

  /// Sets the limits for a batch, where they are not set already; 0 is no limit.
  ///
  /// \param[in] memory_bytes Above what the process had when this was made.
  ///
  /// Fails with an IOError where the kernel refuses.
  arrow::Status Apply(int64_t memory_bytes, int64_t max_open_files);

 private:
  const int64_t first_data_bytes_;
  int64_t memory_bytes_ = 0;
  int64_t max_open_files_ = 0;
};

}  // namespace springald::worker
