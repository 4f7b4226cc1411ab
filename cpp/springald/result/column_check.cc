#include "springald/result/column_check.h"

#include <string>
#include <utility>

#include <arrow/compute/api_vector.h>
#include <arrow/compute/cast.h>
#include <arrow/datum.h>

#include "springald/base/udf_error.h"

namespace springald {

namespace {

enum class Family { kString, kBinary, kOther };

Family FamilyOf(arrow::Type::type id) {
  switch (id) {
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
      return Family::kString;
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
      return Family::kBinary;
    default:
      return Family::kOther;
  }
}

/// Says whether `actual` holds the same values as `expected`, encoded otherwise.
bool IsOtherEncoding(const arrow::DataType& actual, const arrow::DataType& expected) {
  if (actual.id() == arrow::Type::RUN_END_ENCODED) {
    const auto& values =
        *static_cast<const arrow::RunEndEncodedType&>(actual).value_type();
    return values.Equals(expected) || IsOtherEncoding(values, expected);
  }
  if (actual.id() == arrow::Type::DICTIONARY) {
    const auto& values = *static_cast<const arrow::DictionaryType&>(actual).value_type();
    return values.Equals(expected) || IsOtherEncoding(values, expected);
  }
  return FamilyOf(actual.id()) != Family::kOther &&
         FamilyOf(actual.id()) == FamilyOf(expected.id());
}

/// Ends an error message of arrow mode, where a type is often meant to be another.
std::string TypeAdvice(const UdfDefinition& definition) {
  const std::string name = definition.result->type()->ToString();
  return "; declare the type that the function returns, or cast in the function with "
         "pyarrow.compute.cast(result, " +
         name + ")";
}

arrow::Result<std::shared_ptr<arrow::Array>> ConvertType(
    const UdfDefinition& definition, std::shared_ptr<arrow::Array> column) {
  const auto& expected = definition.result->type();
  if (column->type()->Equals(expected)) {
    return column;
  }
  if (column->type_id() == arrow::Type::NA) {
    return arrow::MakeArrayOfNull(expected, column->length());
  }
  if (!IsOtherEncoding(*column->type(), *expected)) {
    return MakeUdfError(
        UdfErrorCode::kResult,
        "the returned column has the wrong type: " + column->type()->ToString() +
            ", expected " + expected->ToString() + TypeAdvice(definition));
  }
  ARROW_RETURN_NOT_OK(column->Validate());
  if (column->type_id() == arrow::Type::RUN_END_ENCODED) {
    ARROW_ASSIGN_OR_RAISE(const auto decoded, arrow::compute::RunEndDecode(column));
    return ConvertType(definition, decoded.make_array());
  }
  if (column->type_id() == arrow::Type::DICTIONARY) {
    // The dictionary values first: Arrow has no cast from a dictionary to a view.
    const auto& type = static_cast<const arrow::DictionaryType&>(*column->type());
    ARROW_ASSIGN_OR_RAISE(column, arrow::compute::Cast(*column, type.value_type()));
    return ConvertType(definition, std::move(column));
  }
  return arrow::compute::Cast(*column, expected);
}

/// In arrow mode a function can return any bytes as a string, and the engine, which
/// trusts them to be UTF-8, may crash. Row mode makes its strings itself.
arrow::Status Validate(const UdfDefinition& definition, const arrow::Array& column) {
  const bool may_be_wrong_inside =
      definition.mode != UdfMode::kRow && FamilyOf(column.type_id()) != Family::kOther;
  return may_be_wrong_inside ? column.ValidateFull() : column.Validate();
}

bool IsSkippedRow(const UdfDefinition& definition, const arrow::ArrayVector& arguments,
                  int64_t row) {
  if (definition.mode != UdfMode::kRow ||
      definition.null_handling != NullHandling::kSkip) {
    return false;
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!definition.arguments->field(static_cast<int>(i))->nullable() &&
        arguments[i]->IsNull(row)) {
      return true;
    }
  }
  return false;
}

arrow::Status CheckNulls(const UdfDefinition& definition, const arrow::Array& column,
                         const arrow::ArrayVector& arguments) {
  if (definition.result->nullable() || column.null_count() == 0) {
    return arrow::Status::OK();
  }
  for (int64_t row = 0; row < column.length(); ++row) {
    if (column.IsNull(row) && !IsSkippedRow(definition, arguments, row)) {
      UdfErrorInfo info;
      info.code = UdfErrorCode::kResult;
      info.row = row;
      info.message =
          "the function returned a null, but its result is declared without nulls; "
          "hint the result as `X | None`, or declare a nullable field";
      return MakeUdfError(std::move(info));
    }
  }
  return arrow::Status::OK();
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::Array>> CheckColumn(
    const UdfDefinition& definition, std::shared_ptr<arrow::Array> column,
    const arrow::ArrayVector& arguments, int64_t num_rows) {
  if (column->length() != num_rows) {
    return MakeUdfError(
        UdfErrorCode::kResult,
        "the returned column has the wrong length: " + std::to_string(column->length()) +
            ", expected " + std::to_string(num_rows) +
            ", one value for each row of the batch");
  }
  auto converted = ConvertType(definition, std::move(column));
  if (converted.ok()) {
    const auto valid = Validate(definition, **converted);
    if (!valid.ok()) {
      converted = valid;
    }
  }
  if (!converted.ok() && converted.status().detail() == nullptr) {
    return MakeUdfError(UdfErrorCode::kResult,
                        "the returned column is broken: " + converted.status().message());
  }
  ARROW_RETURN_NOT_OK(converted);
  ARROW_RETURN_NOT_OK(CheckNulls(definition, **converted, arguments));
  return converted;
}

}  // namespace springald
