#include "springald/base/byte_reader.h"

#include <arrow/status.h>

namespace springald {

namespace {

constexpr int kMaxVarintBytes = 10;
/// The tenth byte of a varint holds bit 63 and nothing else.
constexpr uint8_t kMaxTenthByte = 1;

}  // namespace

template <typename Integer>
arrow::Result<Integer> ByteReader::ReadLittleEndian() {
  if (num_bytes_left() < sizeof(Integer)) {
    return arrow::Status::Invalid("An integer at byte ", offset(), " needs ",
                                  sizeof(Integer), " bytes, but ", num_bytes_left(),
                                  " are left");
  }
  Integer value = 0;
  for (std::size_t i = 0; i < sizeof(Integer); ++i) {
    const auto byte = static_cast<uint8_t>(bytes_[position_ + i]);
    value = static_cast<Integer>(value | (static_cast<Integer>(byte) << (8 * i)));
  }
  position_ += sizeof(Integer);
  return value;
}

arrow::Result<uint8_t> ByteReader::ReadUint8() { return ReadLittleEndian<uint8_t>(); }
arrow::Result<uint16_t> ByteReader::ReadUint16() { return ReadLittleEndian<uint16_t>(); }
arrow::Result<uint32_t> ByteReader::ReadUint32() { return ReadLittleEndian<uint32_t>(); }
arrow::Result<uint64_t> ByteReader::ReadUint64() { return ReadLittleEndian<uint64_t>(); }

arrow::Result<uint64_t> ByteReader::ReadVarint() {
  uint64_t value = 0;
  for (int i = 0; i < kMaxVarintBytes; ++i) {
    if (position_ + i == bytes_.size()) {
      return arrow::Status::Invalid("The varint at byte ", offset(), " is cut off after ",
                                    i, " bytes");
    }
    const auto byte = static_cast<uint8_t>(bytes_[position_ + i]);
    if (i == kMaxVarintBytes - 1 && byte > kMaxTenthByte) {
      break;
    }
    value |= static_cast<uint64_t>(byte & 0x7f) << (7 * i);
    if (byte < 0x80) {
      position_ += i + 1;
      return value;
    }
  }
  return arrow::Status::Invalid("The varint at byte ", offset(),
                                " is longer than 64 bits");
}

arrow::Result<std::string_view> ByteReader::ReadBytes(uint64_t num_bytes,
                                                      std::size_t limit_bytes) {
  if (num_bytes > limit_bytes) {
    return arrow::Status::Invalid("The length at byte ", offset(),
                                  " is too large: ", num_bytes, " bytes, at most ",
                                  limit_bytes, " are accepted");
  }
  if (num_bytes > num_bytes_left()) {
    return arrow::Status::Invalid("The bytes at byte ", offset(),
                                  " are cut off: ", num_bytes, " announced, ",
                                  num_bytes_left(), " left");
  }
  const auto slice = bytes_.substr(position_, num_bytes);
  position_ += num_bytes;
  return slice;
}

arrow::Result<std::string_view> ByteReader::ReadLengthDelimited(std::size_t limit_bytes) {
  // On a copy, so that a failure leaves this reader before the length.
  ByteReader ahead = *this;
  ARROW_ASSIGN_OR_RAISE(const uint64_t num_bytes, ahead.ReadVarint());
  ARROW_ASSIGN_OR_RAISE(const auto slice, ahead.ReadBytes(num_bytes, limit_bytes));
  *this = ahead;
  return slice;
}

}  // namespace springald
