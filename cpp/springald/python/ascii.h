#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace springald::python {

/// Says whether all bytes are below 128. Reads eight at a time; the compiler makes
/// vector instructions of the loop.
inline bool IsAscii(std::string_view text) {
  const char* data = text.data();
  std::size_t rest = text.size();
  uint64_t seen = 0;
  while (rest >= 8) {
    uint64_t word;
    std::memcpy(&word, data, 8);
    seen |= word;
    data += 8;
    rest -= 8;
  }
  for (; rest > 0; --rest, ++data) {
    seen |= static_cast<unsigned char>(*data);
  }
  return (seen & UINT64_C(0x8080808080808080)) == 0;
}

}  // namespace springald::python
