#include "springald/result/column_check.h"

#include <string>
#include <utility>

#include <arrow/extension_type.h>
#include <arrow/type_traits.h>

#include "springald/base/logical_null.h"
#include "springald/base/udf_error.h"
#include "springald/encoding/convert_encoding.h"
#include "springald/encoding/same_values.h"
#include "springald/result/nested_nulls.h"

namespace springald {

namespace {

/// Ends an error message of arrow mode, where a type is often meant to be another.
std::string TypeAdvice(const UdfDefinition& definition) {
  const std::string name = definition.result->type()->ToString();
  return "; declare the type that the function returns, or cast in the function with "
         "pyarrow.compute.cast(result, " +
         name + ")";
}

/// Says whether a broken column of this type leads its readers astray: to bytes, children
/// or text that are not there. Numbers are what they are.
bool HasInside(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::EXTENSION:
      return HasInside(*static_cast<const arrow::ExtensionType&>(type).storage_type());
    case arrow::Type::NA:
    case arrow::Type::BOOL:
    case arrow::Type::FIXED_SIZE_BINARY:
      return false;
    default:
      return !arrow::is_primitive(type.id()) && !arrow::is_decimal(type.id());
  }
}

/// In arrow mode a function can return any bytes as a string and any numbers as offsets,
/// and the engine, which trusts them, may crash. Row mode makes its columns itself.
arrow::Status Validate(const UdfDefinition& definition, const arrow::Array& column) {
  const bool may_be_wrong_inside =
      definition.mode != UdfMode::kRow && HasInside(*column.type());
  return may_be_wrong_inside ? column.ValidateFull() : column.Validate();
}

arrow::Result<std::shared_ptr<arrow::Array>> ConvertType(
    const UdfDefinition& definition, const std::shared_ptr<arrow::Array>& column) {
  const auto& expected = definition.result->type();
  if (!HaveSameValues(*column->type(), *expected)) {
    return MakeUdfError(
        UdfErrorCode::kResult,
        "the returned column has the wrong type: " + column->type()->ToString() +
            ", expected " + expected->ToString() + TypeAdvice(definition));
  }
  // First: conversion follows the offsets and indices.
  const auto valid = Validate(definition, *column);
  if (!valid.ok()) {
    return MakeUdfError(UdfErrorCode::kResult,
                        "the returned column is broken: " + valid.message());
  }
  auto converted = ConvertEncoding(column, expected);
  if (!converted.ok() && !converted.status().IsOutOfMemory()) {
    return MakeUdfError(UdfErrorCode::kResult,
                        "the returned column of type " + column->type()->ToString() +
                            " cannot be made a " + expected->ToString() + ": " +
                            converted.status().message());
  }
  return converted;
}

bool IsSkippedRow(const UdfDefinition& definition, const arrow::ArrayVector& arguments,
                  int64_t row) {
  const bool can_skip =
      definition.mode != UdfMode::kArrow && definition.mode != UdfMode::kIterator;
  if (!can_skip || definition.null_handling != NullHandling::kSkip) {
    return false;
  }
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!definition.arguments->field(static_cast<int>(i))->nullable() &&
        IsLogicallyNull(*arguments[i], row)) {
      return true;
    }
  }
  return false;
}

arrow::Status NullError(int64_t row, std::string message) {
  UdfErrorInfo info;
  info.code = UdfErrorCode::kResult;
  info.row = row;
  info.message = std::move(message);
  return MakeUdfError(std::move(info));
}

arrow::Status CheckNulls(const UdfDefinition& definition, const arrow::Array& column,
                         const arrow::ArrayVector& arguments) {
  if (definition.result->nullable() || column.ComputeLogicalNullCount() == 0) {
    return arrow::Status::OK();
  }
  for (int64_t row = 0; row < column.length(); ++row) {
    if (IsLogicallyNull(column, row) && !IsSkippedRow(definition, arguments, row)) {
      return NullError(
          row,
          "the function returned a null, but its result is declared without nulls; "
          "hint the result as `X | None`, or declare a nullable field");
    }
  }
  return arrow::Status::OK();
}

arrow::Status CheckNestedNulls(const UdfDefinition& definition,
                               const arrow::Array& column) {
  const auto found = FindNestedNull(column, definition.result->name());
  return found.has_value()
             ? NullError(found->row, "the function returned a null in " + found->path +
                                         ", which is declared without nulls; return a "
                                         "value there, or declare the field nullable")
             : arrow::Status::OK();
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
  ARROW_ASSIGN_OR_RAISE(auto converted, ConvertType(definition, column));
  ARROW_RETURN_NOT_OK(CheckNulls(definition, *converted, arguments));
  ARROW_RETURN_NOT_OK(CheckNestedNulls(definition, *converted));
  return converted;
}

}  // namespace springald
