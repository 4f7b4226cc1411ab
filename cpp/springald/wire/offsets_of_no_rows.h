#pragma once

#include <memory>

#include <arrow/array/data.h>

namespace springald::wire {

/// Returns a column whose offsets are 0 where it, or a column inside of it, has no rows:
/// the one offset that is left says nothing and may be anything, or be absent, in a valid
/// column, but Arrow counts from it when it writes the column again.
///
/// REQUIRES: a column that begins with its buffers, as one that was read.
std::shared_ptr<arrow::ArrayData> WithOffsetsOfNoRows(
    const std::shared_ptr<arrow::ArrayData>& column);

}  // namespace springald::wire
