#include "springald/codec/signature.h"

#include <cstdint>
#include <cstring>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/ipc/dictionary.h>
#include <arrow/ipc/message.h>
#include <arrow/ipc/reader.h>
#include <arrow/ipc/writer.h>

#include "springald/base/byte_reader.h"

namespace springald {

namespace {

/// Starts an encapsulated message. What is older than Arrow 0.15 has none.
constexpr uint32_t kContinuation = 0xffffffff;

/// Returns the flatbuffer of the one encapsulated message in `bytes`.
arrow::Result<std::string_view> ReadFrame(std::string_view bytes) {
  ByteReader reader(bytes);
  ARROW_ASSIGN_OR_RAISE(const uint32_t start, reader.ReadUint32());
  if (start != kContinuation) {
    return arrow::Status::Invalid(
        "Not an encapsulated Arrow IPC message: it starts "
        "with ",
        start, ", expected ", kContinuation);
  }
  ARROW_ASSIGN_OR_RAISE(const uint32_t num_bytes, reader.ReadUint32());
  ARROW_ASSIGN_OR_RAISE(const auto metadata, reader.ReadBytes(num_bytes, bytes.size()));
  if (!reader.AtEnd()) {
    return arrow::Status::Invalid(
        "Bytes follow the schema message: ", reader.num_bytes_left(),
        "; give the message alone, without an end of stream");
  }
  return metadata;
}

}  // namespace

arrow::Result<std::string> EncodeSchema(const arrow::Schema& schema) {
  const auto native = schema.WithEndianness(arrow::Endianness::Native);
  ARROW_ASSIGN_OR_RAISE(const auto message, arrow::ipc::SerializeSchema(*native));
  return message->ToString();
}

arrow::Result<std::shared_ptr<arrow::Schema>> DecodeSchema(std::string_view bytes,
                                                           const SchemaBounds& bounds) {
  ARROW_ASSIGN_OR_RAISE(const auto metadata, ReadFrame(bytes));
  ARROW_RETURN_NOT_OK(CheckSchemaMessage(metadata, bounds));

  // Flatbuffers are read in place, so they have to be aligned.
  ARROW_ASSIGN_OR_RAISE(auto aligned, arrow::AllocateBuffer(metadata.size()));
  std::memcpy(aligned->mutable_data(), metadata.data(), metadata.size());
  ARROW_ASSIGN_OR_RAISE(const auto message,
                        arrow::ipc::Message::Open(
                            std::shared_ptr<arrow::Buffer>(std::move(aligned)), nullptr));
  if (message->body_length() != 0) {
    return arrow::Status::Invalid(
        "The schema message announces a body: ", message->body_length(), " bytes");
  }
  arrow::ipc::DictionaryMemo types_only;
  ARROW_ASSIGN_OR_RAISE(const auto schema, arrow::ipc::ReadSchema(*message, &types_only));
  // A signature has no values, so the writer's endianness says nothing about it.
  return schema->WithEndianness(arrow::Endianness::Native);
}

}  // namespace springald
