#pragma once

#include <cstdint>

namespace springald {

/// What one batch of a function may use where it runs in a worker process. 0: not
/// limited here.
struct UdfLimits {
  int64_t timeout_ms = 0;          ///< wall-clock milliseconds
  int64_t memory_limit_bytes = 0;  ///< above what a worker has before it runs functions
  int64_t cpu_limit_ms = 0;        ///< processor milliseconds, all threads together
  int64_t max_open_files = 0;      ///< descriptors of the worker
  int64_t max_result_bytes = 0;    ///< bytes of the column

  bool operator==(const UdfLimits&) const = default;
};

/// Returns what both allow: of each limit the smaller value above 0, or 0 where neither
/// has one.
UdfLimits Tightest(const UdfLimits& left, const UdfLimits& right);

}  // namespace springald
