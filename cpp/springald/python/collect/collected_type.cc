#include "springald/python/collect/collected_type.h"

#include <algorithm>

#include <arrow/extension_type.h>

#include "springald/encoding/rebuild_type.h"
#include "springald/python/collect/null_entries.h"

namespace springald::python {

using arrow::Type;
using TypePointer = std::shared_ptr<arrow::DataType>;

TypePointer PlainType(const TypePointer& type) {
  switch (type->id()) {
    case Type::EXTENSION:
      return PlainType(static_cast<const arrow::ExtensionType&>(*type).storage_type());
    case Type::RUN_END_ENCODED:
      return PlainType(static_cast<const arrow::RunEndEncodedType&>(*type).value_type());
    case Type::DICTIONARY:
      // pyarrow 26.0 makes dictionaries of some types, and ends the process where it
      // meets a pyarrow scalar.
      return PlainType(static_cast<const arrow::DictionaryType&>(*type).value_type());
    default:
      return RebuildType(type, PlainType);
  }
}

bool CollectorSupports(const arrow::DataType& type) {
  switch (type.id()) {
    case Type::SPARSE_UNION:
    case Type::DENSE_UNION:
    case Type::INTERVAL_MONTHS:
    case Type::INTERVAL_DAY_TIME:
      return false;
    case Type::DICTIONARY:
      return CollectorSupports(
          *static_cast<const arrow::DictionaryType&>(type).value_type());
    case Type::EXTENSION:
      return CollectorSupports(
          *static_cast<const arrow::ExtensionType&>(type).storage_type());
    default:
      return std::all_of(
          type.fields().begin(), type.fields().end(),
          [](const auto& field) { return CollectorSupports(*field->type()); });
  }
}

TypePointer MadeType(const TypePointer& type) {
  if (type->id() == Type::EXTENSION) {
    const auto& storage = static_cast<const arrow::ExtensionType&>(*type).storage_type();
    if (PlainType(storage) == storage && !HasMap(*storage)) {
      return type;
    }
  }
  return PlainType(type);
}

}  // namespace springald::python
