#include "springald/encoding/same_values.h"

#include <arrow/extension_type.h>
#include <arrow/type_traits.h>

#include "springald/encoding/rebuild_type.h"

namespace springald {

namespace {

using arrow::DataType;
using arrow::Type;

enum class Family { kNone, kString, kBinary, kList };

Family FamilyOf(Type::type id) {
  switch (id) {
    case Type::STRING:
    case Type::LARGE_STRING:
    case Type::STRING_VIEW:
      return Family::kString;
    case Type::BINARY:
    case Type::LARGE_BINARY:
    case Type::BINARY_VIEW:
      return Family::kBinary;
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW:
      return Family::kList;
    default:
      return Family::kNone;
  }
}

/// The type that an encoded type encodes; null for any other.
const DataType* EncodedType(const DataType& type) {
  switch (type.id()) {
    case Type::DICTIONARY:
      return static_cast<const arrow::DictionaryType&>(type).value_type().get();
    case Type::RUN_END_ENCODED:
      return static_cast<const arrow::RunEndEncodedType&>(type).value_type().get();
    default:
      return nullptr;
  }
}

bool HaveSameFields(const DataType& actual, const DataType& expected, bool named) {
  if (actual.num_fields() != expected.num_fields()) {
    return false;
  }
  for (int i = 0; i < actual.num_fields(); ++i) {
    if ((named && actual.field(i)->name() != expected.field(i)->name()) ||
        !HaveSameValues(*actual.field(i)->type(), *expected.field(i)->type())) {
      return false;
    }
  }
  return true;
}

bool AreSameExtension(const DataType& actual, const DataType& expected) {
  const auto& one = static_cast<const arrow::ExtensionType&>(actual);
  const auto& other = static_cast<const arrow::ExtensionType&>(expected);
  return one.extension_name() == other.extension_name() &&
         one.Serialize() == other.Serialize() &&
         HaveSameValues(*one.storage_type(), *other.storage_type());
}

bool HaveSameValuesPlain(const DataType& actual, const DataType& expected) {
  if (FamilyOf(actual.id()) != FamilyOf(expected.id())) {
    return false;
  }
  switch (FamilyOf(actual.id())) {
    case Family::kString:
    case Family::kBinary:
      return true;
    case Family::kList:
      return HaveSameFields(actual, expected, /*named=*/false);
    case Family::kNone:
      break;
  }
  if (actual.id() != expected.id()) {
    return false;
  }
  switch (actual.id()) {
    case Type::STRUCT:
      return HaveSameFields(actual, expected, /*named=*/true);
    case Type::FIXED_SIZE_LIST:
      return static_cast<const arrow::FixedSizeListType&>(actual).list_size() ==
                 static_cast<const arrow::FixedSizeListType&>(expected).list_size() &&
             HaveSameFields(actual, expected, /*named=*/false);
    case Type::MAP:
      // Sorted keys are a promise that only the function can give.
      return (static_cast<const arrow::MapType&>(actual).keys_sorted() ||
              !static_cast<const arrow::MapType&>(expected).keys_sorted()) &&
             HaveSameFields(*actual.field(0)->type(), *expected.field(0)->type(),
                            /*named=*/false);
    default:
      return false;
  }
}

}  // namespace

bool HaveSameValues(const DataType& actual, const DataType& expected) {
  if (actual.id() == Type::NA || actual.Equals(expected)) {
    return true;
  }
  if (actual.id() == Type::EXTENSION) {
    return expected.id() == Type::EXTENSION
               ? AreSameExtension(actual, expected)
               : HaveSameValues(
                     *static_cast<const arrow::ExtensionType&>(actual).storage_type(),
                     expected);
  }
  if (const auto* const encoded = EncodedType(actual); encoded != nullptr) {
    return HaveSameValues(*encoded, expected);
  }
  if (expected.id() == Type::EXTENSION) {
    return HaveSameValues(
        actual, *static_cast<const arrow::ExtensionType&>(expected).storage_type());
  }
  if (const auto* const encoded = EncodedType(expected); encoded != nullptr) {
    return HaveSameValues(actual, *encoded);
  }
  return HaveSameValuesPlain(actual, expected);
}

bool HaveSameStorage(const DataType& actual, const DataType& expected) {
  return HaveSameValues(actual, expected) &&
         WithoutExtensions(actual.GetSharedPtr())
             ->Equals(*WithoutExtensions(expected.GetSharedPtr()));
}

std::shared_ptr<DataType> WithoutExtensions(const std::shared_ptr<DataType>& type) {
  return type->id() == Type::EXTENSION
             ? WithoutExtensions(
                   static_cast<const arrow::ExtensionType&>(*type).storage_type())
             : RebuildWithEncoded(type, WithoutExtensions);
}

}  // namespace springald
