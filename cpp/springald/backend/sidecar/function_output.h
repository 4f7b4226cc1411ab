#pragma once

#include <mutex>
#include <string>
#include <string_view>

#include "springald/backend/sidecar/last_lines.h"

namespace springald {

/// The last lines that a function has printed, in whichever worker. Any thread may call.
class FunctionOutput {
 public:
  static constexpr std::size_t kMaxBytes = 16 << 10;

  void Add(std::string_view line);
  /// Returns the lines, each with its end, oldest first.
  std::string Text() const;

 private:
  mutable std::mutex mutex_;
  LastLines lines_{kMaxBytes};  // guarded by mutex_
};

}  // namespace springald
