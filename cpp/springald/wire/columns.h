#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <arrow/array.h>
#include <arrow/ipc/writer.h>
#include <arrow/result.h>
#include <arrow/type.h>

#include "springald/wire/flat_columns.h"

namespace springald::wire {

// Columns as bytes of a segment: FlatColumns where all can be, and else what the Arrow
// IPC format makes of a record batch
// <https://arrow.apache.org/docs/format/Columnar.html#serialization-and-interprocess-communication-ipc>.
// Both sides know the types, so a batch is one message without a schema. A dictionary is
// a column of a message of its own, and what refers to it a column of indices: the
// messages of dictionaries come after that of the batch, depth first. Extension types
// travel as their storage, because the other process may not know them.

/// Where in a segment a batch of columns lies.
struct ColumnsPlace {
  uint64_t offset = 0;     ///< in bytes, from the segment's start
  uint64_t num_bytes = 0;  ///< 0 where there are no columns

  bool operator==(const ColumnsPlace&) const = default;
};

/// The columns of one batch, ready to be written. Refers to their buffers.
class ColumnsToWrite {
 public:
  /// \param fields One for each column. Types that differ from a column's in extension
  ///   types only are the same here.
  ///
  /// Fails with Invalid where a type is another one, and with CapacityError where columns
  /// of views have some million buffers.
  static arrow::Result<ColumnsToWrite> Of(const arrow::ArrayVector& columns,
                                          const arrow::FieldVector& fields,
                                          int64_t num_rows);

  /// How much room they need; 0 where there are no columns.
  int64_t num_bytes() const { return num_bytes_; }

  /// Writes num_bytes() bytes.
  arrow::Status WriteTo(uint8_t* data) const;

 private:
  ColumnsToWrite() = default;

  arrow::Status Append(const std::vector<std::shared_ptr<arrow::ArrayData>>& columns,
                       int64_t num_rows);
  /// Takes the dictionaries out of a column, and appends them.
  arrow::Result<std::shared_ptr<arrow::ArrayData>> Detached(
      const std::shared_ptr<arrow::ArrayData>& column,
      const std::shared_ptr<arrow::DataType>& type);

  std::optional<FlatColumns> flat_;
  std::vector<arrow::ipc::IpcPayload> messages_;  ///< where they are not flat
  int64_t num_bytes_ = 0;
};

/// Reads columns of the types of `fields` that ColumnsToWrite wrote; they refer to
/// `bytes`, and are not looked at further: offsets, indices and text may be wrong. The
/// offset of a column of no rows is 0, whatever the bytes say.
///
/// Fails where the bytes are not such columns of `num_rows` rows. Allocates nothing that
/// grows with what the bytes say: compressed columns and the like are refused.
arrow::Result<arrow::ArrayVector> ReadColumns(const std::shared_ptr<arrow::Buffer>& bytes,
                                              const arrow::FieldVector& fields,
                                              int64_t num_rows);

/// Makes read columns of exactly the types of `fields`, extension types included. Does
/// not look at what is in them.
arrow::Result<arrow::ArrayVector> WithExtensions(arrow::ArrayVector columns,
                                                 const arrow::FieldVector& fields);

}  // namespace springald::wire
