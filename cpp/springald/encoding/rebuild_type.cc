#include "springald/encoding/rebuild_type.h"

#include <arrow/type_traits.h>

namespace springald {

namespace {

using TypePointer = std::shared_ptr<arrow::DataType>;

TypePointer WithFields(const TypePointer& type, const arrow::FieldVector& fields) {
  switch (type->id()) {
    case arrow::Type::LIST:
      return arrow::list(fields[0]);
    case arrow::Type::LARGE_LIST:
      return arrow::large_list(fields[0]);
    case arrow::Type::LIST_VIEW:
      return arrow::list_view(fields[0]);
    case arrow::Type::LARGE_LIST_VIEW:
      return arrow::large_list_view(fields[0]);
    case arrow::Type::FIXED_SIZE_LIST:
      return arrow::fixed_size_list(
          fields[0], static_cast<const arrow::FixedSizeListType&>(*type).list_size());
    case arrow::Type::STRUCT:
      return arrow::struct_(fields);
    case arrow::Type::MAP:
      return std::make_shared<arrow::MapType>(
          fields[0], static_cast<const arrow::MapType&>(*type).keys_sorted());
    case arrow::Type::SPARSE_UNION:
      return arrow::sparse_union(
          fields, static_cast<const arrow::UnionType&>(*type).type_codes());
    case arrow::Type::DENSE_UNION:
      return arrow::dense_union(fields,
                                static_cast<const arrow::UnionType&>(*type).type_codes());
    default:
      return type;
  }
}

}  // namespace

TypePointer RebuildType(const TypePointer& type, const TypeMap& map) {
  if (type->id() == arrow::Type::MAP) {
    // Its one field is the struct of the entries, which is no type of its own.
    const auto& entries = type->field(0);
    const auto mapped = RebuildType(entries->type(), map);
    return mapped == entries->type() ? type
                                     : WithFields(type, {entries->WithType(mapped)});
  }
  if (!arrow::is_nested(type->id()) || type->id() == arrow::Type::RUN_END_ENCODED) {
    return type;
  }
  arrow::FieldVector fields;
  bool is_changed = false;
  for (const auto& field : type->fields()) {
    auto mapped = map(field->type());
    is_changed |= mapped != field->type();
    fields.push_back(field->WithType(std::move(mapped)));
  }
  return is_changed ? WithFields(type, fields) : type;
}

TypePointer RebuildWithEncoded(const TypePointer& type, const TypeMap& map) {
  if (type->id() == arrow::Type::DICTIONARY) {
    const auto& dictionary = static_cast<const arrow::DictionaryType&>(*type);
    const auto values = map(dictionary.value_type());
    return values == dictionary.value_type()
               ? type
               : arrow::dictionary(dictionary.index_type(), values, dictionary.ordered());
  }
  if (type->id() == arrow::Type::RUN_END_ENCODED) {
    const auto& runs = static_cast<const arrow::RunEndEncodedType&>(*type);
    const auto values = map(runs.value_type());
    return values == runs.value_type()
               ? type
               : arrow::run_end_encoded(runs.run_end_type(), values);
  }
  return RebuildType(type, map);
}

}  // namespace springald
