#include "error_binding.h"

namespace nb = nanobind;

namespace springald::bindings {

namespace {

nb::object Text(const char* text) {
  // A message may quote bytes that are no UTF-8.
  const std::string_view view = text == nullptr ? "" : text;
  return nb::steal(PyUnicode_DecodeUTF8(view.data(), static_cast<Py_ssize_t>(view.size()),
                                        "backslashreplace"));
}

}  // namespace

void Raise(const springald_error& error, nb::handle make_error) {
  nb::dict info;
  info["code"] = error.code;
  info["udf_name"] = Text(error.udf_name);
  info["exception_type"] = Text(error.exception_type);
  info["message"] = Text(error.message);
  info["traceback"] = Text(error.traceback);
  info["row"] = error.row < 0 ? nb::none() : nb::object(nb::int_(error.row));
  info["arguments"] = Text(error.arguments);
  info["retryable"] = error.retryable != 0;
  const nb::object original =
      error.exception == nullptr ? nb::none() : nb::borrow(nb::handle(error.exception));
  const nb::object exception = make_error(info, original);
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
  throw nb::python_error();
}

void Raise(const springald_error& error) {
  Raise(error, nb::module_::import_("springald.errors").attr("make_error"));
}

}  // namespace springald::bindings
