#include "springald/worker/worker_limits.h"

#include <algorithm>
#include <cerrno>
#include <fstream>

#include <sys/resource.h>
#include <unistd.h>

#include "springald/base/unique_fd.h"

namespace springald::worker {

namespace {

/// Memory that allocators reserve and do not use, which counts for the kernel.
constexpr int64_t kReservedBytes = int64_t{1} << 30;

/// Writable private memory of this process: column 6 of /proc/self/statm, in pages; see
/// proc(5).
int64_t DataBytes() {
  std::ifstream statm("/proc/self/statm");
  int64_t pages = 0;
  for (int column = 1; column <= 6; ++column) {
    statm >> pages;
  }
  return statm ? pages * sysconf(_SC_PAGESIZE) : 0;
}

arrow::Status SetSoftLimit(__rlimit_resource resource, rlim_t value) {
  rlimit limit{};
  if (getrlimit(resource, &limit) != 0) {
    return ErrnoError(errno, "cannot read a limit of the worker");
  }
  limit.rlim_cur = std::min(value, limit.rlim_max);
  return setrlimit(resource, &limit) == 0
             ? arrow::Status::OK()
             : ErrnoError(errno, "cannot set a limit of the worker");
}

}  // namespace

WorkerLimits::WorkerLimits() : first_data_bytes_(DataBytes()) {
  const rlimit none{0, 0};
  setrlimit(RLIMIT_CORE, &none);
}

arrow::Status WorkerLimits::Apply(int64_t memory_bytes, int64_t max_open_files) {
  if (memory_bytes != memory_bytes_) {
    const rlim_t value = memory_bytes == 0
                             ? RLIM_INFINITY
                             : static_cast<rlim_t>(first_data_bytes_ + kReservedBytes) +
                                   static_cast<rlim_t>(memory_bytes);
    ARROW_RETURN_NOT_OK(SetSoftLimit(RLIMIT_DATA, value));
    memory_bytes_ = memory_bytes;
  }
  if (max_open_files != max_open_files_) {
    ARROW_RETURN_NOT_OK(SetSoftLimit(
        RLIMIT_NOFILE,
        max_open_files == 0 ? RLIM_INFINITY : static_cast<rlim_t>(max_open_files)));
    max_open_files_ = max_open_files;
  }
  return arrow::Status::OK();
}

}  // namespace springald::worker
