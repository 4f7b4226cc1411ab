#pragma once

#include <cstdint>

#include <arrow/array.h>

namespace springald {

/// Says whether the value of `row` is None in `to_pylist`. `arrow::Array::IsNull` does
/// not see a null in the values of a dictionary. REQUIRES: `row` is in the column.
inline bool IsLogicallyNull(const arrow::Array& column, int64_t row);

/// Says whether some row is null in that sense.
bool HasLogicalNulls(const arrow::Array& column);

/// IsLogicallyNull of the types that hide nulls, and of extension types.
bool IsHiddenNull(const arrow::Array& column, int64_t row);

inline bool IsLogicallyNull(const arrow::Array& column, int64_t row) {
  switch (column.type_id()) {
    case arrow::Type::DICTIONARY:
    case arrow::Type::RUN_END_ENCODED:
    case arrow::Type::EXTENSION:
      return IsHiddenNull(column, row);
    default:
      return column.IsNull(row);
  }
}

}  // namespace springald
