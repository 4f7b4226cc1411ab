#include "springald/result/nested_nulls.h"

#include <algorithm>
#include <vector>

#include <arrow/array/array_nested.h>
#include <arrow/extension_type.h>

#include "springald/base/logical_null.h"

namespace springald {

namespace {

using arrow::Type;

bool ForbidsNulls(const arrow::DataType& type) {
  if (type.id() == Type::EXTENSION) {
    return ForbidsNulls(*static_cast<const arrow::ExtensionType&>(type).storage_type());
  }
  if (type.id() == Type::RUN_END_ENCODED) {
    return false;
  }
  return std::any_of(type.fields().begin(), type.fields().end(), [](const auto& field) {
    return !field->nullable() || ForbidsNulls(*field->type());
  });
}

/// For each value of an array the row of the column that it is part of; -1 for a value
/// that is part of none, because a null or nothing is above it.
using RowsOfValues = std::vector<int64_t>;

class NestedNullSearch {
 public:
  std::optional<NestedNull> In(const arrow::Array& array, const RowsOfValues& rows,
                               const std::string& path) {
    if (!ForbidsNulls(*array.type())) {
      return std::nullopt;
    }
    switch (array.type_id()) {
      case Type::EXTENSION:
        return In(*static_cast<const arrow::ExtensionArray&>(array).storage(), rows,
                  path);
      case Type::STRUCT:
        return InStruct(static_cast<const arrow::StructArray&>(array), rows, path);
      case Type::LIST:
      case Type::MAP:
        return InList(static_cast<const arrow::ListArray&>(array), rows, path);
      case Type::LARGE_LIST:
        return InList(static_cast<const arrow::LargeListArray&>(array), rows, path);
      case Type::LIST_VIEW:
        return InList(static_cast<const arrow::ListViewArray&>(array), rows, path);
      case Type::LARGE_LIST_VIEW:
        return InList(static_cast<const arrow::LargeListViewArray&>(array), rows, path);
      case Type::FIXED_SIZE_LIST:
        return InList(static_cast<const arrow::FixedSizeListArray&>(array), rows, path);
      default:
        return std::nullopt;
    }
  }

 private:
  std::optional<NestedNull> InField(const arrow::Field& field, const arrow::Array& values,
                                    const RowsOfValues& rows, const std::string& path) {
    const std::string field_path = path + "." + field.name();
    if (!field.nullable() && values.ComputeLogicalNullCount() > 0) {
      for (int64_t i = 0; i < values.length(); ++i) {
        const int64_t row = rows[static_cast<std::size_t>(i)];
        if (row >= 0 && IsLogicallyNull(values, i)) {
          return NestedNull{row, field_path};
        }
      }
    }
    return In(values, rows, field_path);
  }

  std::optional<NestedNull> InStruct(const arrow::StructArray& array, RowsOfValues rows,
                                     const std::string& path) {
    for (int64_t i = 0; i < array.length(); ++i) {
      if (array.IsNull(i)) {
        rows[static_cast<std::size_t>(i)] = -1;
      }
    }
    for (int i = 0; i < array.num_fields(); ++i) {
      auto found = InField(*array.type()->field(i), *array.field(i), rows, path);
      if (found.has_value()) {
        return found;
      }
    }
    return std::nullopt;
  }

  template <typename ListArray>
  std::optional<NestedNull> InList(const ListArray& array, const RowsOfValues& rows,
                                   const std::string& path) {
    const auto& values = *array.values();
    RowsOfValues value_rows(static_cast<std::size_t>(values.length()), -1);
    for (int64_t i = 0; i < array.length(); ++i) {
      if (array.IsNull(i)) {
        continue;
      }
      const int64_t first = array.value_offset(i);
      std::fill_n(value_rows.begin() + first, array.value_length(i),
                  rows[static_cast<std::size_t>(i)]);
    }
    return InField(*array.type()->field(0), values, value_rows, path);
  }
};

}  // namespace

std::optional<NestedNull> FindNestedNull(const arrow::Array& column,
                                         const std::string& name) {
  if (!ForbidsNulls(*column.type())) {
    return std::nullopt;
  }
  RowsOfValues rows(static_cast<std::size_t>(column.length()));
  for (int64_t row = 0; row < column.length(); ++row) {
    rows[static_cast<std::size_t>(row)] = row;
  }
  return NestedNullSearch().In(column, rows, name);
}

}  // namespace springald
