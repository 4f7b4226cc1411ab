#include "springald/backend/sidecar/limit_texts.h"

#include <array>
#include <cstdio>
#include <utility>

namespace springald {

std::string InSeconds(int64_t milliseconds) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%g s",
                static_cast<double>(milliseconds) / 1000.0);
  return text.data();
}

std::string InMib(int64_t num_bytes) {
  std::array<char, 32> text{};
  std::snprintf(text.data(), text.size(), "%.4g MiB",
                static_cast<double>(num_bytes) / (1 << 20));
  return text.data();
}

UdfErrorInfo WithLimitNamed(UdfErrorInfo info, const UdfLimits& limits) {
  switch (info.code) {
    case UdfErrorCode::kMemory:
      if (limits.memory_limit_bytes > 0) {
        info.message += "; the limit of memory is " + InMib(limits.memory_limit_bytes);
      }
      break;
    case UdfErrorCode::kOpenFiles:
      info.message += "; the worker process may have " +
                      std::to_string(limits.max_open_files) + " files open";
      break;
    case UdfErrorCode::kResultSize:
      info.message +=
          ", at most " + std::to_string(limits.max_result_bytes) + " are taken";
      break;
    default:
      break;
  }
  return info;
}

}  // namespace springald
