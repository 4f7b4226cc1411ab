#pragma once

#include <memory>

#include <arrow/array/data.h>
#include <arrow/result.h>

namespace springald::wire {

/// A column of views that drags along more unused bytes than this is written anew.
inline constexpr int64_t kMaxUnusedViewBytes = 64 << 10;

/// Returns the column without the bytes that none of its views refers to, if those are
/// many, also in nested columns: a slice of a column of views has the buffers of all of
/// it. REQUIRES: a valid column without dictionaries and extension types.
arrow::Result<std::shared_ptr<arrow::ArrayData>> WithoutUnusedViewBytes(
    const std::shared_ptr<arrow::ArrayData>& column);

}  // namespace springald::wire
