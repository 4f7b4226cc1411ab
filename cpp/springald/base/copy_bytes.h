#pragma once

#include <cstddef>
#include <cstring>

namespace springald {

/// Copies `size` bytes, as memcpy does, without a call for up to 32: for most strings the
/// call would cost more than the copy. Two copies of a fixed size overlap in the middle.
inline void CopyBytes(char* out, const char* in, std::size_t size) {
  if (size > 32) {
    std::memcpy(out, in, size);
  } else if (size >= 16) {
    std::memcpy(out, in, 16);
    std::memcpy(out + size - 16, in + size - 16, 16);
  } else if (size >= 8) {
    std::memcpy(out, in, 8);
    std::memcpy(out + size - 8, in + size - 8, 8);
  } else if (size >= 4) {
    std::memcpy(out, in, 4);
    std::memcpy(out + size - 4, in + size - 4, 4);
  } else if (size > 0) {
    out[0] = in[0];
    out[size / 2] = in[size / 2];
    out[size - 1] = in[size - 1];
  }
}

}  // namespace springald
