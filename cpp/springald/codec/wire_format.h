#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include <arrow/result.h>

#include "springald/base/byte_reader.h"

namespace springald {

/// How protobuf encodes a field. Groups (3 and 4) are refused when read.
enum class WireType : uint8_t {
  kVarint = 0,
  kFixed64 = 1,
  kLengthDelimited = 2,
  kFixed32 = 5,
};

/// What stands in front of a field's value.
struct WireTag {
  uint32_t field_number;
  WireType type;
  std::size_t offset;  ///< of the tag's first byte, for messages
};

/// Reads the fields of one protobuf message, in the order they come.
///
/// Slices point into the bytes given. For one thread at a time. Every failure is
/// `Invalid` and names the offset.
class WireReader {
 public:
  explicit WireReader(ByteReader bytes) : bytes_(bytes) {}

  bool AtEnd() const { return bytes_.AtEnd(); }

  /// Fails on a wire type that is unknown or a group, and on field number 0.
  arrow::Result<WireTag> ReadTag();

  // Each reads the value that follows `tag`, and fails where `tag` is of another type.

  arrow::Result<uint64_t> ReadVarint(const WireTag& tag);
  arrow::Result<std::string_view> ReadBytes(const WireTag& tag, std::size_t limit_bytes);
  arrow::Result<WireReader> ReadMessage(const WireTag& tag, std::size_t limit_bytes);

  /// Passes over the value that follows `tag`, of whatever type.
  arrow::Status Skip(const WireTag& tag);

 private:
  ByteReader bytes_;
};

/// Refuses a field of a message that comes a second time.
class SeenFields {
 public:
  /// Fails where `tag` was added before. REQUIRES: tag.field_number < 64.
  arrow::Status Add(const WireTag& tag);

 private:
  uint64_t seen_ = 0;
};

/// Writes the fields of one protobuf message, in the order of the calls. Leaves
/// out zeros and empty bytes, as proto3 does. For one thread at a time.
class WireWriter {
 public:
  void WriteVarint(uint32_t field_number, uint64_t value);
  void WriteBytes(uint32_t field_number, std::string_view bytes);
  /// Writes an embedded message, also where it is empty.
  void WriteMessage(uint32_t field_number, std::string_view message);

  const std::string& bytes() const { return bytes_; }
  /// Moves the bytes out; the writer is empty afterwards.
  std::string Finish() { return std::move(bytes_); }

 private:
  void AppendVarint(uint64_t value);
  void AppendTag(uint32_t field_number, WireType type);

  std::string bytes_;
};

}  // namespace springald
