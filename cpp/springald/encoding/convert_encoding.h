#pragma once

#include <memory>

#include <arrow/array.h>
#include <arrow/result.h>

namespace springald {

/// Makes a column of exactly `type`, names and metadata of nested fields included, with
/// the values of `column`, in the encoding that `type` says. Returns `column` itself
/// where it has that type; shares its buffers where it can.
///
/// Needs no Python; any thread may call. Fails where an offset, a dictionary's index or a
/// run's end of `type` is too narrow for the column, saying so, and where memory is
/// short.
///
/// REQUIRES: HaveSameValues(*column->type(), *type), and a column that ValidateFull
/// takes: broken offsets and indices are followed.
arrow::Result<std::shared_ptr<arrow::Array>> ConvertEncoding(
    const std::shared_ptr<arrow::Array>& column,
    const std::shared_ptr<arrow::DataType>& type);

}  // namespace springald
