#pragma once

#include <cstdint>
#include <vector>

#include <arrow/array/data.h>

namespace springald {

/// The rows of a column by their values: equal values have one number, from 0 in the
/// order of their first rows.
struct ValueNumbering {
  std::vector<int32_t> numbers;     ///< of each row
  std::vector<int32_t> first_rows;  ///< of each number
};

/// Says whether values of this type can be numbered.
bool CanNumber(const arrow::DataType& type);

/// Numbers the values of `column`. They are equal bit by bit: 0.0 is not -0.0; two nulls
/// are equal. Returns false as soon as the values look mostly different: where there are
/// more than 64 and 3/8 of the rows seen.
///
/// REQUIRES: CanNumber; fewer than 2^31 rows.
bool NumberValues(const arrow::ArrayData& column, ValueNumbering* out);

}  // namespace springald
