#include "springald/codec/udf_limits.h"

#include <algorithm>

namespace springald {

namespace {

int64_t Tighter(int64_t left, int64_t right) {
  if (left <= 0 || right <= 0) {
    return std::max({left, right, int64_t{0}});
  }
  return std::min(left, right);
}

}  // namespace

UdfLimits Tightest(const UdfLimits& left, const UdfLimits& right) {
  return {
      .timeout_ms = Tighter(left.timeout_ms, right.timeout_ms),
      .memory_limit_bytes = Tighter(left.memory_limit_bytes, right.memory_limit_bytes),
      .cpu_limit_ms = Tighter(left.cpu_limit_ms, right.cpu_limit_ms),
      .max_open_files = Tighter(left.max_open_files, right.max_open_files),
      .max_result_bytes = Tighter(left.max_result_bytes, right.max_result_bytes),
  };
}

}  // namespace springald
