#include "springald/wire/columns.h"

#include <optional>
#include <string>
#include <utility>

#include <arrow/array/util.h>
#include <arrow/extension_type.h>
#include <arrow/io/memory.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/reader.h>
#include <arrow/memory_pool.h>
#include <arrow/record_batch.h>

#include "springald/encoding/rebuild_type.h"
#include "springald/encoding/same_values.h"
#include "springald/wire/column_messages.h"
#include "springald/wire/offsets_of_no_rows.h"
#include "springald/wire/unused_view_bytes.h"

namespace springald::wire {

namespace {

using arrow::Type;
using ColumnData = std::shared_ptr<arrow::ArrayData>;
using TypePointer = std::shared_ptr<arrow::DataType>;

/// A message's first buffer begins at a multiple of this many bytes, the others at one
/// of 8.
constexpr int32_t kAlignmentBytes = 64;
arrow::ipc::IpcWriteOptions WriteOptions() {
  auto options = arrow::ipc::IpcWriteOptions::Defaults();
  options.alignment = kAlignmentBytes;
  options.use_threads = false;
  options.allow_64bit = true;
  return options;
}

/// Columns that we wrote refer to their bytes. Only what somebody else wrote needs
/// memory, as much as it says itself: compressed buffers, buffers at odd addresses.
class NoMemoryPool : public arrow::MemoryPool {
 public:
  using arrow::MemoryPool::Allocate;
  using arrow::MemoryPool::Free;
  using arrow::MemoryPool::Reallocate;

  arrow::Status Allocate(int64_t size, int64_t alignment, uint8_t** out) override {
    return size == 0 ? arrow::default_memory_pool()->Allocate(0, alignment, out)
                     : Refused();
  }
  arrow::Status Reallocate(int64_t, int64_t, int64_t, uint8_t**) override {
    return Refused();
  }
  void Free(uint8_t* buffer, int64_t size, int64_t alignment) override {
    arrow::default_memory_pool()->Free(buffer, size, alignment);
  }
  int64_t bytes_allocated() const override { return 0; }
  int64_t max_memory() const override { return 0; }
  int64_t total_bytes_allocated() const override { return 0; }
  int64_t num_allocations() const override { return 0; }
  std::string backend_name() const override { return "none"; }

 private:
  static arrow::Status Refused() {
    return arrow::Status::Invalid(
        "the columns are not in the form that is accepted here");
  }
};

/// Has no state, so that columns may outlive whoever read them.
arrow::MemoryPool* NoMemory() {
  static NoMemoryPool pool;
  return &pool;
}

arrow::ipc::IpcReadOptions ReadOptions() {
  auto options = arrow::ipc::IpcReadOptions::Defaults();
  options.use_threads = false;
  options.memory_pool = NoMemory();
  // Others would be read at odd addresses.
  options.ensure_alignment = arrow::ipc::Alignment::kDataTypeSpecificAlignment;
  return options;
}

/// The type whose buffers a column has in a message: without extension types, and with
/// the indices of dictionaries in their place.
TypePointer MessageType(const TypePointer& type) {
  switch (type->id()) {
    case Type::EXTENSION:
      return MessageType(static_cast<const arrow::ExtensionType&>(*type).storage_type());
    case Type::DICTIONARY:
      return static_cast<const arrow::DictionaryType&>(*type).index_type();
    default:
      return RebuildWithEncoded(type, MessageType);
  }
}

const arrow::DataType& StorageOf(const arrow::DataType& type) {
  return type.id() == Type::EXTENSION
             ? StorageOf(*static_cast<const arrow::ExtensionType&>(type).storage_type())
             : type;
}

std::shared_ptr<arrow::RecordBatch> BatchOf(std::vector<ColumnData> columns,
                                            int64_t num_rows) {
  arrow::FieldVector fields;
  for (const auto& column : columns) {
    fields.push_back(arrow::field("", column->type));
  }
  return arrow::RecordBatch::Make(arrow::schema(std::move(fields)), num_rows,
                                  std::move(columns));
}

/// Says that a column of the same buffers is of `type`. Dictionaries that are not there
/// are read from `messages`.
arrow::Result<ColumnData> Labelled(const ColumnData& column, const TypePointer& type,
                                   ColumnMessages* messages);

/// Reads a message with columns of the types, and their dictionaries after it.
arrow::Result<std::vector<ColumnData>> ReadMessage(const std::vector<TypePointer>& types,
                                                   std::optional<int64_t> num_rows,
                                                   ColumnMessages* messages) {
  arrow::FieldVector fields;
  for (const auto& type : types) {
    fields.push_back(arrow::field("", MessageType(type)));
  }
  ARROW_ASSIGN_OR_RAISE(const auto message, messages->Next());
  const arrow::ipc::DictionaryMemo no_dictionaries;
  ARROW_ASSIGN_OR_RAISE(const auto batch, arrow::ipc::ReadRecordBatch(
                                              *message, arrow::schema(std::move(fields)),
                                              &no_dictionaries, ReadOptions()));
  if (num_rows.has_value() && batch->num_rows() != *num_rows) {
    return arrow::Status::Invalid("the columns are of the wrong length: ",
                                  batch->num_rows(), " rows, expected ", *num_rows);
  }
  std::vector<ColumnData> columns = batch->column_data();
  for (std::size_t i = 0; i < columns.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(columns[i], Labelled(columns[i], types[i], messages));
  }
  return columns;
}

/// Reads columns from the messages that hold them and nothing else.
arrow::Result<std::vector<ColumnData>> ReadMessages(
    const std::shared_ptr<arrow::Buffer>& bytes, const std::vector<TypePointer>& types,
    int64_t num_rows) {
  ColumnMessages messages(bytes);
  ARROW_ASSIGN_OR_RAISE(auto columns, ReadMessage(types, num_rows, &messages));
  if (messages.num_bytes_left() != 0) {
    return arrow::Status::Invalid("the columns are followed by ",
                                  messages.num_bytes_left(), " bytes");
  }
  return columns;
}

arrow::Result<ColumnData> Labelled(const ColumnData& column, const TypePointer& type,
                                   ColumnMessages* messages) {
  if (column->type->Equals(*type, /*check_metadata=*/true)) {
    return column;
  }
  auto labelled = column->Copy();
  labelled->type = type;
  const arrow::DataType& storage = StorageOf(*type);
  if (storage.id() == Type::DICTIONARY) {
    const auto& values = static_cast<const arrow::DictionaryType&>(storage).value_type();
    if (column->dictionary != nullptr) {
      ARROW_ASSIGN_OR_RAISE(labelled->dictionary,
                            Labelled(column->dictionary, values, messages));
    } else {
      ARROW_ASSIGN_OR_RAISE(const auto read,
                            ReadMessage({values}, std::nullopt, messages));
      labelled->dictionary = read[0];
    }
    return labelled;
  }
  for (int i = 0; i < storage.num_fields(); ++i) {
    auto& child = labelled->child_data[static_cast<std::size_t>(i)];
    ARROW_ASSIGN_OR_RAISE(child, Labelled(child, storage.field(i)->type(), messages));
  }
  return labelled;
}

}  // namespace

arrow::Result<ColumnData> ColumnsToWrite::Detached(const ColumnData& column,
                                                   const TypePointer& type) {
  if (column->type->Equals(*type)) {
    return column;
  }
  auto detached = column->Copy();
  detached->type = type;
  detached->dictionary = nullptr;
  if (column->dictionary != nullptr) {
    ARROW_RETURN_NOT_OK(Append({column->dictionary}, column->dictionary->length));
    return detached;
  }
  for (int i = 0; i < type->num_fields(); ++i) {
    auto& child = detached->child_data[static_cast<std::size_t>(i)];
    ARROW_ASSIGN_OR_RAISE(child, Detached(child, type->field(i)->type()));
  }
  return detached;
}

arrow::Status ColumnsToWrite::Append(const std::vector<ColumnData>& columns,
                                     int64_t num_rows) {
  const std::size_t place = messages_.size();
  messages_.emplace_back();
  std::vector<ColumnData> detached;
  for (const auto& column : columns) {
    ARROW_ASSIGN_OR_RAISE(auto without, Detached(column, MessageType(column->type)));
    ARROW_ASSIGN_OR_RAISE(without, WithoutUnusedViewBytes(without));
    detached.push_back(std::move(without));
  }
  auto& message = messages_[place];
  ARROW_RETURN_NOT_OK(arrow::ipc::GetRecordBatchPayload(
      *BatchOf(std::move(detached), num_rows), WriteOptions(), &message));
  if (message.metadata->size() > kMaxMetadataBytes - kAlignmentBytes) {
    return arrow::Status::CapacityError(
        "columns have too many buffers: their metadata is ", message.metadata->size(),
        " bytes, at most ", kMaxMetadataBytes, " are sent");
  }
  num_bytes_ += arrow::ipc::GetPayloadSize(message, WriteOptions());
  return arrow::Status::OK();
}

arrow::Result<ColumnsToWrite> ColumnsToWrite::Of(const arrow::ArrayVector& columns,
                                                 const arrow::FieldVector& fields,
                                                 int64_t num_rows) {
  ColumnsToWrite result;
  std::vector<ColumnData> written;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!HaveSameStorage(*columns[i]->type(), *fields[i]->type())) {
      return arrow::Status::Invalid(
          "a column is of another type: ", columns[i]->type()->ToString(), ", expected ",
          fields[i]->type()->ToString());
    }
    written.push_back(columns[i]->data());
  }
  if (columns.empty()) {
    return result;
  }
  result.flat_ = FlatColumns::Of(written, num_rows);
  if (result.flat_.has_value()) {
    result.num_bytes_ = result.flat_->num_bytes();
    return result;
  }
  ARROW_RETURN_NOT_OK(result.Append(written, num_rows));
  return result;
}

arrow::Status ColumnsToWrite::WriteTo(uint8_t* data) const {
  if (flat_.has_value()) {
    flat_->WriteTo(data);
    return arrow::Status::OK();
  }
  arrow::io::FixedSizeBufferWriter sink(
      std::make_shared<arrow::MutableBuffer>(data, num_bytes_));
  for (const auto& message : messages_) {
    int32_t metadata_bytes = 0;
    ARROW_RETURN_NOT_OK(
        arrow::ipc::WriteIpcPayload(message, WriteOptions(), &sink, &metadata_bytes));
  }
  return arrow::Status::OK();
}

arrow::Result<arrow::ArrayVector> ReadColumns(const std::shared_ptr<arrow::Buffer>& bytes,
                                              const arrow::FieldVector& fields,
                                              int64_t num_rows) {
  std::vector<TypePointer> types;
  for (const auto& field : fields) {
    types.push_back(WithoutExtensions(field->type()));
  }
  ARROW_ASSIGN_OR_RAISE(const auto columns, AreFlatColumns(*bytes)
                                                ? ReadFlatColumns(bytes, types, num_rows)
                                                : ReadMessages(bytes, types, num_rows));
  arrow::ArrayVector arrays;
  for (const auto& column : columns) {
    arrays.push_back(arrow::MakeArray(WithOffsetsOfNoRows(column)));
  }
  return arrays;
}

arrow::Result<arrow::ArrayVector> WithExtensions(arrow::ArrayVector columns,
                                                 const arrow::FieldVector& fields) {
  for (std::size_t i = 0; i < columns.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(const auto column,
                          Labelled(columns[i]->data(), fields[i]->type(), nullptr));
    if (column != columns[i]->data()) {
      columns[i] = arrow::MakeArray(column);
    }
  }
  return columns;
}

}  // namespace springald::wire
