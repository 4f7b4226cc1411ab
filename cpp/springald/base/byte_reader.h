#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <arrow/result.h>

namespace springald {

/// Reads bytes from outside, front to back, and never past their end.
///
/// Integers are little-endian and need no alignment. Slices point into the bytes
/// given, which the caller keeps alive; nothing is allocated. A read that fails
/// leaves the reader where it was. For one thread at a time.
///
/// Every failure is `Invalid` and names the offset, counted from the first byte
/// of the outermost message.
class ByteReader {
 public:
  /// \param first_offset What to call the first byte in messages.
  explicit ByteReader(std::string_view bytes, std::size_t first_offset = 0)
      : bytes_(bytes), first_offset_(first_offset) {}

  bool AtEnd() const { return position_ == bytes_.size(); }
  std::size_t num_bytes_left() const { return bytes_.size() - position_; }
  /// Returns the offset of the next byte, as messages name it.
  std::size_t offset() const { return first_offset_ + position_; }

  arrow::Result<uint8_t> ReadUint8();
  arrow::Result<uint16_t> ReadUint16();
  arrow::Result<uint32_t> ReadUint32();
  arrow::Result<uint64_t> ReadUint64();

  /// Reads 7 bits a byte, least significant first, until a byte below 0x80.
  ///
  /// Fails past 10 bytes and on a value that needs more than 64 bits.
  arrow::Result<uint64_t> ReadVarint();

  /// Returns the next `num_bytes` bytes.
  ///
  /// Fails where `num_bytes` is above `limit_bytes` or above what is left.
  arrow::Result<std::string_view> ReadBytes(uint64_t num_bytes, std::size_t limit_bytes);

  /// Returns as many bytes as the varint in front of them says; fails as
  /// ReadVarint and ReadBytes do.
  arrow::Result<std::string_view> ReadLengthDelimited(std::size_t limit_bytes);

 private:
  template <typename Integer>
  arrow::Result<Integer> ReadLittleEndian();

  std::string_view bytes_;
  std::size_t first_offset_;
  std::size_t position_ = 0;
};

}  // namespace springald
