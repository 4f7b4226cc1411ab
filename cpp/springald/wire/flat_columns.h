#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/result.h>
#include <arrow/type.h>

namespace springald::wire {

// Columns of numbers, bools, moments, decimals, and of text and bytes with offsets, also
// as the storage of extension types, as a table of how long each buffer is, and the
// buffers. An Arrow IPC message says the same in a FlatBuffer, which takes both sides
// some microseconds a batch. docs/worker-protocol.md has the layout.

/// Columns of such types. Refers to their buffers.
class FlatColumns {
 public:
  /// Returns nothing where a column is of another type, or of bits that do not begin with
  /// a byte.
  static std::optional<FlatColumns> Of(
      const std::vector<std::shared_ptr<arrow::ArrayData>>& columns, int64_t num_rows);

  int64_t num_bytes() const { return num_bytes_; }

  /// Writes num_bytes() bytes.
  void WriteTo(uint8_t* data) const;

 private:
  /// A buffer, or the part of it that a slice uses.
  struct Part {
    const uint8_t* data = nullptr;
    int64_t num_bytes = 0;
    /// Of offsets: how wide one is; they are written as if the first were 0.
    int offset_bytes = 0;
  };

  FlatColumns() = default;

  void Append(Part part);
  bool AppendColumn(const arrow::ArrayData& column);
  template <typename Offset>
  void AppendText(const arrow::ArrayData& column);

  std::vector<std::shared_ptr<arrow::ArrayData>> columns_;
  std::vector<Part> parts_;
  int64_t num_rows_ = 0;
  int64_t num_bytes_ = 0;
};

/// Whether bytes begin as those of FlatColumns; a message of the Arrow IPC format never
/// does.
bool AreFlatColumns(const arrow::Buffer& bytes);

/// Reads columns of the types, which FlatColumns wrote; they refer to `bytes`, and are
/// not looked at further: offsets and text may be wrong. Allocates nothing that grows
/// with what the bytes say.
///
/// Fails with Invalid where the bytes are not such columns of `num_rows` rows.
arrow::Result<std::vector<std::shared_ptr<arrow::ArrayData>>> ReadFlatColumns(
    const std::shared_ptr<arrow::Buffer>& bytes,
    const std::vector<std::shared_ptr<arrow::DataType>>& types, int64_t num_rows);

}  // namespace springald::wire
