#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/ipc/message.h>
#include <arrow/result.h>

namespace springald::wire {

/// The longest metadata of a message: some 20 bytes for each buffer of its columns, of
/// which only columns of views may have many.
inline constexpr int64_t kMaxMetadataBytes = 16 << 20;

/// Takes the messages of the Arrow IPC format that hold columns one by one from bytes
/// that anybody may have written. For one thread at a time.
///
/// Arrow verifies a message itself, but copies each entry of its custom metadata, which
/// may all be the same bytes: 1 MiB could ask for gigabytes. A schema could as well, by
/// fields that are shared. Messages with such metadata, and of other kinds, are refused
/// before Arrow sees them.
class ColumnMessages {
 public:
  explicit ColumnMessages(std::shared_ptr<arrow::Buffer> bytes)
      : bytes_(std::move(bytes)) {}

  /// Returns the next message, a record batch, which refers to the bytes. Fails with
  /// Invalid where there is something else, or nothing.
  arrow::Result<std::unique_ptr<arrow::ipc::Message>> Next();

  int64_t num_bytes_left() const { return bytes_->size() - position_; }

 private:
  const std::shared_ptr<arrow::Buffer> bytes_;
  int64_t position_ = 0;
};

}  // namespace springald::wire
