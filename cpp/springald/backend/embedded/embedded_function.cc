#include "springald/backend/embedded/embedded_function.h"

#include <string>
#include <utility>

#include "springald/backend/embedded/call_interrupt.h"
#include "springald/base/udf_error.h"
#include "springald/python/arrow_call.h"
#include "springald/python/boxer.h"
#include "springald/python/row_call.h"
#include "springald/result/column_check.h"

namespace springald {

namespace {

arrow::Status CheckType(const arrow::DataType& type, const std::string& what) {
  if (python::BoxerSupports(type)) {
    return arrow::Status::OK();
  }
  return MakeUdfError(
      UdfErrorCode::kInvalidDefinition,
      what + " has the type " + type.ToString() +
          ", which is not supported. Supported are: bool, int8 to int64, uint8 to "
          "uint64, float32, float64, string, large_string, string_view, binary, "
          "large_binary, binary_view, date32 and timestamp");
}

python::BatchForm BatchFormOf(const UdfDefinition& definition, PyObject* callable) {
  if (definition.mode != UdfMode::kRow) {
    return {};
  }
  return python::BatchForm::Of(
      callable, static_cast<std::size_t>(definition.arguments->num_fields()));
}

}  // namespace

EmbeddedFunction::EmbeddedFunction(std::shared_ptr<const EncodedDefinition> definition,
                                   python::PyRef callable)
    : definition_(std::move(definition)),
      callable_(std::move(callable)),
      batch_form_(BatchFormOf(definition_->definition(), callable_.get())) {}

arrow::Status EmbeddedFunction::CheckSignature(const UdfDefinition& definition) {
  if (definition.arguments->num_fields() == 0 && definition.mode != UdfMode::kRow) {
    return MakeUdfError(UdfErrorCode::kInvalidDefinition,
                        "a function without arguments cannot know how many rows to "
                        "return: use row mode");
  }
  for (const auto& field : definition.arguments->fields()) {
    ARROW_RETURN_NOT_OK(CheckType(*field->type(), "argument '" + field->name() + "'"));
  }
  return CheckType(*definition.result->type(), "the result");
}

arrow::Result<std::shared_ptr<arrow::Array>> EmbeddedFunction::Call(
    const Batch& batch, CancelToken& cancel) const {
  const UdfDefinition& definition = definition_->definition();
  const CallInterrupt interrupt(cancel);
  // After the registration: a token that was fired before it does not interrupt.
  if (cancel.is_cancelled()) {
    return MakeCancelledError();
  }
  auto column = definition.mode == UdfMode::kRow
                    ? python::CallRows(definition, callable_.get(), batch.columns,
                                       batch.num_rows, cancel, &batch_form_)
                    : python::CallArrow(definition, callable_.get(), batch.columns);
  if (!column.ok() && cancel.is_cancelled()) {
    return MakeCancelledError();
  }
  return column;
}

arrow::Result<std::shared_ptr<arrow::Array>> EmbeddedFunction::Invoke(
    const Batch& batch, CancelToken& cancel) const {
  if (!python::IsPythonRunning()) {
    return MakeUdfError(UdfErrorCode::kInternal,
                        "no Python interpreter runs in this process");
  }
  const UdfDefinition& definition = definition_->definition();
  std::shared_ptr<arrow::Array> column;
  {
    const python::GilEnter gil;
    ARROW_ASSIGN_OR_RAISE(column, Call(batch, cancel));
  }
  auto checked =
      CheckColumn(definition, std::move(column), batch.columns, batch.num_rows);
  if (checked.ok() || definition.mode != UdfMode::kRow) {
    return checked;
  }
  UdfErrorInfo info = GetUdfErrorInfo(checked.status());
  if (info.row.has_value()) {
    const python::GilEnter gil;
    info.arguments = python::DescribeArguments(batch.columns, *info.row);
  }
  return MakeUdfError(std::move(info));
}

}  // namespace springald
