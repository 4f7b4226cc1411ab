#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace springald {

/// Levels of log records, as in Python's `logging`.
inline constexpr int32_t kLogDebug = 10;
inline constexpr int32_t kLogWarning = 30;

/// What the runtime tells its host. Either may be empty. Called from any thread, with
/// or without the GIL held, and never with a lock of ours held.
struct Observer {
  /// `level` is as in Python's `logging`: 10 debug, 20 info, 30 warning, 40 error.
  std::function<void(int32_t level, const std::string& message,
                     const std::string& udf_name, const std::string& udf_hash)>
      log;
  /// `status` is 0 or a UdfErrorCode; `elapsed_ns` is wall-clock nanoseconds.
  std::function<void(const std::string& udf_name, const std::string& udf_hash,
                     int64_t num_rows, int64_t elapsed_ns, int32_t status)>
      metric;
};

}  // namespace springald
