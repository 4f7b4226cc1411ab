#include "springald/codec/wire_format.h"

#include <limits>

#include <arrow/status.h>

namespace springald {

namespace {

constexpr uint64_t kMaxFieldNumber = (uint64_t{1} << 29) - 1;
constexpr int kNumTypeBits = 3;

arrow::Status CheckType(const WireTag& tag, WireType expected) {
  if (tag.type != expected) {
    return arrow::Status::Invalid("Field ", tag.field_number, " at byte ", tag.offset,
                                  " has wire type ", static_cast<int>(tag.type),
                                  ", expected ", static_cast<int>(expected));
  }
  return arrow::Status::OK();
}

}  // namespace

arrow::Result<WireTag> WireReader::ReadTag() {
  const std::size_t offset = bytes_.offset();
  ARROW_ASSIGN_OR_RAISE(const uint64_t tag, bytes_.ReadVarint());
  const uint64_t field_number = tag >> kNumTypeBits;
  if (field_number == 0 || field_number > kMaxFieldNumber) {
    return arrow::Status::Invalid("The tag at byte ", offset,
                                  " has an impossible field number: ", field_number);
  }
  const auto type = static_cast<WireType>(tag & ((1 << kNumTypeBits) - 1));
  switch (type) {
    case WireType::kVarint:
    case WireType::kFixed64:
    case WireType::kLengthDelimited:
    case WireType::kFixed32:
      return WireTag{static_cast<uint32_t>(field_number), type, offset};
  }
  return arrow::Status::Invalid(
      "Field ", field_number, " at byte ", offset,
      " has a wire type that is not supported: ", static_cast<int>(type));
}

arrow::Result<uint64_t> WireReader::ReadVarint(const WireTag& tag) {
  ARROW_RETURN_NOT_OK(CheckType(tag, WireType::kVarint));
  return bytes_.ReadVarint();
}

arrow::Result<std::string_view> WireReader::ReadBytes(const WireTag& tag,
                                                      std::size_t limit_bytes) {
  ARROW_RETURN_NOT_OK(CheckType(tag, WireType::kLengthDelimited));
  return bytes_.ReadLengthDelimited(limit_bytes);
}

arrow::Result<WireReader> WireReader::ReadMessage(const WireTag& tag,
                                                  std::size_t limit_bytes) {
  ARROW_ASSIGN_OR_RAISE(const auto message, ReadBytes(tag, limit_bytes));
  return WireReader(ByteReader(message, bytes_.offset() - message.size()));
}

arrow::Status WireReader::Skip(const WireTag& tag) {
  switch (tag.type) {
    case WireType::kVarint:
      return bytes_.ReadVarint().status();
    case WireType::kFixed64:
      return bytes_.ReadUint64().status();
    case WireType::kLengthDelimited:
      // What is left is the limit: nothing is allocated for it.
      return bytes_.ReadLengthDelimited(std::numeric_limits<std::size_t>::max()).status();
    case WireType::kFixed32:
      break;
  }
  return bytes_.ReadUint32().status();
}

arrow::Status SeenFields::Add(const WireTag& tag) {
  const uint64_t bit = uint64_t{1} << tag.field_number;
  if ((seen_ & bit) != 0) {
    return arrow::Status::Invalid("Field ", tag.field_number,
                                  " comes a second time, at byte ", tag.offset);
  }
  seen_ |= bit;
  return arrow::Status::OK();
}

void WireWriter::WriteVarint(uint32_t field_number, uint64_t value) {
  if (value != 0) {
    AppendTag(field_number, WireType::kVarint);
    AppendVarint(value);
  }
}

void WireWriter::WriteBytes(uint32_t field_number, std::string_view bytes) {
  if (!bytes.empty()) {
    WriteMessage(field_number, bytes);
  }
}

void WireWriter::WriteMessage(uint32_t field_number, std::string_view message) {
  AppendTag(field_number, WireType::kLengthDelimited);
  AppendVarint(message.size());
  bytes_.append(message);
}

void WireWriter::AppendTag(uint32_t field_number, WireType type) {
  AppendVarint(uint64_t{field_number} << kNumTypeBits | static_cast<uint64_t>(type));
}

void WireWriter::AppendVarint(uint64_t value) {
  while (value >= 0x80) {
    bytes_.push_back(static_cast<char>(value | 0x80));
    value >>= 7;
  }
  bytes_.push_back(static_cast<char>(value));
}

}  // namespace springald
