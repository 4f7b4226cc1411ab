#include "springald/python/pyarrow_bridge.h"

#include <utility>

#include <arrow/array/concatenate.h>
#include <arrow/chunked_array.h>
#include <arrow/python/pyarrow.h>

#include "springald/base/udf_error.h"
#include "springald/python/python_error.h"

namespace springald::python {

arrow::Status InitializePyArrow() {
  if (arrow::py::import_pyarrow() != 0) {
    return TakeExceptionStatus(UdfErrorCode::kDependency, "");
  }
  return arrow::Status::OK();
}

arrow::Result<PyRef> WrapArray(const std::shared_ptr<arrow::Array>& array) {
  PyRef wrapped = PyRef::Steal(arrow::py::wrap_array(array));
  if (!wrapped) {
    return TakeExceptionStatus(UdfErrorCode::kInternal, "");
  }
  return wrapped;
}

std::shared_ptr<arrow::Array> UnwrapArray(PyObject* object) {
  if (!arrow::py::is_array(object)) {
    return nullptr;
  }
  return arrow::py::unwrap_array(object).ValueOr(nullptr);
}

arrow::Result<std::shared_ptr<arrow::Array>> UnwrapChunkedArray(PyObject* object) {
  if (!arrow::py::is_chunked_array(object)) {
    return nullptr;
  }
  ARROW_ASSIGN_OR_RAISE(auto chunked, arrow::py::unwrap_chunked_array(object));
  if (chunked->num_chunks() == 1) {
    return chunked->chunk(0);
  }
  if (chunked->num_chunks() == 0) {
    return arrow::MakeEmptyArray(chunked->type());
  }
  return arrow::Concatenate(chunked->chunks());
}

arrow::Result<std::shared_ptr<arrow::Array>> ArrayFromPython(
    PyObject* object, const std::shared_ptr<arrow::DataType>& type) {
  const PyRef module = PyRef::Steal(PyImport_ImportModule("pyarrow"));
  const PyRef function =
      PyRef::Steal(module ? PyObject_GetAttrString(module.get(), "array") : nullptr);
  const PyRef arguments = PyRef::Steal(PyTuple_Pack(1, object));
  const PyRef keywords = PyRef::Steal(PyDict_New());
  if (!function || !arguments || !keywords) {
    return arrow::Status::UnknownError("pyarrow.array cannot be called");
  }
  if (type != nullptr) {
    const PyRef wrapped = PyRef::Steal(arrow::py::wrap_data_type(type));
    if (!wrapped || PyDict_SetItemString(keywords.get(), "type", wrapped.get()) != 0) {
      return arrow::Status::UnknownError("the type cannot be given to pyarrow");
    }
  }
  const PyRef result =
      PyRef::Steal(PyObject_Call(function.get(), arguments.get(), keywords.get()));
  if (!result) {
    return arrow::Status::Invalid("pyarrow.array raised");
  }
  if (auto array = UnwrapArray(result.get()); array != nullptr) {
    return array;
  }
  return UnwrapChunkedArray(result.get());
}

arrow::Result<PyRef> TimeZoneObject(const std::string& name) {
  const PyRef module = PyRef::Steal(PyImport_ImportModule("pyarrow.lib"));
  PyRef zone;
  if (module) {
    zone = PyRef::Steal(
        PyObject_CallMethod(module.get(), "string_to_tzinfo", "s", name.c_str()));
  }
  if (!zone) {
    // pyarrow's own message does not name the zone.
    UdfErrorInfo info = TakeException(UdfErrorCode::kExecution);
    info.message = "the time zone '" + name + "' is not known to this Python (" +
                   info.exception_type + ": " + info.message +
                   "); where the name is right, install the tzdata package";
    info.traceback.clear();
    return MakeUdfError(std::move(info));
  }
  return zone;
}

}  // namespace springald::python
