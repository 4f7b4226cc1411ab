#pragma once

#include <filesystem>
#include <iterator>

namespace springald {

/// How many descriptors this process has open.
inline int NumOpenFds() {
  // One more is that of the folder itself, at both times.
  return static_cast<int>(
      std::distance(std::filesystem::directory_iterator("/proc/self/fd"), {}));
}

}  // namespace springald
