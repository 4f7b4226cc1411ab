#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <arrow/array.h>

namespace springald {

/// A null where a field inside a type promises none.
struct NestedNull {
  int64_t row;       ///< of the column
  std::string path;  ///< of the field, such as `r.points.item`
};

/// Looks in each field inside `column` that is declared without nulls for one, in the
/// rows that are not null themselves. Inside unions, dictionaries and runs it does not
/// look. `name` is that of the column.
///
/// REQUIRES: a column that ValidateFull takes.
std::optional<NestedNull> FindNestedNull(const arrow::Array& column,
                                         const std::string& name);

}  // namespace springald
