#include "springald/python/result_collector.h"

#include <utility>

#include <arrow/array/concatenate.h>

#include "springald/base/udf_error.h"
#include "springald/python/pyarrow_bridge.h"
#include "springald/python/python_error.h"

namespace springald::python {

namespace {

constexpr std::size_t kMaxReprBytes = 200;

}  // namespace

arrow::Status ResultCollector::Append(PyObject* const* values, int64_t num_values) {
  int64_t done = 0;
  if (!kept_) {
    ARROW_ASSIGN_OR_RAISE(done, AppendExact(values, num_values));
    num_exact_ += done;
    if (done == num_values) {
      return arrow::Status::OK();
    }
    kept_ = PyRef::Steal(PyList_New(0));
  }
  for (; done < num_values; ++done) {
    PyObject* value = values[done] == nullptr ? Py_None : values[done];
    if (!kept_ || PyList_Append(kept_.get(), value) != 0) {
      return TakeExceptionStatus(UdfErrorCode::kResult, "");
    }
  }
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::Array>> ResultCollector::Finish() {
  ARROW_ASSIGN_OR_RAISE(auto exact, FinishExact());
  if (!kept_) {
    return exact;
  }
  ARROW_ASSIGN_OR_RAISE(auto rest, FinishKept());
  if (exact->length() == 0) {
    return rest;
  }
  return arrow::Concatenate({exact, rest});
}

arrow::Result<std::shared_ptr<arrow::Array>> ResultCollector::FinishKept() {
  auto rest = ArrayFromPython(kept_.get(), type_);
  if (!rest.ok()) {
    return RefusedValue();
  }
  return rest;
}

arrow::Status ResultCollector::RefusedValue() {
  UdfErrorInfo info = TakeException(UdfErrorCode::kResult);
  if (info.code == UdfErrorCode::kInterrupted) {
    return MakeUdfError(std::move(info));
  }
  // pyarrow does not say which value it refused: ask for one after the other.
  const Py_ssize_t num_kept = PyList_GET_SIZE(kept_.get());
  for (Py_ssize_t i = 0; i < num_kept; ++i) {
    PyObject* value = PyList_GET_ITEM(kept_.get(), i);
    const PyRef single = PyRef::Steal(PyList_New(1));
    if (!single) {
      break;
    }
    Py_INCREF(value);
    PyList_SET_ITEM(single.get(), 0, value);
    if (ArrayFromPython(single.get(), type_).ok()) {
      continue;
    }
    info = TakeException(UdfErrorCode::kResult);
    info.row = num_exact_ + i;
    info.message = "the function returned " + BoundedRepr(value, kMaxReprBytes) + " (" +
                   ClassName(value) + "), which is not a " + type_->ToString() + ": " +
                   info.message;
    break;
  }
  info.traceback.clear();
  PyErr_Clear();
  return MakeUdfError(std::move(info));
}

}  // namespace springald::python
