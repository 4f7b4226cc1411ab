#include "springald/backend/embedded/embedded_function.h"

#include <string>
#include <utility>
#include <vector>

#include "springald/backend/embedded/call_interrupt.h"
#include "springald/backend/value_numbering.h"
#include "springald/base/udf_error.h"
#include "springald/python/boxer.h"
#include "springald/python/pyarrow_bridge.h"
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
    return python::BatchForm("it is called once per batch");
  }
  return python::BatchForm::Of(
      callable, static_cast<std::size_t>(definition.arguments->num_fields()));
}

python::DistinctPlan DistinctPlanOf(const UdfDefinition& definition, PyObject* callable) {
  if (definition.mode != UdfMode::kRow) {
    return python::DistinctPlan("it is called once per batch");
  }
  if (definition.volatility != Volatility::kImmutable) {
    return python::DistinctPlan("it is not declared immutable");
  }
  if (definition.arguments->num_fields() == 0) {
    return python::DistinctPlan("it has no arguments");
  }
  if (!CanNumber(*definition.result->type())) {
    return python::DistinctPlan("its results are of type " +
                                definition.result->type()->ToString());
  }
  for (const auto& field : definition.arguments->fields()) {
    if (!CanNumber(*field->type())) {
      return python::DistinctPlan("its argument " + field->name() + " is of type " +
                                  field->type()->ToString());
    }
  }
  return python::DistinctPlan::Of(callable);
}

const char* TextOrNull(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}

/// Runs `body` such that firing the token ends it, with its own error then.
template <typename Body>
auto Cancellable(CancelToken& cancel, Body&& body) -> decltype(body()) {
  const CallInterrupt interrupt(cancel);
  // After the registration: a token that was fired before it does not interrupt.
  if (cancel.is_cancelled()) {
    return MakeCancelledError();
  }
  auto result = body();
  if (!result.ok() && cancel.is_cancelled()) {
    return MakeCancelledError();
  }
  return result;
}

}  // namespace

EmbeddedFunction::EmbeddedFunction(std::shared_ptr<const EncodedDefinition> definition,
                                   python::PyRef callable)
    : definition_(std::move(definition)),
      callable_(std::move(callable)),
      batch_form_(BatchFormOf(definition_->definition(), callable_.get())),
      distinct_plan_(DistinctPlanOf(definition_->definition(), callable_.get())) {}

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

Description EmbeddedFunction::Describe() const {
  return {TextOrNull(batch_form_.reason()), TextOrNull(distinct_plan_.reason()),
          num_inlined_rows_.load(), num_repeated_rows_.load()};
}

arrow::Result<EmbeddedFunction::Column> EmbeddedFunction::CallEachRow(
    const arrow::ArrayVector& columns, int64_t num_rows, CancelToken& cancel) const {
  ARROW_ASSIGN_OR_RAISE(
      auto returned, python::CallRows(definition_->definition(), callable_.get(), columns,
                                      num_rows, cancel, &batch_form_));
  num_inlined_rows_.fetch_add(returned.num_inlined_rows, std::memory_order_relaxed);
  return std::move(returned.column);
}

/// Each row of `batch` gets the result of its distinct row. An error is that of the first
/// row of the batch that fails: distinct rows are in the order of their first rows.
arrow::Result<EmbeddedFunction::Column> EmbeddedFunction::CallOncePerDistinctRow(
    const DistinctRows& distinct, const Batch& batch, CancelToken& cancel) const {
  auto column = CallEachRow(distinct.columns, distinct.num_rows(), cancel);
  if (!column.ok()) {
    UdfErrorInfo info = GetUdfErrorInfo(column.status());
    if (info.row.has_value()) {
      info.row = distinct.first_rows[static_cast<std::size_t>(*info.row)];
    }
    return MakeUdfError(std::move(info));
  }
  auto spread = distinct.Spread(**column);
  if (!spread.ok()) {
    // Such as more than 2 GiB of text: the rows one by one say what is wrong.
    return CallEachRow(batch.columns, batch.num_rows, cancel);
  }
  num_repeated_rows_.fetch_add(batch.num_rows - distinct.num_rows(),
                               std::memory_order_relaxed);
  return spread;
}

arrow::Result<EmbeddedFunction::Column> EmbeddedFunction::CallRowMode(
    const Batch& batch, CancelToken& cancel) const {
  if (distinct_plan_.IsUsable(callable_.get())) {
    const auto distinct = distinct_rows_.Find(batch.columns, batch.num_rows);
    if (distinct.has_value()) {
      return CallOncePerDistinctRow(*distinct, batch, cancel);
    }
  }
  return CallEachRow(batch.columns, batch.num_rows, cancel);
}

arrow::Result<python::ReturnedColumn> EmbeddedFunction::CallArrowMode(
    std::span<PyObject* const> arrays, CancelToken& cancel) const {
  return Cancellable(cancel, [&] {
    return python::CallArrow(definition_->definition(), callable_.get(), arrays);
  });
}

arrow::Result<EmbeddedFunction::Column> EmbeddedFunction::CallUnderGil(
    const Batch& batch, CancelToken& cancel) const {
  const python::GilEnter gil;
  if (definition_->definition().mode == UdfMode::kRow) {
    return Cancellable(cancel, [&] { return CallRowMode(batch, cancel); });
  }
  std::vector<python::PyRef> owned;
  std::vector<PyObject*> arrays;
  for (const auto& column : batch.columns) {
    ARROW_ASSIGN_OR_RAISE(auto array, python::WrapArray(column));
    arrays.push_back(array.get());
    owned.push_back(std::move(array));
  }
  ARROW_ASSIGN_OR_RAISE(auto returned, CallArrowMode(arrays, cancel));
  return std::move(returned.column);
}

arrow::Result<EmbeddedFunction::Column> EmbeddedFunction::CheckRows(const Batch& batch,
                                                                    Column column) const {
  const UdfDefinition& definition = definition_->definition();
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

arrow::Result<EmbeddedFunction::Column> EmbeddedFunction::Invoke(
    const Batch& batch, CancelToken& cancel) const {
  if (!python::IsPythonRunning()) {
    return MakeUdfError(UdfErrorCode::kInternal,
                        "no Python interpreter runs in this process");
  }
  ARROW_ASSIGN_OR_RAISE(auto column, CallUnderGil(batch, cancel));
  return CheckRows(batch, std::move(column));
}

arrow::Result<python::PyRef> EmbeddedFunction::Call(const Batch& batch,
                                                    std::span<PyObject* const> arrays,
                                                    CancelToken& cancel) const {
  if (definition_->definition().mode == UdfMode::kRow) {
    return BackendFunction::Call(batch, arrays, cancel);
  }
  ARROW_ASSIGN_OR_RAISE(auto returned, CallArrowMode(arrays, cancel));
  const arrow::Array* const as_returned = returned.column.get();
  ARROW_ASSIGN_OR_RAISE(auto column, CheckRows(batch, std::move(returned.column)));
  if (returned.array && column.get() == as_returned) {
    return std::move(returned.array);
  }
  return python::WrapArray(column);
}

}  // namespace springald
