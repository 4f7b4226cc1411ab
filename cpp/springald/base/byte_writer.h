#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace springald {

/// Appends little-endian integers and bytes: what ByteReader reads. For one thread at a
/// time.
class ByteWriter {
 public:
  void WriteUint8(uint8_t value) { bytes_.push_back(static_cast<char>(value)); }
  void WriteUint16(uint16_t value) { WriteLittleEndian(value); }
  void WriteUint32(uint32_t value) { WriteLittleEndian(value); }
  void WriteUint64(uint64_t value) { WriteLittleEndian(value); }

  void WriteVarint(uint64_t value);
  void WriteBytes(std::string_view bytes) { bytes_.append(bytes); }
  /// Writes a varint with the length in bytes, and the bytes.
  void WriteLengthDelimited(std::string_view bytes);

  const std::string& bytes() const { return bytes_; }
  /// Hands over what was written.
  std::string Finish() { return std::move(bytes_); }

 private:
  template <typename Integer>
  void WriteLittleEndian(Integer value) {
    for (std::size_t i = 0; i < sizeof(Integer); ++i) {
      bytes_.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
    }
  }

  std::string bytes_;
};

}  // namespace springald
