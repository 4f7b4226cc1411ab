#pragma once

#include <algorithm>
#include <cstdint>

#include <arrow/array/data.h>
#include <arrow/type.h>

namespace springald::python {

/// Some rows of a child that follow each other.
struct Span {
  int64_t first;
  int64_t num_rows;
};

// Where the items of each list are in the child, for each form of lists that Arrow has.
// `row` counts from the start of the column's slice. `AllOf` is what all lists of the
// column use, nulls left out where they may point anywhere.

template <typename Offset>
struct OffsetSpans {
  explicit OffsetSpans(const arrow::ArrayData& column)
      : offsets(column.GetValues<Offset>(1)) {}
  Span operator[](int64_t row) const {
    return {offsets[row], offsets[row + 1] - offsets[row]};
  }
  Span AllOf(const arrow::ArrayData& column) const {
    return column.length == 0 ? Span{0, 0}
                              : Span{offsets[0], offsets[column.length] - offsets[0]};
  }
  const Offset* offsets;
};

template <typename Offset>
struct ViewSpans {
  explicit ViewSpans(const arrow::ArrayData& column)
      : offsets(column.GetValues<Offset>(1)), sizes(column.GetValues<Offset>(2)) {}
  Span operator[](int64_t row) const { return {offsets[row], sizes[row]}; }
  Span AllOf(const arrow::ArrayData& column) const {
    int64_t first = column.child_data[0]->length;
    int64_t last = 0;
    for (int64_t row = 0; row < column.length; ++row) {
      if (sizes[row] > 0 && column.IsValid(row)) {
        first = std::min<int64_t>(first, offsets[row]);
        last = std::max<int64_t>(last, int64_t{offsets[row]} + sizes[row]);
      }
    }
    return first < last ? Span{first, last - first} : Span{0, 0};
  }
  const Offset* offsets;
  const Offset* sizes;
};

struct FixedSizeSpans {
  explicit FixedSizeSpans(const arrow::ArrayData& column)
      : offset(column.offset),
        size(static_cast<const arrow::FixedSizeListType&>(*column.type).list_size()) {}
  Span operator[](int64_t row) const { return {(offset + row) * size, size}; }
  Span AllOf(const arrow::ArrayData& column) const {
    return {offset * size, column.length * size};
  }
  int64_t offset;
  int64_t size;
};

}  // namespace springald::python
