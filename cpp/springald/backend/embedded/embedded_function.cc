#include "springald/backend/embedded/embedded_function.h"

#include <string>
#include <utility>
#include <vector>

#include "springald/backend/constants.h"
#include "springald/backend/embedded/call_interrupt.h"
#include "springald/backend/embedded/supported_types.h"
#include "springald/backend/value_numbering.h"
#include "springald/base/udf_error.h"
#include "springald/python/pyarrow_bridge.h"
#include "springald/python/python_error.h"
#include "springald/python/row_call.h"
#include "springald/result/column_check.h"

namespace springald {

namespace {

python::BatchForm BatchFormOf(const UdfDefinition& definition, PyObject* callable,
                              const python::GatheredRows& gathered) {
  if (definition.mode != UdfMode::kRow) {
    return python::BatchForm("it is called once per batch");
  }
  if (gathered) {
    return python::BatchForm(gathered.reason());
  }
  return python::BatchForm::Of(
      callable, static_cast<std::size_t>(definition.arguments->num_fields()));
}

python::DistinctPlan DistinctPlanOf(const UdfDefinition& definition, PyObject* callable,
                                    const python::GatheredRows& gathered) {
  if (definition.mode != UdfMode::kRow) {
    return python::DistinctPlan("it is called once per batch");
  }
  if (gathered) {
    // What it awaits is outside of it, and may answer differently each time.
    return python::DistinctPlan(gathered.reason());
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

/// The form of `callable` for batches of a stream: `call_stream(stream_id, arrays)`,
/// which goes with `end_stream(stream_id, failed)`. Null where it has none.
python::PyRef CallStreamOf(const UdfDefinition& definition, PyObject* callable) {
  if (definition.mode == UdfMode::kRow ||
      PyObject_HasAttrString(callable, "end_stream") == 0) {
    return python::PyRef();
  }
  auto call_stream =
      python::PyRef::Steal(PyObject_GetAttrString(callable, "call_stream"));
  PyErr_Clear();
  return call_stream;
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
      class_instance_(python::ClassInstance::Of(callable_.get())),
      call_stream_(CallStreamOf(definition_->definition(), callable_.get())),
      gathered_rows_(python::GatheredRows::Of(callable_.get())),
      batch_form_(
          BatchFormOf(definition_->definition(), callable_.get(), gathered_rows_)),
      distinct_plan_(
          DistinctPlanOf(definition_->definition(), callable_.get(), gathered_rows_)) {}

arrow::Status EmbeddedFunction::CheckSignature(const UdfDefinition& definition) {
  if (definition.arguments->num_fields() == 0 && definition.mode != UdfMode::kRow) {
    return MakeUdfError(UdfErrorCode::kInvalidDefinition,
                        "a function without arguments cannot know how many rows to "
                        "return: use row mode");
  }
  return CheckSupportedTypes(definition);
}

Description EmbeddedFunction::Describe() const {
  return {TextOrNull(batch_form_.reason()), TextOrNull(distinct_plan_.reason()),
          num_inlined_rows_.load(), num_repeated_rows_.load()};
}

arrow::Result<EmbeddedFunction::Column> EmbeddedFunction::CallEachRow(
    const arrow::ArrayVector& columns, int64_t num_rows, CancelToken& cancel) const {
  const UdfDefinition& definition = definition_->definition();
  ARROW_ASSIGN_OR_RAISE(const auto callable,
                        class_instance_.Ready(callable_.get(), definition.name));
  ARROW_ASSIGN_OR_RAISE(auto returned,
                        python::CallRows(definition, callable.get(), columns, num_rows,
                                         cancel, &batch_form_));
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
  const auto varying = VaryingColumns(batch);
  if (!varying.empty() && distinct_plan_.IsUsable(callable_.get())) {
    auto distinct = distinct_rows_.Find(varying, batch.num_rows);
    if (distinct.has_value()) {
      distinct->columns = WithConstants(batch, std::move(distinct->columns));
      return CallOncePerDistinctRow(*distinct, batch, cancel);
    }
  }
  return CallEachRow(batch.columns, batch.num_rows, cancel);
}

arrow::Result<python::ReturnedColumn> EmbeddedFunction::CallArrowMode(
    std::span<PyObject* const> arrays, CancelToken& cancel) const {
  const UdfDefinition& definition = definition_->definition();
  return Cancellable(cancel, [&]() -> arrow::Result<python::ReturnedColumn> {
    ARROW_ASSIGN_OR_RAISE(const auto callable,
                          class_instance_.Ready(callable_.get(), definition.name));
    return python::CallArrow(definition, callable.get(), arrays);
  });
}

arrow::Result<EmbeddedFunction::Column> EmbeddedFunction::CallStream(
    int64_t stream_id, std::span<PyObject* const> arrays, CancelToken& cancel) const {
  const auto id = python::PyRef::Steal(PyLong_FromLongLong(stream_id));
  const auto tuple =
      python::PyRef::Steal(PyTuple_New(static_cast<Py_ssize_t>(arrays.size())));
  for (std::size_t i = 0; tuple && i < arrays.size(); ++i) {
    Py_INCREF(arrays[i]);
    PyTuple_SET_ITEM(tuple.get(), static_cast<Py_ssize_t>(i), arrays[i]);
  }
  if (!id || !tuple) {
    return python::TakeExceptionStatus(UdfErrorCode::kInternal,
                                       definition_->definition().name);
  }
  PyObject* const arguments[] = {id.get(), tuple.get()};
  ARROW_ASSIGN_OR_RAISE(auto returned, Cancellable(cancel, [&] {
                          return python::CallArrow(definition_->definition(),
                                                   call_stream_.get(), arguments);
                        }));
  return std::move(returned.column);
}

arrow::Status EmbeddedFunction::EndStream(int64_t stream_id, bool failed) const {
  if (!call_stream_) {
    return arrow::Status::OK();
  }
  if (!python::IsPythonRunning()) {
    return MakeUdfError(UdfErrorCode::kInternal,
                        "no Python interpreter runs in this process");
  }
  const python::GilEnter gil;
  const auto returned = python::PyRef::Steal(PyObject_CallMethod(
      callable_.get(), "end_stream", "LO", static_cast<long long>(stream_id),
      failed ? Py_True : Py_False));
  return returned ? arrow::Status::OK()
                  : python::TakeExceptionStatus(UdfErrorCode::kExecution,
                                                definition_->definition().name);
}

/// Whether python::CallRows makes the arguments Python values: it takes constants as they
/// are, and whatever else calls a function takes columns.
bool EmbeddedFunction::TakesConstants() const {
  return definition_->definition().mode == UdfMode::kRow && !gathered_rows_;
}

arrow::Result<EmbeddedFunction::Column> EmbeddedFunction::CallUnderGil(
    const Batch& batch, CancelToken& cancel) const {
  const python::GilEnter gil;
  if (gathered_rows_ && definition_->definition().mode == UdfMode::kRow) {
    // Its Python code runs in another thread, where Cancellable would not interrupt it.
    return gathered_rows_.Call(definition_->definition(), batch.columns, batch.num_rows,
                               &cancel);
  }
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
  if (batch.stream_id != 0 && call_stream_) {
    return CallStream(batch.stream_id, arrays, cancel);
  }
  ARROW_ASSIGN_OR_RAISE(auto returned, CallArrowMode(arrays, cancel));
  return std::move(returned.column);
}

arrow::Result<EmbeddedFunction::Column> EmbeddedFunction::CheckRows(const Batch& batch,
                                                                    Column column) const {
  const UdfDefinition& definition = definition_->definition();
  arrow::ArrayVector with_stand_ins;
  if (HasConstants(batch)) {
    ARROW_ASSIGN_OR_RAISE(with_stand_ins, ColumnsForNulls(batch));
  }
  auto checked =
      CheckColumn(definition, std::move(column),
                  HasConstants(batch) ? with_stand_ins : batch.columns, batch.num_rows);
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
  if (!HasConstants(batch)) {
    ARROW_ASSIGN_OR_RAISE(auto column, CallUnderGil(batch, cancel));
    return CheckRows(batch, std::move(column));
  }
  ARROW_ASSIGN_OR_RAISE(const Batch ready, ExpandConstants(batch, TakesConstants()));
  ARROW_ASSIGN_OR_RAISE(auto column, CallUnderGil(ready, cancel));
  return CheckRows(ready, std::move(column));
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
