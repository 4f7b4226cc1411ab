#include "springald/python/python_error.h"

#include <utility>

#include "springald/python/own_frames.h"

namespace springald::python {

namespace {

constexpr std::size_t kMaxMessageBytes = 16 << 10;
constexpr std::size_t kMaxTracebackBytes = 64 << 10;

PyRef FetchException() {
#if PY_VERSION_HEX >= 0x030C0000
  return PyRef::Steal(PyErr_GetRaisedException());
#else
  PyObject* type = nullptr;
  PyObject* value = nullptr;
  PyObject* traceback = nullptr;
  PyErr_Fetch(&type, &value, &traceback);
  PyErr_NormalizeException(&type, &value, &traceback);
  if (traceback != nullptr && value != nullptr) {
    PyException_SetTraceback(value, traceback);
  }
  Py_XDECREF(type);
  Py_XDECREF(traceback);
  return PyRef::Steal(value);
#endif
}

std::string StrOf(PyObject* object) {
  auto str = PyRef::Steal(PyObject_Str(object));
  if (!str) {
    PyErr_Clear();
    return "<str() of the exception raised " + ClassName(object) + ">";
  }
  return TextOf(str.get());
}

std::string FormatTraceback(PyObject* exception) {
  auto module = PyRef::Steal(PyImport_ImportModule("traceback"));
  PyRef lines;
  if (module) {
    lines = PyRef::Steal(
        PyObject_CallMethod(module.get(), "format_exception", "O", exception));
  }
  PyRef empty = PyRef::Steal(PyUnicode_FromString(""));
  PyRef text;
  if (lines && empty) {
    text = PyRef::Steal(PyUnicode_Join(empty.get(), lines.get()));
  }
  PyErr_Clear();
  std::string result = TextOf(text.get());
  if (result.size() <= kMaxTracebackBytes) {
    return result;
  }
  // A deep recursion: the first frames and the last ones tell the story.
  const std::string head =
      CutText(result.substr(0, kMaxTracebackBytes / 2), kMaxTracebackBytes / 2);
  const std::size_t tail = result.find('\n', result.size() - kMaxTracebackBytes / 2);
  return head + "\n  ... cut ...\n" + result.substr(tail + 1);
}

}  // namespace

std::string CutText(std::string text, std::size_t max_bytes) {
  if (text.size() <= max_bytes) {
    return text;
  }
  while (max_bytes > 0 && (static_cast<unsigned char>(text[max_bytes]) & 0xC0) == 0x80) {
    --max_bytes;
  }
  text.resize(max_bytes);
  return text + "...";
}

std::string TextOf(PyObject* str) {
  if (str == nullptr) {
    return "";
  }
  auto bytes = PyRef::Steal(PyUnicode_AsEncodedString(str, "utf-8", "backslashreplace"));
  if (!bytes) {
    PyErr_Clear();
    return "";
  }
  return std::string(PyBytes_AS_STRING(bytes.get()),
                     static_cast<std::size_t>(PyBytes_GET_SIZE(bytes.get())));
}

std::string ClassName(PyObject* object) {
  PyObject* type = reinterpret_cast<PyObject*>(Py_TYPE(object));
  auto name = PyRef::Steal(PyObject_GetAttrString(type, "__qualname__"));
  auto module = PyRef::Steal(PyObject_GetAttrString(type, "__module__"));
  PyErr_Clear();
  const std::string module_name =
      module && PyUnicode_Check(module.get()) ? TextOf(module.get()) : "";
  if (module_name.empty() || module_name == "builtins" || module_name == "__main__") {
    return TextOf(name.get());
  }
  return module_name + "." + TextOf(name.get());
}

std::string BoundedRepr(PyObject* object, std::size_t max_bytes) {
  auto repr = PyRef::Steal(PyObject_Repr(object));
  if (!repr) {
    PyErr_Clear();
    return "<" + ClassName(object) + " whose repr raised>";
  }
  return CutText(TextOf(repr.get()), max_bytes);
}

UdfErrorInfo TakeException(UdfErrorCode code) {
  PyRef exception = FetchException();
  UdfErrorInfo info;
  info.code = code;
  if (!exception) {
    info.code = UdfErrorCode::kInternal;
    info.message = "the function failed without setting an exception";
    return info;
  }
  if (!LeaveOutOwnFrames(exception.get())) {
    if (auto of_form = ErrorOfForm(exception.get()); of_form.has_value()) {
      return *std::move(of_form);
    }
  }
  if (PyErr_GivenExceptionMatches(exception.get(), PyExc_KeyboardInterrupt)) {
    info.code = UdfErrorCode::kInterrupted;
  }
  info.exception_type = ClassName(exception.get());
  info.message = CutText(StrOf(exception.get()), kMaxMessageBytes);
  info.traceback = FormatTraceback(exception.get());
  info.exception = std::shared_ptr<void>(exception.release(), [](void* object) {
    PyRef::Steal(static_cast<PyObject*>(object));
  });
  return info;
}

arrow::Status TakeExceptionStatus(UdfErrorCode code, const std::string& udf_name) {
  UdfErrorInfo info = TakeException(code);
  info.udf_name = udf_name;
  return MakeUdfError(std::move(info));
}

}  // namespace springald::python
