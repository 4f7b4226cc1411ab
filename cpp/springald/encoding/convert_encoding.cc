#include "springald/encoding/convert_encoding.h"

#include <utility>

#include <arrow/array/util.h>
#include <arrow/compute/cast.h>
#include <arrow/extension_type.h>
#include <arrow/type_traits.h>

#include "springald/encoding/column_step.h"

namespace springald {

namespace {

using arrow::Type;

/// Converts the children of a struct, map, union or list of fixed size.
arrow::Result<ColumnData> ConvertChildren(const ColumnData& data,
                                          const TypePointer& type) {
  ColumnData converted = WithType(data, type);
  for (int i = 0; i < type->num_fields(); ++i) {
    auto& child = converted->child_data[static_cast<std::size_t>(i)];
    ARROW_ASSIGN_OR_RAISE(child, ConvertData(child, type->field(i)->type()));
  }
  return converted;
}

arrow::Result<ColumnData> ConvertPlain(const ColumnData& data, const TypePointer& type) {
  switch (type->id()) {
    case Type::STRUCT:
    case Type::MAP:
    case Type::FIXED_SIZE_LIST:
    case Type::SPARSE_UNION:
    case Type::DENSE_UNION:
      return ConvertChildren(data, type);
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW:
      return ConvertLists(data, type);
    default: {
      ARROW_ASSIGN_OR_RAISE(auto cast,
                            arrow::compute::Cast(*arrow::MakeArray(data), type));
      return cast->data();
    }
  }
}

}  // namespace

ColumnData WithType(const ColumnData& data, TypePointer type) {
  auto copy = data->Copy();
  copy->type = std::move(type);
  return copy;
}

arrow::Result<ColumnData> ConvertData(const ColumnData& data, const TypePointer& type) {
  const TypePointer& from = data->type;
  if (from->Equals(*type, /*check_metadata=*/true)) {
    return data;
  }
  if (from->id() == Type::NA) {
    ARROW_ASSIGN_OR_RAISE(const auto nulls, arrow::MakeArrayOfNull(type, data->length));
    return nulls->data();
  }
  if (from->id() == Type::EXTENSION) {
    return ConvertData(
        WithType(data, static_cast<const arrow::ExtensionType&>(*from).storage_type()),
        type);
  }
  if (type->id() == Type::EXTENSION) {
    ARROW_ASSIGN_OR_RAISE(
        const auto storage,
        ConvertData(data,
                    static_cast<const arrow::ExtensionType&>(*type).storage_type()));
    return WithType(storage, type);
  }
  if (type->id() == Type::DICTIONARY) {
    return EncodeDictionary(data, type);
  }
  if (from->id() == Type::DICTIONARY || from->id() == Type::RUN_END_ENCODED) {
    ARROW_ASSIGN_OR_RAISE(const auto decoded, Decode(data));
    return ConvertData(decoded, type);
  }
  if (type->id() == Type::RUN_END_ENCODED) {
    return EncodeRuns(data, type);
  }
  return ConvertPlain(data, type);
}

arrow::Result<std::shared_ptr<arrow::Array>> ConvertEncoding(
    const std::shared_ptr<arrow::Array>& column, const TypePointer& type) {
  ARROW_ASSIGN_OR_RAISE(const auto data, ConvertData(column->data(), type));
  return data == column->data() ? column : arrow::MakeArray(data);
}

}  // namespace springald
