#include <utility>

#include <arrow/c/abi.h>
#include <arrow/c/bridge.h>

#include "springald/abi/boundary.h"
#include "springald/abi/handles.h"
#include "springald/abi/sized_struct.h"
#include "springald/base/udf_error.h"
#include "springald/runtime/runtime.h"

namespace springald::abi {

namespace {

/// Runs `body` with the token of `cancel`, held meanwhile, so that the caller may release
/// its handle; with one that is never fired where `cancel` is null.
template <typename Body>
auto WithToken(const springald_cancel_token* cancel, Body&& body) {
  CancelToken never;
  const auto token = cancel == nullptr ? nullptr : cancel->token;
  return body(token == nullptr ? never : *token);
}

/// Moves all arrays in, also those after one that cannot be imported.
arrow::Status ImportBatch(const Function& function, ArrowArray* arguments,
                          std::size_t num_arguments, Batch* batch) {
  const auto& schema = *function.definition().definition().arguments;
  arrow::Status status;
  for (std::size_t i = 0; i < num_arguments; ++i) {
    if (i >= static_cast<std::size_t>(schema.num_fields()) || !status.ok()) {
      if (arguments[i].release != nullptr) {
        arguments[i].release(&arguments[i]);
      }
      continue;
    }
    auto column =
        arrow::ImportArray(&arguments[i], schema.field(static_cast<int>(i))->type());
    if (column.ok()) {
      batch->columns.push_back(column.MoveValueUnsafe());
    }
    status = column.status();
  }
  if (status.ok() && num_arguments > batch->columns.size()) {
    return MakeUdfError(
        UdfErrorCode::kInternal,
        "the batch has the wrong number of columns: " + std::to_string(num_arguments) +
            ", expected " + std::to_string(batch->columns.size()));
  }
  return status;
}

arrow::Status Invoke(const Function& function, const springald_batch& given,
                     CancelToken& cancel, ArrowArray* out) {
  Batch batch;
  batch.num_rows = given.num_rows;
  batch.stream_id = given.stream_id;
  ARROW_RETURN_NOT_OK(
      ImportBatch(function, given.arguments, given.num_arguments, &batch));
  for (std::size_t i = 0; given.is_constant != nullptr && i < given.num_arguments; ++i) {
    batch.is_constant.push_back(given.is_constant[i] != 0);
  }
  ARROW_ASSIGN_OR_RAISE(auto column, function.Invoke(batch, cancel));
  return arrow::ExportArray(*column, out);
}

int32_t InvokeAtBoundary(const springald_function* function, const springald_batch& batch,
                         ArrowArray* out, springald_error* error) {
  return AtBoundary(error, [&] {
    return WithToken(batch.cancel, [&](CancelToken& token) {
      return Invoke(*function->function, batch, token, out);
    });
  });
}

}  // namespace

}  // namespace springald::abi

using springald::abi::AtBoundary;

int32_t springald_function_invoke(const springald_function* function,
                                  ArrowArray* arguments, size_t num_arguments,
                                  int64_t num_rows, springald_cancel_token* cancel,
                                  ArrowArray* out, springald_error* error) {
  const springald_batch batch{sizeof(batch), arguments, num_arguments, nullptr,
                              num_rows,      0,         cancel};
  return springald::abi::InvokeAtBoundary(function, batch, out, error);
}

int32_t springald_function_invoke_batch(const springald_function* function,
                                        const springald_batch* batch, ArrowArray* out,
                                        springald_error* error) {
  springald_batch known{};
  const int32_t code = AtBoundary(error, [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(known,
                          springald::abi::ReadStruct(*batch, "struct springald_batch",
                                                     springald::UdfErrorCode::kInternal));
    return arrow::Status::OK();
  });
  return code != SPRINGALD_OK
             ? code
             : springald::abi::InvokeAtBoundary(function, known, out, error);
}

int32_t springald_function_end_stream(const springald_function* function,
                                      int64_t stream_id, int32_t failed,
                                      springald_error* error) {
  return AtBoundary(
      error, [&] { return function->function->EndStream(stream_id, failed != 0); });
}

int32_t springald_function_call(const springald_function* function,
                                _object* const* arguments, size_t num_arguments,
                                springald_cancel_token* cancel, _object** out,
                                springald_error* error) {
  return AtBoundary(error, [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(
        auto array, springald::abi::WithToken(cancel, [&](springald::CancelToken& token) {
          return function->function->Call({arguments, num_arguments}, token);
        }));
    *out = array.release();
    return arrow::Status::OK();
  });
}

void springald_function_describe(const springald_function* function,
                                 springald_function_description* out) {
  const auto description = function->function->Describe();
  springald::abi::WriteStruct(
      springald_function_description{out->struct_size, description.not_inlined_reason,
                                     description.not_distinct_reason,
                                     description.num_inlined_rows,
                                     description.num_repeated_rows},
      out);
}

void springald_function_metrics(const springald_function* function,
                                springald_metrics* out) {
  const auto metrics = function->function->metrics();
  springald::abi::WriteStruct(
      springald_metrics{out->struct_size, metrics.num_loads, metrics.num_calls,
                        metrics.num_rows, metrics.python_ns, metrics.num_errors},
      out);
}

size_t springald_function_output(const springald_function* function, char* buffer,
                                 size_t capacity) {
  size_t size = 0;
  AtBoundary(nullptr, [&] {
    const std::string text = function->function->Output();
    size = text.size();
    if (capacity > 0) {
      const size_t first = size > capacity ? size - capacity : 0;
      text.copy(buffer, capacity, first);
    }
    return arrow::Status::OK();
  });
  return size;
}

void springald_function_release(springald_function* function) { delete function; }

int32_t springald_cancel_token_create(springald_cancel_token** out,
                                      springald_error* error) {
  return AtBoundary(error, [&] {
    *out = new springald_cancel_token{std::make_shared<springald::CancelToken>()};
    return arrow::Status::OK();
  });
}

int32_t springald_cancel_token_fire(springald_cancel_token* token) {
  int32_t num_calls = 0;
  AtBoundary(nullptr, [&] {
    num_calls = token->token->Cancel();
    return arrow::Status::OK();
  });
  return num_calls;
}

void springald_cancel_token_release(springald_cancel_token* token) { delete token; }
