#include "springald/wire/flat_columns.h"

#include <array>
#include <bit>
#include <cstddef>
#include <cstring>
#include <string_view>
#include <utility>

#include <arrow/extension_type.h>
#include <arrow/type_traits.h>
#include <arrow/util/bit_util.h>

#include "springald/base/byte_reader.h"

namespace springald::wire {

namespace {

using arrow::Type;
using arrow::bit_util::BytesForBits;
using arrow::bit_util::RoundUpToMultipleOf64;
using ColumnData = std::shared_ptr<arrow::ArrayData>;

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "SPRC";
/// More rows than any batch has; the lengths of their buffers are still numbers.
constexpr int64_t kMaxRows = int64_t{1} << 48;
/// Of the first byte's address; values of no type need more.
constexpr uint64_t kAddressAlignmentBytes = 8;
/// The magic, the number of columns, and the number of rows.
constexpr int64_t kPrefixBytes = 16;
/// Which bits say which rows are there; values or offsets; text.
constexpr int kBuffersOfColumn = 3;
constexpr int64_t kBytesOfColumn = kBuffersOfColumn * sizeof(uint64_t);

int64_t HeadBytes(std::size_t num_columns) {
  return RoundUpToMultipleOf64(kPrefixBytes +
                               kBytesOfColumn * static_cast<int64_t>(num_columns));
}

/// What the second buffer of a column holds.
enum class Kind { kNotFlat, kBits, kValues, kOffsets };

struct Shape {
  Kind kind = Kind::kNotFlat;
  int num_bytes = 0;  ///< of one value or offset
};

Shape ShapeOf(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::EXTENSION:
      return ShapeOf(*static_cast<const arrow::ExtensionType&>(type).storage_type());
    case Type::BOOL:
      return {Kind::kBits, 0};
    case Type::STRING:
    case Type::BINARY:
      return {Kind::kOffsets, sizeof(int32_t)};
    case Type::LARGE_STRING:
    case Type::LARGE_BINARY:
      return {Kind::kOffsets, sizeof(int64_t)};
    case Type::DICTIONARY:
      return {};
    default:
      return arrow::is_fixed_width(type.id()) ? Shape{Kind::kValues, type.byte_width()}
                                              : Shape{};
  }
}

/// Where the items of a slice begin, each of `num_bytes` bytes; null without a buffer.
const uint8_t* ItemsAt(const arrow::ArrayData& column, int buffer, int64_t num_bytes) {
  const auto& held = column.buffers[static_cast<std::size_t>(buffer)];
  return held == nullptr ? nullptr : held->data() + column.offset * num_bytes;
}

/// Buffers of others may begin anywhere.
template <typename Offset>
Offset OffsetAt(const uint8_t* offsets, int64_t place) {
  Offset offset = 0;
  std::memcpy(&offset, offsets + place * static_cast<int64_t>(sizeof(Offset)),
              sizeof(Offset));
  return offset;
}

template <typename Offset>
void WriteRebased(const uint8_t* from, int64_t num_bytes, uint8_t* to) {
  const int64_t count = num_bytes / static_cast<int64_t>(sizeof(Offset));
  const auto first = OffsetAt<Offset>(from, 0);
  for (int64_t i = 0; i < count; ++i) {
    const Offset rebased = OffsetAt<Offset>(from, i) - first;
    std::memcpy(to + i * static_cast<int64_t>(sizeof(Offset)), &rebased, sizeof(Offset));
  }
}

template <typename Count>
arrow::Status WrongLength(const char* what, Count actual, Count expected) {
  return arrow::Status::Invalid("the columns are of the wrong length: ", actual, " ",
                                what, ", expected ", expected);
}

/// Takes the buffers that FlatColumns wrote one by one.
class BufferReader {
 public:
  BufferReader(std::shared_ptr<arrow::Buffer> bytes, std::size_t num_columns)
      : bytes_(std::move(bytes)), position_(HeadBytes(num_columns)) {}

  arrow::Result<std::shared_ptr<arrow::Buffer>> Next(uint64_t num_bytes) {
    const int64_t left = num_bytes_left();
    // Also the last one has bytes up to the next multiple after it.
    if (num_bytes > static_cast<uint64_t>(left) ||
        RoundUpToMultipleOf64(static_cast<int64_t>(num_bytes)) > left) {
      return arrow::Status::Invalid("the columns are cut off: a buffer of ", num_bytes,
                                    " bytes and its padding, ", left, " left");
    }
    auto buffer = arrow::SliceBuffer(bytes_, position_, static_cast<int64_t>(num_bytes));
    position_ += RoundUpToMultipleOf64(static_cast<int64_t>(num_bytes));
    return buffer;
  }

  int64_t num_bytes_left() const { return bytes_->size() - position_; }

 private:
  const std::shared_ptr<arrow::Buffer> bytes_;
  int64_t position_;
};

/// How long the second buffer is.
uint64_t ValueBytes(const Shape& shape, int64_t num_rows) {
  switch (shape.kind) {
    case Kind::kBits:
      return static_cast<uint64_t>(BytesForBits(num_rows));
    case Kind::kOffsets:
      return (static_cast<uint64_t>(num_rows) + 1) * shape.num_bytes;
    default:
      return static_cast<uint64_t>(num_rows) * shape.num_bytes;
  }
}

/// Reads one column, whose table entries are next in `table`.
arrow::Result<ColumnData> ReadColumn(const std::shared_ptr<arrow::DataType>& type,
                                     int64_t num_rows, ByteReader* table,
                                     BufferReader* buffers) {
  const Shape shape = ShapeOf(*type);
  if (shape.kind == Kind::kNotFlat) {
    return arrow::Status::Invalid("the columns are of another form than those of ",
                                  type->ToString());
  }
  std::array<uint64_t, kBuffersOfColumn> sizes{};
  for (uint64_t& size : sizes) {
    ARROW_ASSIGN_OR_RAISE(size, table->ReadUint64());
  }
  const auto bitmap_bytes = static_cast<uint64_t>(BytesForBits(num_rows));
  if (sizes[0] != 0 && sizes[0] != bitmap_bytes) {
    return WrongLength("bytes of which rows are null", sizes[0], bitmap_bytes);
  }
  if (sizes[1] != ValueBytes(shape, num_rows)) {
    return WrongLength("bytes of values or offsets", sizes[1],
                       ValueBytes(shape, num_rows));
  }
  if (sizes[2] != 0 && shape.kind != Kind::kOffsets) {
    return WrongLength<uint64_t>("bytes of text", sizes[2], 0);
  }
  std::vector<std::shared_ptr<arrow::Buffer>> held(shape.kind == Kind::kOffsets ? 3 : 2);
  if (sizes[0] != 0) {
    ARROW_ASSIGN_OR_RAISE(held[0], buffers->Next(sizes[0]));
  }
  for (std::size_t i = 1; i < held.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(held[i], buffers->Next(sizes[i]));
  }
  const int64_t num_nulls = held[0] == nullptr ? 0 : arrow::kUnknownNullCount;
  return arrow::ArrayData::Make(type, num_rows, std::move(held), num_nulls);
}

}  // namespace

void FlatColumns::Append(Part part) {
  num_bytes_ += RoundUpToMultipleOf64(part.num_bytes);
  parts_.push_back(part);
}

template <typename Offset>
void FlatColumns::AppendText(const arrow::ArrayData& column) {
  const uint8_t* const offsets = ItemsAt(column, 1, sizeof(Offset));
  if (offsets == nullptr || column.buffers[1]->size() == 0) {
    // Arrow lets a column of no rows have no offset; it is written with the one.
    static constexpr Offset kNone = 0;
    Append({reinterpret_cast<const uint8_t*>(&kNone), sizeof(Offset), sizeof(Offset)});
    return Append({});
  }
  const auto count = static_cast<int64_t>(sizeof(Offset)) * (column.length + 1);
  Append({offsets, count, sizeof(Offset)});
  const auto begin = static_cast<int64_t>(OffsetAt<Offset>(offsets, 0));
  const int64_t size = OffsetAt<Offset>(offsets, column.length) - begin;
  Append({size == 0 ? nullptr : column.buffers[2]->data() + begin, size});
}

bool FlatColumns::AppendColumn(const arrow::ArrayData& column) {
  const Shape shape = ShapeOf(*column.type);
  const bool has_nulls = column.GetNullCount() > 0;
  const bool has_bits = has_nulls || shape.kind == Kind::kBits;
  if (shape.kind == Kind::kNotFlat || (has_bits && column.offset % 8 != 0)) {
    return false;
  }
  const auto bits_of = [&column](int buffer) {
    const auto& held = column.buffers[static_cast<std::size_t>(buffer)];
    const int64_t num_bytes = BytesForBits(column.length);
    return num_bytes == 0 ? Part{} : Part{held->data() + column.offset / 8, num_bytes};
  };
  Append(has_nulls ? bits_of(0) : Part{});
  switch (shape.kind) {
    case Kind::kBits:
      Append(bits_of(1));
      Append({});
      break;
    case Kind::kOffsets:
      shape.num_bytes == sizeof(int32_t) ? AppendText<int32_t>(column)
                                         : AppendText<int64_t>(column);
      break;
    default:
      Append({ItemsAt(column, 1, shape.num_bytes), column.length * shape.num_bytes});
      Append({});
  }
  return true;
}

std::optional<FlatColumns> FlatColumns::Of(const std::vector<ColumnData>& columns,
                                           int64_t num_rows) {
  FlatColumns flat;
  flat.num_rows_ = num_rows;
  flat.num_bytes_ = HeadBytes(columns.size());
  flat.parts_.reserve(columns.size() * kBuffersOfColumn);
  for (const auto& column : columns) {
    if (!flat.AppendColumn(*column)) {
      return std::nullopt;
    }
  }
  flat.columns_ = columns;
  return flat;
}

void FlatColumns::WriteTo(uint8_t* data) const {
  const auto num_columns = static_cast<uint32_t>(columns_.size());
  std::memcpy(data, kMagic.data(), kMagic.size());
  std::memcpy(data + 4, &num_columns, sizeof(num_columns));
  std::memcpy(data + 8, &num_rows_, sizeof(num_rows_));
  uint8_t* entry = data + kPrefixBytes;
  uint8_t* at = data + HeadBytes(columns_.size());
  for (const Part& part : parts_) {
    std::memcpy(entry, &part.num_bytes, sizeof(part.num_bytes));
    entry += sizeof(part.num_bytes);
    switch (part.num_bytes == 0 ? 0 : part.offset_bytes) {
      case sizeof(int32_t):
        WriteRebased<int32_t>(part.data, part.num_bytes, at);
        break;
      case sizeof(int64_t):
        WriteRebased<int64_t>(part.data, part.num_bytes, at);
        break;
      default:
        if (part.num_bytes > 0) {
          std::memcpy(at, part.data, static_cast<std::size_t>(part.num_bytes));
        }
    }
    at += RoundUpToMultipleOf64(part.num_bytes);
  }
}

bool AreFlatColumns(const arrow::Buffer& bytes) {
  return std::string_view(bytes).starts_with(kMagic);
}

arrow::Result<std::vector<ColumnData>> ReadFlatColumns(
    const std::shared_ptr<arrow::Buffer>& bytes,
    const std::vector<std::shared_ptr<arrow::DataType>>& types, int64_t num_rows) {
  const int64_t head_bytes = HeadBytes(types.size());
  if (bytes->size() < head_bytes) {
    return arrow::Status::Invalid("the columns are cut off: ", bytes->size(),
                                  " bytes, the table of their buffers has ", head_bytes);
  }
  if (bytes->address() % kAddressAlignmentBytes != 0) {
    return arrow::Status::Invalid("the columns begin at an odd address");
  }
  ByteReader table{std::string_view(*bytes)};
  ARROW_RETURN_NOT_OK(table.ReadBytes(kMagic.size(), kMagic.size()));
  ARROW_ASSIGN_OR_RAISE(const uint32_t num_columns, table.ReadUint32());
  ARROW_ASSIGN_OR_RAISE(const uint64_t num_written, table.ReadUint64());
  if (num_columns != types.size()) {
    return WrongLength<std::size_t>("columns", num_columns, types.size());
  }
  if (num_rows < 0 || static_cast<int64_t>(num_written) != num_rows) {
    return WrongLength("rows", static_cast<int64_t>(num_written), num_rows);
  }
  if (num_rows > kMaxRows) {
    return arrow::Status::Invalid("the columns have too many rows: ", num_rows,
                                  ", at most ", kMaxRows, " are accepted");
  }
  BufferReader buffers(bytes, types.size());
  std::vector<ColumnData> columns;
  columns.reserve(types.size());
  for (const auto& type : types) {
    ARROW_ASSIGN_OR_RAISE(auto column, ReadColumn(type, num_rows, &table, &buffers));
    columns.push_back(std::move(column));
  }
  if (buffers.num_bytes_left() != 0) {
    return arrow::Status::Invalid("the columns are followed by ",
                                  buffers.num_bytes_left(), " bytes");
  }
  return columns;
}

}  // namespace springald::wire
