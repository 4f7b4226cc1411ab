#include "springald/python/own_frames.h"

#include <string>

#include "springald/python/python_error.h"

namespace springald::python {

namespace {

constexpr char kPackagePrefix[] = "springald.";

PyRef Attribute(PyObject* object, const char* name) {
  auto value = PyRef::Steal(PyObject_GetAttrString(object, name));
  PyErr_Clear();
  return value;
}

bool IsOwnFrame(PyObject* traceback) {
  const PyRef frame = Attribute(traceback, "tb_frame");
  const PyRef globals = frame ? Attribute(frame.get(), "f_globals") : PyRef();
  if (!globals || !PyDict_Check(globals.get())) {
    return false;
  }
  PyObject* const module = PyDict_GetItemString(globals.get(), "__name__");
  return module != nullptr && PyUnicode_Check(module) &&
         TextOf(module).starts_with(kPackagePrefix);
}

}  // namespace

bool LeaveOutOwnFrames(PyObject* exception) {
  PyRef traceback = PyRef::Steal(PyException_GetTraceback(exception));
  bool is_changed = false;
  while (traceback && traceback.get() != Py_None && IsOwnFrame(traceback.get())) {
    traceback = Attribute(traceback.get(), "tb_next");
    is_changed = true;
  }
  const bool is_left = traceback && traceback.get() != Py_None;
  if (is_changed) {
    PyException_SetTraceback(exception, is_left ? traceback.get() : Py_None);
  }
  return is_left;
}

std::optional<UdfErrorInfo> ErrorOfForm(PyObject* exception) {
  const std::string name = ClassName(exception);
  UdfErrorInfo info;
  if (name == "springald.errors.UdfResultError") {
    info.code = UdfErrorCode::kResult;
  } else if (name == "springald.errors.UdfExecutionError") {
    info.code = UdfErrorCode::kExecution;
  } else {
    return std::nullopt;
  }
  const PyRef message = Attribute(exception, "exception_message");
  if (!message || !PyUnicode_Check(message.get())) {
    return std::nullopt;
  }
  info.message = TextOf(message.get());
  return info;
}

}  // namespace springald::python
