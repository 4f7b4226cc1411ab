#include "springald/base/logical_null.h"

#include <arrow/array/array_dict.h>
#include <arrow/array/array_run_end.h>
#include <arrow/extension_type.h>

namespace springald {

namespace {

/// A dictionary's and a run-end-encoded column's nulls are looked for one by one.
bool HidesNulls(const arrow::Array& column) {
  const arrow::Type::type id = column.type_id();
  return id == arrow::Type::DICTIONARY || id == arrow::Type::RUN_END_ENCODED;
}

const arrow::Array& StorageOf(const arrow::Array& column) {
  const arrow::Array* storage = &column;
  while (storage->type_id() == arrow::Type::EXTENSION) {
    storage = static_cast<const arrow::ExtensionArray&>(*storage).storage().get();
  }
  return *storage;
}

}  // namespace

bool IsHiddenNull(const arrow::Array& extension_or_storage, int64_t row) {
  const arrow::Array& column = StorageOf(extension_or_storage);
  switch (column.type_id()) {
    case arrow::Type::DICTIONARY: {
      const auto& encoded = static_cast<const arrow::DictionaryArray&>(column);
      return encoded.IsNull(row) ||
             IsLogicallyNull(*encoded.dictionary(), encoded.GetValueIndex(row));
    }
    case arrow::Type::RUN_END_ENCODED: {
      const auto single = column.Slice(row, 1);
      const auto& run = static_cast<const arrow::RunEndEncodedArray&>(*single);
      return IsLogicallyNull(*run.values(), run.FindPhysicalOffset());
    }
    default:
      return column.IsNull(row);
  }
}

bool HasLogicalNulls(const arrow::Array& extension_or_storage) {
  const arrow::Array& column = StorageOf(extension_or_storage);
  if (!HidesNulls(column)) {
    return column.null_count() > 0;
  }
  for (int64_t row = 0; row < column.length(); ++row) {
    if (IsLogicallyNull(column, row)) {
      return true;
    }
  }
  return false;
}

}  // namespace springald
