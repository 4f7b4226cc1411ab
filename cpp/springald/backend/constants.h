#pragma once

#include <cstddef>
#include <cstdint>

#include <arrow/array.h>
#include <arrow/result.h>

#include "springald/backend/backend.h"

namespace springald {

/// Whether a column of the batch is a constant.
bool IsConstant(const Batch& batch, std::size_t index);

/// Whether any column of the batch is a constant.
bool HasConstants(const Batch& batch);

/// Returns the batch with columns of `num_rows` rows instead of constants. Where
/// `keep_values` is set, constants that are not null stay as they are, if the batch has
/// two rows or more.
///
/// Fails with a CapacityError where the rows are more than the type can hold.
arrow::Result<Batch> ExpandConstants(const Batch& batch, bool keep_values);

/// Returns the columns that are no constants.
arrow::ArrayVector VaryingColumns(const Batch& batch);

/// Returns one column for each argument: the next of `varying`, or the constant.
/// REQUIRES: as many columns as VaryingColumns has.
arrow::ArrayVector WithConstants(const Batch& batch, arrow::ArrayVector varying);

/// Returns columns of `num_rows` rows whose nulls are those of the batch. Instead of a
/// constant there is some column without nulls.
///
/// REQUIRES: no constant is null.
arrow::Result<arrow::ArrayVector> ColumnsForNulls(const Batch& batch);

}  // namespace springald
