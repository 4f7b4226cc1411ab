#pragma once

#include <deque>
#include <mutex>
#include <string>

#include "springald/backend/sidecar/captured_output.h"

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
  std::deque<std::string> lines_;  // guarded by mutex_
  std::size_t num_bytes_ = 0;      // guarded by mutex_
};

}  // namespace springald
