#include "springald/result/inside_check.h"

#include <memory>
#include <utility>

#include <arrow/extension_type.h>
#include <arrow/type_traits.h>

#include "springald/encoding/rebuild_type.h"

namespace springald {

namespace {

using TypePointer = std::shared_ptr<arrow::DataType>;

/// The type with the same buffers, of which every value is valid where it is a number.
TypePointer Unranged(const TypePointer& type) {
  switch (type->id()) {
    case arrow::Type::DATE64:
    case arrow::Type::TIME64:
      return arrow::int64();
    case arrow::Type::TIME32:
      return arrow::int32();
    case arrow::Type::EXTENSION:
      return Unranged(static_cast<const arrow::ExtensionType&>(*type).storage_type());
    default:
      break;
  }
  if (arrow::is_decimal(type->id())) {
    return arrow::fixed_size_binary(
        static_cast<const arrow::FixedWidthType&>(*type).bit_width() / 8);
  }
  return RebuildWithEncoded(type, Unranged);
}

/// The same buffers as a column of `type`, whose parts follow.
std::shared_ptr<arrow::ArrayData> Relabelled(const arrow::ArrayData& data,
                                             const TypePointer& type) {
  auto copy = data.Copy();
  copy->type = type;
  for (std::size_t i = 0; i < copy->child_data.size(); ++i) {
    copy->child_data[i] =
        Relabelled(*copy->child_data[i], type->field(static_cast<int>(i))->type());
  }
  if (copy->dictionary != nullptr) {
    copy->dictionary = Relabelled(
        *copy->dictionary, static_cast<const arrow::DictionaryType&>(*type).value_type());
  }
  return copy;
}

}  // namespace

arrow::Status CheckInside(const arrow::Array& column) {
  const TypePointer type = Unranged(column.type());
  if (type == column.type()) {
    return column.ValidateFull();
  }
  // Lengths of buffers and children first, which the other type relies on.
  ARROW_RETURN_NOT_OK(column.Validate());
  return arrow::MakeArray(Relabelled(*column.data(), type))->ValidateFull();
}

}  // namespace springald
