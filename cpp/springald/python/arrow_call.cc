#include "springald/python/arrow_call.h"

#include <utility>

#include "springald/base/udf_error.h"
#include "springald/python/collect/collected_type.h"
#include "springald/python/collect/kept_values.h"
#include "springald/python/pyarrow_bridge.h"
#include "springald/python/python_error.h"

namespace springald::python {

namespace {

constexpr std::size_t kMaxReprBytes = 200;

arrow::Result<std::shared_ptr<arrow::Array>> ConvertSequence(
    const UdfDefinition& definition, PyObject* sequence) {
  const auto& type = definition.result->type();
  if (!CollectorSupports(*type)) {
    return MakeUdfError(UdfErrorCode::kResult,
                        "the function returned a " + ClassName(sequence) +
                            ", of which pyarrow makes no array of " + type->ToString() +
                            "; return a pyarrow.Array");
  }
  auto array = MakePlainColumn(sequence, type);
  if (array.ok()) {
    return array;  // which result/ makes the promised type
  }
  UdfErrorInfo info;
  info.code = UdfErrorCode::kResult;
  info.message = array.status().message();
  if (PyErr_Occurred() != nullptr) {
    info = TakeException(UdfErrorCode::kResult);
  }
  info.message = "the function returned a " + ClassName(sequence) +
                 " that is not an array of " + type->ToString() + ": " + info.message;
  info.traceback.clear();
  return MakeUdfError(std::move(info));
}

arrow::Result<std::shared_ptr<arrow::Array>> ConvertToColumn(
    const UdfDefinition& definition, PyObject* returned) {
  ARROW_ASSIGN_OR_RAISE(auto chunked, UnwrapChunkedArray(returned));
  if (chunked != nullptr) {
    return chunked;
  }
  if (PyList_Check(returned) || PyTuple_Check(returned)) {
    return ConvertSequence(definition, returned);
  }
  if (PyObject_HasAttrString(returned, "__arrow_c_array__") != 0) {
    auto array = ArrayFromPython(returned, nullptr);
    return array.ok() ? std::move(array)
                      : TakeExceptionStatus(UdfErrorCode::kResult, definition.name);
  }
  return MakeUdfError(
      UdfErrorCode::kResult,
      "an arrow-mode function returns a pyarrow.Array, a ChunkedArray or a list with one "
      "value per row; this one returned " +
          BoundedRepr(returned, kMaxReprBytes) + " (" + ClassName(returned) +
          "). Wrap it with pyarrow.array(...), or hint the parameters with Python types "
          "to be called row by row");
}

}  // namespace

arrow::Result<ReturnedColumn> CallArrow(const UdfDefinition& definition,
                                        PyObject* callable,
                                        std::span<PyObject* const> arrays) {
  PyRef returned =
      PyRef::Steal(PyObject_Vectorcall(callable, arrays.data(), arrays.size(), nullptr));
  if (!returned) {
    return TakeExceptionStatus(UdfErrorCode::kExecution, definition.name);
  }
  if (auto column = UnwrapArray(returned.get()); column != nullptr) {
    return ReturnedColumn{std::move(column), std::move(returned)};
  }
  ARROW_ASSIGN_OR_RAISE(auto column, ConvertToColumn(definition, returned.get()));
  return ReturnedColumn{std::move(column), PyRef()};
}

}  // namespace springald::python
