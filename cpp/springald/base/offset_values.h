#pragma once

#include <cstddef>
#include <string_view>

#include <arrow/array/data.h>

namespace springald {

/// The values of a string or binary column with offsets of type `Offset`, by row from the
/// start of its slice. Borrows the column. Says nothing about nulls.
template <typename Offset>
struct OffsetValues {
  explicit OffsetValues(const arrow::ArrayData& column)
      : offsets(column.GetValues<Offset>(1)),
        bytes(column.buffers[2] == nullptr
                  ? ""
                  : reinterpret_cast<const char*>(column.buffers[2]->data())) {}
  std::string_view operator[](int64_t row) const {
    return {bytes + offsets[row],
            static_cast<std::size_t>(offsets[row + 1] - offsets[row])};
  }
  const Offset* offsets;
  const char* bytes;
};

}  // namespace springald
