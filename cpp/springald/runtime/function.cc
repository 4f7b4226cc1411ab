#include "springald/runtime/function.h"

#include <chrono>
#include <utility>
#include <vector>

#include "springald/backend/constants.h"
#include "springald/base/udf_error.h"
#include "springald/encoding/convert_encoding.h"
#include "springald/encoding/same_values.h"
#include "springald/python/pyarrow_bridge.h"
#include "springald/python/python_error.h"

namespace springald {

Function::Function(std::shared_ptr<const EncodedDefinition> definition,
                   std::shared_ptr<const BackendFunction> backend_function,
                   std::shared_ptr<const Observer> observer)
    : definition_(std::move(definition)),
      hash_hex_(definition_->hash().ToHex()),
      backend_function_(std::move(backend_function)),
      observer_(std::move(observer)) {}

Function::Metrics Function::metrics() const {
  return {1, num_calls_.load(), num_rows_.load(), python_ns_.load(), num_errors_.load()};
}

arrow::Status Function::CheckBatch(const Batch& batch) const {
  const auto& arguments = *definition_->definition().arguments;
  if (batch.columns.size() != static_cast<std::size_t>(arguments.num_fields())) {
    return MakeUdfError(UdfErrorCode::kInternal,
                        "the batch has the wrong number of columns: " +
                            std::to_string(batch.columns.size()) + ", expected " +
                            std::to_string(arguments.num_fields()));
  }
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    const bool is_constant = IsConstant(batch, i);
    const int64_t expected = is_constant ? 1 : batch.num_rows;
    if (batch.columns[i]->length() != expected) {
      return MakeUdfError(UdfErrorCode::kInternal,
                          std::string("a ") + (is_constant ? "constant" : "column") +
                              " of the batch has the wrong length: " +
                              std::to_string(batch.columns[i]->length()) + ", expected " +
                              std::to_string(expected));
    }
  }
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::Array>> Function::RunChecked(
    const Batch& batch, CancelToken& cancel) const {
  ARROW_RETURN_NOT_OK(CheckBatch(batch));
  return backend_function_->Invoke(batch, cancel);
}

template <typename Body>
auto Function::Measured(const int64_t& num_rows, Body&& body) const -> decltype(body()) {
  const auto start = std::chrono::steady_clock::now();
  auto result = body();
  const auto elapsed = std::chrono::steady_clock::now() - start;
  Record(num_rows, std::chrono::nanoseconds(elapsed).count(), result.status());
  if (!result.ok()) {
    return WithUdfName(result.status(), definition_->definition().name);
  }
  return result;
}

arrow::Result<std::shared_ptr<arrow::Array>> Function::Invoke(const Batch& batch,
                                                              CancelToken& cancel) const {
  return Measured(batch.num_rows, [&] { return RunChecked(batch, cancel); });
}

arrow::Status Function::EndStream(int64_t stream_id, bool failed) const {
  const arrow::Status status = backend_function_->EndStream(stream_id, failed);
  return status.ok() ? status : WithUdfName(status, definition_->definition().name);
}

arrow::Result<Batch> Function::BatchOf(std::span<PyObject* const> arrays,
                                       bool* is_converted) const {
  const auto& arguments = *definition_->definition().arguments;
  if (arrays.empty()) {
    return MakeUdfError(UdfErrorCode::kInternal,
                        "a call with arrays cannot say the number of rows of a function "
                        "without arguments");
  }
  Batch batch;
  for (PyObject* array : arrays) {
    const std::size_t i = batch.columns.size();
    auto column = python::UnwrapArray(array);
    const auto type = i < static_cast<std::size_t>(arguments.num_fields())
                          ? arguments.field(static_cast<int>(i))->type()
                          : nullptr;
    if (column == nullptr || type == nullptr ||
        !(column->type()->Equals(*type) || HaveSameStorage(*column->type(), *type))) {
      return MakeUdfError(UdfErrorCode::kInternal,
                          "argument " + std::to_string(i) + " has the wrong type: " +
                              (column == nullptr ? python::ClassName(array)
                                                 : column->type()->ToString()) +
                              ", expected " +
                              (type == nullptr ? "no such argument" : type->ToString()));
    }
    if (!column->type()->Equals(*type)) {
      // Engines hand over extension arrays, or their storage where plans know no
      // extension types.
      ARROW_ASSIGN_OR_RAISE(column, ConvertEncoding(column, type));
      *is_converted = true;
    }
    batch.columns.push_back(std::move(column));
  }
  batch.num_rows = batch.columns[0]->length();
  return batch;
}

arrow::Result<python::PyRef> Function::CallChecked(std::span<PyObject* const> arrays,
                                                   int64_t* num_rows,
                                                   CancelToken& cancel) const {
  bool is_converted = false;
  ARROW_ASSIGN_OR_RAISE(const Batch batch, BatchOf(arrays, &is_converted));
  ARROW_RETURN_NOT_OK(CheckBatch(batch));
  *num_rows = batch.num_rows;
  if (!is_converted) {
    return backend_function_->Call(batch, arrays, cancel);
  }
  std::vector<python::PyRef> owned;
  std::vector<PyObject*> converted;
  for (const auto& column : batch.columns) {
    ARROW_ASSIGN_OR_RAISE(auto array, python::WrapArray(column));
    converted.push_back(array.get());
    owned.push_back(std::move(array));
  }
  return backend_function_->Call(batch, converted, cancel);
}

arrow::Result<python::PyRef> Function::Call(std::span<PyObject* const> arrays,
                                            CancelToken& cancel) const {
  int64_t num_rows = 0;
  return Measured(num_rows, [&] { return CallChecked(arrays, &num_rows, cancel); });
}

void Function::Record(int64_t num_rows, int64_t elapsed_ns,
                      const arrow::Status& status) const {
  num_calls_.fetch_add(1, std::memory_order_relaxed);
  num_rows_.fetch_add(num_rows, std::memory_order_relaxed);
  python_ns_.fetch_add(elapsed_ns, std::memory_order_relaxed);
  const std::string& name = definition_->definition().name;
  int32_t code = 0;
  if (!status.ok()) {
    num_errors_.fetch_add(1, std::memory_order_relaxed);
    const UdfErrorInfo info = GetUdfErrorInfo(status);
    code = static_cast<int32_t>(info.code);
    const bool is_stopped =
        info.code == UdfErrorCode::kCancelled || info.code == UdfErrorCode::kInterrupted;
    if (observer_->log) {
      observer_->log(is_stopped ? kLogDebug : kLogWarning,
                     "call failed: " +
                         (info.exception_type.empty() ? "" : info.exception_type + ": ") +
                         info.message,
                     name, hash_hex_);
    }
  }
  if (observer_->metric) {
    observer_->metric(name, hash_hex_, num_rows, elapsed_ns, code);
  }
}

}  // namespace springald
