#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "springald/codec/udf_limits.h"

namespace springald {

/// What a pool of workers is made of, and what its workers may use. A value type.
struct PoolOptions {
  int64_t max_workers = 1;
  /// The interpreter to start; empty for that of this process.
  std::string python_executable{};
  /// Modules that are imported before workers are forked.
  std::vector<std::string> preload{};
  /// Of each batch; those of a function may be tighter.
  UdfLimits limits{.timeout_ms = 300'000,
                   .memory_limit_bytes = int64_t{2} << 30,
                   .cpu_limit_ms = 600'000,
                   .max_open_files = 1024,
                   .max_result_bytes = int64_t{1} << 30};
  /// A worker is replaced after so many batches; 0 is never, as for the next.
  int64_t max_batches_per_worker = 100'000;
  /// A worker that has had no batch for so long is ended.
  std::chrono::milliseconds idle_timeout{60'000};
};

}  // namespace springald
