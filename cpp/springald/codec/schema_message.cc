#include "springald/codec/schema_message.h"

#include <cstdint>

#include <arrow/result.h>

#include "springald/base/byte_reader.h"
#include "springald/codec/text.h"

namespace springald {

namespace {

// Positions in the tables of Arrow's format/Message.fbs and format/Schema.fbs.
constexpr int kMessageHeaderKind = 1;
constexpr int kMessageHeader = 2;
constexpr int kMessageMetadata = 4;
constexpr int kSchemaFields = 1;
constexpr int kSchemaMetadata = 2;
constexpr int kFieldName = 0;
constexpr int kFieldTypeKind = 2;
constexpr int kFieldType = 3;
constexpr int kFieldChildren = 5;
constexpr int kFieldMetadata = 6;
constexpr int kKeyValueKey = 0;
constexpr int kKeyValueValue = 1;
constexpr int kTimestampTimezone = 1;
constexpr int kUnionTypeIds = 1;
constexpr uint8_t kSchema = 1;
constexpr uint8_t kTimestamp = 10;
constexpr uint8_t kUnion = 14;

/// What a table costs apart from its text: less than any table takes unshared.
constexpr std::size_t kTableBytes = 16;

/// Where something starts in the flatbuffer; 0, which is the root's offset, means that
/// the table does not have it.
using Position = std::size_t;

/// Reads a flatbuffer by its published layout; see "FlatBuffers internals".
class FlatBuffer {
 public:
  explicit FlatBuffer(std::string_view bytes) : bytes_(bytes) {}

  arrow::Result<ByteReader> At(Position position) const {
    if (position > bytes_.size()) {
      return arrow::Status::Invalid("An offset leads to byte ", position, " of ",
                                    bytes_.size());
    }
    return ByteReader(bytes_.substr(position), position);
  }

  /// Follows the offset that stands at `position`. Offsets lead forward only, so that
  /// following them ends.
  arrow::Result<Position> Follow(Position position) const {
    ARROW_ASSIGN_OR_RAISE(ByteReader reader, At(position));
    ARROW_ASSIGN_OR_RAISE(const uint32_t offset, reader.ReadUint32());
    if (offset == 0) {
      return arrow::Status::Invalid("The offset at byte ", position, " is zero");
    }
    return position + offset;
  }

  /// Returns where member `index` of `table` stands, or 0.
  arrow::Result<Position> Member(Position table, int index) const {
    ARROW_ASSIGN_OR_RAISE(ByteReader reader, At(table));
    ARROW_ASSIGN_OR_RAISE(const uint32_t back, reader.ReadUint32());
    const int64_t layout = static_cast<int64_t>(table) - static_cast<int32_t>(back);
    if (layout < 0) {
      return arrow::Status::Invalid("The layout of the table at byte ", table,
                                    " is before the first byte");
    }
    ARROW_ASSIGN_OR_RAISE(reader, At(static_cast<Position>(layout)));
    ARROW_ASSIGN_OR_RAISE(const uint16_t num_layout_bytes, reader.ReadUint16());
    const int entry = 4 + 2 * index;  // behind the sizes of layout and table
    if (entry + 2 > num_layout_bytes) {
      return 0;
    }
    ARROW_ASSIGN_OR_RAISE(reader, At(static_cast<Position>(layout) + entry));
    ARROW_ASSIGN_OR_RAISE(const uint16_t offset, reader.ReadUint16());
    return offset == 0 ? 0 : table + offset;
  }

  /// Follows member `index` of `table` to where it points, or returns 0.
  arrow::Result<Position> Target(Position table, int index) const {
    ARROW_ASSIGN_OR_RAISE(const Position member, Member(table, index));
    return member == 0 ? arrow::Result<Position>(0) : Follow(member);
  }

  /// Returns member `index` of `table`, which is a byte; 0 if there is none.
  arrow::Result<uint8_t> Uint8(Position table, int index) const {
    ARROW_ASSIGN_OR_RAISE(const Position member, Member(table, index));
    if (member == 0) {
      return 0;
    }
    ARROW_ASSIGN_OR_RAISE(ByteReader reader, At(member));
    return reader.ReadUint8();
  }

  /// Returns the text that member `index` of `table` points to; empty if none.
  arrow::Result<std::string_view> Text(Position table, int index) const {
    ARROW_ASSIGN_OR_RAISE(const Position target, Target(table, index));
    if (target == 0) {
      return std::string_view();
    }
    ARROW_ASSIGN_OR_RAISE(ByteReader reader, At(target));
    ARROW_ASSIGN_OR_RAISE(const uint32_t num_bytes, reader.ReadUint32());
    return reader.ReadBytes(num_bytes, bytes_.size());
  }

  /// Returns the length of the vector at `vector`; 0 where there is none.
  arrow::Result<uint32_t> Length(Position vector) const {
    if (vector == 0) {
      return 0;
    }
    ARROW_ASSIGN_OR_RAISE(ByteReader reader, At(vector));
    return reader.ReadUint32();
  }

  /// Follows element `index` of a vector of tables.
  arrow::Result<Position> Element(Position vector, uint32_t index) const {
    return Follow(vector + 4 + std::size_t{4} * index);
  }

 private:
  std::string_view bytes_;
};

/// Adds up the cost of one message.
class SchemaWalk {
 public:
  SchemaWalk(FlatBuffer buffer, const SchemaBounds& bounds)
      : buffer_(buffer), bounds_(bounds) {}

  arrow::Status Message() {
    ARROW_ASSIGN_OR_RAISE(const Position message, buffer_.Follow(0));
    ARROW_ASSIGN_OR_RAISE(const uint8_t kind, buffer_.Uint8(message, kMessageHeaderKind));
    ARROW_ASSIGN_OR_RAISE(const Position schema, buffer_.Target(message, kMessageHeader));
    if (kind != kSchema || schema == 0) {
      return arrow::Status::Invalid(
          "The Arrow IPC message is not a schema: its header "
          "is of type ",
          int{kind}, ", expected ", int{kSchema});
    }
    ARROW_RETURN_NOT_OK(Metadata(message, kMessageMetadata));
    ARROW_RETURN_NOT_OK(Metadata(schema, kSchemaMetadata));
    return Fields(schema, kSchemaFields, 0);
  }

 private:
  arrow::Status Spend(std::size_t num_bytes) {
    if (num_bytes > bounds_.max_unfolded_bytes - num_spent_bytes_) {
      return arrow::Status::Invalid(
          "The schema is too large when it is unfolded: more "
          "than ",
          bounds_.max_unfolded_bytes, " bytes");
    }
    num_spent_bytes_ += num_bytes;
    return arrow::Status::OK();
  }

  arrow::Status Fields(Position table, int index, int depth) {
    ARROW_ASSIGN_OR_RAISE(const Position vector, buffer_.Target(table, index));
    ARROW_ASSIGN_OR_RAISE(const uint32_t num_fields, buffer_.Length(vector));
    if (num_fields > 0 && depth >= bounds_.max_depth) {
      return arrow::Status::Invalid("Types are nested too deeply: more than ",
                                    bounds_.max_depth, " levels");
    }
    for (uint32_t i = 0; i < num_fields; ++i) {
      ARROW_ASSIGN_OR_RAISE(const Position field, buffer_.Element(vector, i));
      ARROW_RETURN_NOT_OK(Field(field, depth));
    }
    return arrow::Status::OK();
  }

  arrow::Status Field(Position field, int depth) {
    ARROW_RETURN_NOT_OK(Spend(kTableBytes));
    ARROW_RETURN_NOT_OK(Text(field, kFieldName, "A field's name"));
    ARROW_RETURN_NOT_OK(Type(field));
    ARROW_RETURN_NOT_OK(Metadata(field, kFieldMetadata));
    return Fields(field, kFieldChildren, depth + 1);
  }

  arrow::Status Type(Position field) {
    ARROW_ASSIGN_OR_RAISE(const uint8_t kind, buffer_.Uint8(field, kFieldTypeKind));
    ARROW_ASSIGN_OR_RAISE(const Position type, buffer_.Target(field, kFieldType));
    if (type == 0) {
      return arrow::Status::OK();  // Arrow refuses a field without type.
    }
    if (kind == kTimestamp) {
      return Text(type, kTimestampTimezone, "A time zone");
    }
    if (kind == kUnion) {
      ARROW_ASSIGN_OR_RAISE(const Position ids, buffer_.Target(type, kUnionTypeIds));
      ARROW_ASSIGN_OR_RAISE(const uint32_t num_ids, buffer_.Length(ids));
      return Spend(std::size_t{4} * num_ids);
    }
    return arrow::Status::OK();
  }

  arrow::Status Text(Position table, int index, std::string_view what) {
    ARROW_ASSIGN_OR_RAISE(const auto text, buffer_.Text(table, index));
    ARROW_RETURN_NOT_OK(Spend(text.size()));
    return CheckText(what, text);
  }

  arrow::Status Metadata(Position table, int index) {
    ARROW_ASSIGN_OR_RAISE(const Position vector, buffer_.Target(table, index));
    ARROW_ASSIGN_OR_RAISE(const uint32_t num_pairs, buffer_.Length(vector));
    for (uint32_t i = 0; i < num_pairs; ++i) {
      ARROW_ASSIGN_OR_RAISE(const Position pair, buffer_.Element(vector, i));
      ARROW_ASSIGN_OR_RAISE(const auto key, buffer_.Text(pair, kKeyValueKey));
      ARROW_ASSIGN_OR_RAISE(const auto value, buffer_.Text(pair, kKeyValueValue));
      ARROW_RETURN_NOT_OK(Spend(kTableBytes + key.size() + value.size()));
    }
    return arrow::Status::OK();
  }

  const FlatBuffer buffer_;
  const SchemaBounds bounds_;
  std::size_t num_spent_bytes_ = 0;
};

}  // namespace

arrow::Status CheckSchemaMessage(std::string_view metadata, const SchemaBounds& bounds) {
  return SchemaWalk(FlatBuffer(metadata), bounds).Message();
}

}  // namespace springald
