#include "springald/wire/column_messages.h"

#include <string_view>
#include <utility>

#include "springald/base/byte_reader.h"

namespace springald::wire {

namespace {

// The format: arrow/format/Message.fbs and Encapsulated Message Format of Columnar.html.
constexpr uint32_t kContinuation = 0xffffffff;
constexpr uint8_t kRecordBatch = 3;
namespace message_field {
constexpr uint32_t kHeaderType = 1;
constexpr uint32_t kBodyLength = 3;
constexpr uint32_t kCustomMetadata = 4;
}  // namespace message_field

/// Of everything in a message, at least; buffers of no type need more.
constexpr uint32_t kAlignmentBytes = 8;

arrow::Result<ByteReader> ReaderAt(std::string_view bytes, uint64_t place) {
  if (place > bytes.size()) {
    return arrow::Status::Invalid("an offset points past the end: ", place, " of ",
                                  bytes.size());
  }
  return ByteReader(bytes.substr(place), place);
}

/// Follows the offset at `place`, which counts from there.
arrow::Result<uint64_t> Follow(std::string_view bytes, uint64_t place) {
  ARROW_ASSIGN_OR_RAISE(auto reader, ReaderAt(bytes, place));
  ARROW_ASSIGN_OR_RAISE(const uint32_t offset, reader.ReadUint32());
  return place + offset;
}

/// A table of a FlatBuffer <https://flatbuffers.dev/internals/> that nobody has verified.
class FlatTable {
 public:
  /// Opens the table that the offset at `place` points to.
  static arrow::Result<FlatTable> At(std::string_view bytes, uint64_t place) {
    ARROW_ASSIGN_OR_RAISE(const uint64_t table, Follow(bytes, place));
    ARROW_ASSIGN_OR_RAISE(auto reader, ReaderAt(bytes, table));
    ARROW_ASSIGN_OR_RAISE(const uint32_t back, reader.ReadUint32());
    const int64_t fields = static_cast<int64_t>(table) - static_cast<int32_t>(back);
    if (fields < 0) {
      return arrow::Status::Invalid("a table's fields are before the beginning");
    }
    return FlatTable(bytes, table, static_cast<uint64_t>(fields));
  }

  /// Returns where a field is, or 0 where it is absent.
  arrow::Result<uint64_t> PlaceOf(uint32_t field) const {
    ARROW_ASSIGN_OR_RAISE(auto reader, ReaderAt(bytes_, fields_));
    ARROW_ASSIGN_OR_RAISE(const uint16_t num_bytes, reader.ReadUint16());
    const uint32_t entry = 4 + 2 * field;
    if (entry + 2 > num_bytes) {
      return 0;
    }
    ARROW_ASSIGN_OR_RAISE(reader, ReaderAt(bytes_, fields_ + entry));
    ARROW_ASSIGN_OR_RAISE(const uint16_t offset, reader.ReadUint16());
    return offset == 0 ? 0 : table_ + offset;
  }

 private:
  FlatTable(std::string_view bytes, uint64_t table, uint64_t fields)
      : bytes_(bytes), table_(table), fields_(fields) {}

  std::string_view bytes_;
  uint64_t table_;
  uint64_t fields_;
};

/// Checks the metadata of a message, and returns how long its body is.
arrow::Result<uint64_t> CheckMetadata(std::string_view metadata) {
  ARROW_ASSIGN_OR_RAISE(const auto message, FlatTable::At(metadata, 0));
  ARROW_ASSIGN_OR_RAISE(const uint64_t custom,
                        message.PlaceOf(message_field::kCustomMetadata));
  if (custom != 0) {
    return arrow::Status::Invalid("they have metadata of their own");
  }
  ARROW_ASSIGN_OR_RAISE(const uint64_t type_place,
                        message.PlaceOf(message_field::kHeaderType));
  ARROW_ASSIGN_OR_RAISE(auto type_reader, ReaderAt(metadata, type_place));
  ARROW_ASSIGN_OR_RAISE(const uint8_t type, type_reader.ReadUint8());
  if (type_place == 0 || type != kRecordBatch) {
    return arrow::Status::Invalid("they are in a message of another kind");
  }
  ARROW_ASSIGN_OR_RAISE(const uint64_t length_place,
                        message.PlaceOf(message_field::kBodyLength));
  if (length_place == 0) {
    return 0;
  }
  ARROW_ASSIGN_OR_RAISE(auto length_reader, ReaderAt(metadata, length_place));
  return length_reader.ReadUint64();
}

arrow::Status Malformed(const arrow::Status& why) {
  return arrow::Status::Invalid("the columns are not in the form that is accepted here: ",
                                why.message());
}

/// Takes a message apart. Returns how long its metadata and its body are.
arrow::Result<std::pair<int64_t, int64_t>> PartsOf(std::string_view bytes) {
  ByteReader reader(bytes);
  ARROW_ASSIGN_OR_RAISE(const uint32_t continuation, reader.ReadUint32());
  if (continuation != kContinuation) {
    return arrow::Status::Invalid("they begin with ", continuation);
  }
  ARROW_ASSIGN_OR_RAISE(const uint32_t num_bytes, reader.ReadUint32());
  ARROW_ASSIGN_OR_RAISE(const auto metadata,
                        reader.ReadBytes(num_bytes, kMaxMetadataBytes));
  ARROW_ASSIGN_OR_RAISE(const uint64_t body_bytes, CheckMetadata(metadata));
  if (num_bytes % kAlignmentBytes != 0 || body_bytes % kAlignmentBytes != 0) {
    return arrow::Status::Invalid("they begin or end at an odd place");
  }
  if (body_bytes > reader.num_bytes_left()) {
    return arrow::Status::Invalid("they are cut off: ", body_bytes, " bytes announced, ",
                                  reader.num_bytes_left(), " left");
  }
  return std::pair(static_cast<int64_t>(num_bytes), static_cast<int64_t>(body_bytes));
}

}  // namespace

arrow::Result<std::unique_ptr<arrow::ipc::Message>> ColumnMessages::Next() {
  const auto parts = PartsOf({reinterpret_cast<const char*>(bytes_->data()) + position_,
                              static_cast<std::size_t>(num_bytes_left())});
  if (!parts.ok()) {
    return Malformed(parts.status());
  }
  const auto& [metadata_bytes, body_bytes] = *parts;
  constexpr int64_t kPrefixBytes = 2 * sizeof(uint32_t);
  auto metadata = arrow::SliceBuffer(bytes_, position_ + kPrefixBytes, metadata_bytes);
  position_ += kPrefixBytes + metadata_bytes;
  auto body = arrow::SliceBuffer(bytes_, position_, body_bytes);
  position_ += body_bytes;
  return arrow::ipc::Message::Open(std::move(metadata), std::move(body));
}

}  // namespace springald::wire
