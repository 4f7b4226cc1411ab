#include "springald/backend/embedded/supported_types.h"

#include <algorithm>
#include <string>

#include <arrow/extension_type.h>

#include "springald/base/udf_error.h"
#include "springald/python/box/boxer.h"
#include "springald/python/collect/collected_type.h"

namespace springald {

namespace {

using Supports = bool (*)(const arrow::DataType& type);

/// The innermost part of `type` that is refused. REQUIRES: that `type` is.
const arrow::DataType& RefusedPart(const arrow::DataType& type, Supports supports) {
  switch (type.id()) {
    case arrow::Type::EXTENSION: {
      const auto& storage =
          *static_cast<const arrow::ExtensionType&>(type).storage_type();
      return supports(storage) ? type : RefusedPart(storage, supports);
    }
    case arrow::Type::DICTIONARY: {
      const auto& values = *static_cast<const arrow::DictionaryType&>(type).value_type();
      return supports(values) ? type : RefusedPart(values, supports);
    }
    default:
      break;
  }
  for (const auto& field : type.fields()) {
    if (!supports(*field->type())) {
      return RefusedPart(*field->type(), supports);
    }
  }
  return type;
}

/// pyarrow knows the names of these types, and has no class for their arrays.
bool HasPyarrowClass(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::INTERVAL_MONTHS:
    case arrow::Type::INTERVAL_DAY_TIME:
      return false;
    case arrow::Type::EXTENSION:
      return HasPyarrowClass(
          *static_cast<const arrow::ExtensionType&>(type).storage_type());
    case arrow::Type::DICTIONARY:
      return HasPyarrowClass(
          *static_cast<const arrow::DictionaryType&>(type).value_type());
    default:
      return std::all_of(
          type.fields().begin(), type.fields().end(),
          [](const auto& field) { return HasPyarrowClass(*field->type()); });
  }
}

/// Fails with "`what` has the type ..., which is not supported: `because`", with the part
/// that is to blame, where `supports` says no.
arrow::Status CheckType(const arrow::DataType& type, Supports supports,
                        const std::string& what, const std::string& because,
                        const std::string& instead) {
  if (supports(type)) {
    return arrow::Status::OK();
  }
  const arrow::DataType& part = RefusedPart(type, supports);
  const std::string inside =
      &part == &type ? "" : ", because of the " + part.ToString() + " inside";
  return MakeUdfError(UdfErrorCode::kInvalidDefinition,
                      what + " has the type " + type.ToString() +
                          ", which is not supported: " + because + inside + "; " +
                          instead);
}

arrow::Status CheckInMode(const arrow::DataType& type, UdfMode mode, Supports in_rows,
                          const std::string& what, const std::string& because) {
  ARROW_RETURN_NOT_OK(CheckType(type, HasPyarrowClass, what, "pyarrow has no such arrays",
                                "use month_day_nano_interval"));
  if (mode != UdfMode::kRow) {
    return arrow::Status::OK();
  }
  return CheckType(type, in_rows, what, because,
                   "use mode=\"arrow\", where functions get and return pyarrow arrays");
}

}  // namespace

arrow::Status CheckSupportedTypes(const UdfDefinition& definition) {
  for (const auto& field : definition.arguments->fields()) {
    ARROW_RETURN_NOT_OK(
        CheckInMode(*field->type(), definition.mode, python::BoxerSupports,
                    "argument '" + field->name() + "'",
                    "a function that is called row by row cannot be given such values"));
  }
  return CheckInMode(*definition.result->type(), definition.mode,
                     python::CollectorSupports, "the result",
                     "a function that is called row by row cannot return such values");
}

}  // namespace springald
