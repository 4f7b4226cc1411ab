#include "springald/wire/offsets_of_no_rows.h"

#include <cstdint>

#include <arrow/buffer.h>
#include <arrow/type_traits.h>

namespace springald::wire {

namespace {

using ColumnData = std::shared_ptr<arrow::ArrayData>;

bool HasOffsets(arrow::Type::type id) {
  return arrow::is_base_binary_like(id) || arrow::is_var_length_list(id);
}

/// One offset of either width.
std::shared_ptr<arrow::Buffer> Zero() {
  static constexpr int64_t kZero = 0;
  return std::make_shared<arrow::Buffer>(reinterpret_cast<const uint8_t*>(&kZero),
                                         sizeof(kZero));
}

}  // namespace

ColumnData WithOffsetsOfNoRows(const ColumnData& column) {
  ColumnData result = column;
  if (column->length == 0 && HasOffsets(column->type->id())) {
    result = column->Copy();
    result->buffers[1] = Zero();
  }
  for (std::size_t i = 0; i < column->child_data.size(); ++i) {
    auto child = WithOffsetsOfNoRows(column->child_data[i]);
    if (child != column->child_data[i]) {
      result = result == column ? column->Copy() : result;
      result->child_data[i] = std::move(child);
    }
  }
  if (column->dictionary != nullptr) {
    auto dictionary = WithOffsetsOfNoRows(column->dictionary);
    if (dictionary != column->dictionary) {
      result = result == column ? column->Copy() : result;
      result->dictionary = std::move(dictionary);
    }
  }
  return result;
}

}  // namespace springald::wire
