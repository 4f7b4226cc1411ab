#include "springald/python/unpickle.h"

#include <algorithm>
#include <string>
#include <utility>

#include "springald/base/udf_error.h"
#include "springald/python/python_error.h"

namespace springald::python {

namespace {

// One empty line is stored for each line before the source. No file is this long, and
// the number may come from anywhere.
constexpr int32_t kMaxFirstLine = 1000000;

std::string MinorVersion(const std::string& version) {
  return version.substr(0, version.find('.', version.find('.') + 1));
}

arrow::Status CheckInterpreter(const UdfDefinition& definition) {
  PyObject* implementation = PySys_GetObject("implementation");  // borrowed
  const PyRef name = PyRef::Steal(implementation == nullptr
                                      ? nullptr
                                      : PyObject_GetAttrString(implementation, "name"));
  PyErr_Clear();
  const std::string ours = TextOf(name.get()) + " " + std::to_string(PY_MAJOR_VERSION) +
                           "." + std::to_string(PY_MINOR_VERSION);
  const std::string theirs = definition.environment.implementation + " " +
                             MinorVersion(definition.environment.version);
  if (ours == theirs) {
    return arrow::Status::OK();
  }
  return MakeUdfError(UdfErrorCode::kVersionMismatch,
                      "the function was pickled by " + theirs + " and cannot be run by " +
                          ours + "; define it with the same minor version of Python");
}

/// Lets tracebacks show the function's lines where its file is not here.
void RegisterSource(const SourceText& source) {
  if (source.first_line > kMaxFirstLine) {
    return;
  }
  const int32_t num_lines_before = std::max(source.first_line, 1) - 1;
  const PyRef path = PyRef::Steal(PyImport_ImportModule("os.path"));
  const PyRef exists = PyRef::Steal(
      path ? PyObject_CallMethod(path.get(), "exists", "s", source.file_name.c_str())
           : nullptr);
  const PyRef linecache = PyRef::Steal(PyImport_ImportModule("linecache"));
  const PyRef cache = PyRef::Steal(
      linecache ? PyObject_GetAttrString(linecache.get(), "cache") : nullptr);
  if (exists && exists.get() == Py_False && cache) {
    const std::string text =
        std::string(static_cast<std::size_t>(num_lines_before), '\n') + source.text;
    const PyRef str = PyRef::Steal(PyUnicode_DecodeUTF8(
        text.data(), static_cast<Py_ssize_t>(text.size()), "replace"));
    const PyRef lines = PyRef::Steal(str ? PyUnicode_Splitlines(str.get(), 1) : nullptr);
    const PyRef entry =
        PyRef::Steal(lines ? Py_BuildValue("(nOOs)", static_cast<Py_ssize_t>(text.size()),
                                           Py_None, lines.get(), source.file_name.c_str())
                           : nullptr);
    if (entry) {
      PyDict_SetItemString(cache.get(), source.file_name.c_str(), entry.get());
    }
  }
  // A traceback without source lines is still a traceback.
  PyErr_Clear();
}

arrow::Status UnpickleError(const UdfDefinition& definition) {
  const bool is_import_error = PyErr_ExceptionMatches(PyExc_ImportError) != 0;
  UdfErrorInfo info = TakeException(is_import_error ? UdfErrorCode::kDependency
                                                    : UdfErrorCode::kInvalidDefinition);
  info.udf_name = definition.name;
  info.message = "the function cannot be unpickled: " + info.exception_type + ": " +
                 info.message +
                 (is_import_error ? "; install the module where the function runs" : "");
  return MakeUdfError(std::move(info));
}

}  // namespace

arrow::Result<PyRef> Unpickle(const UdfDefinition& definition) {
  ARROW_RETURN_NOT_OK(CheckInterpreter(definition));
  const PyRef cloudpickle = PyRef::Steal(PyImport_ImportModule("cloudpickle"));
  PyRef callable;
  if (cloudpickle) {
    callable = PyRef::Steal(
        PyObject_CallMethod(cloudpickle.get(), "loads", "y#", definition.payload.data(),
                            static_cast<Py_ssize_t>(definition.payload.size())));
  }
  if (!callable) {
    return UnpickleError(definition);
  }
  if (PyCallable_Check(callable.get()) == 0) {
    return MakeUdfError(
        UdfErrorCode::kInvalidDefinition,
        "the payload is not a function but a " + ClassName(callable.get()));
  }
  if (definition.source.has_value()) {
    RegisterSource(*definition.source);
  }
  return callable;
}

}  // namespace springald::python
