#include "springald/worker/interrupt_handler.h"

#include <csignal>

#include "springald/python/python_error.h"

namespace springald::worker {

namespace {

constexpr char kCapsuleName[] = "springald.worker.InterruptHandler";

}  // namespace

PyObject* InterruptHandler::Handle(PyObject* self, PyObject*) {
  auto* const handler =
      static_cast<InterruptHandler*>(PyCapsule_GetPointer(self, kCapsuleName));
  if (handler == nullptr) {
    return nullptr;
  }
  if (handler->current_ == nullptr) {
    Py_RETURN_NONE;
  }
  handler->current_->SetCancelled();
  PyErr_SetNone(PyExc_KeyboardInterrupt);
  return nullptr;
}

arrow::Status InterruptHandler::Install() {
  static PyMethodDef method = {"springald_interrupt", &InterruptHandler::Handle,
                               METH_VARARGS, nullptr};
  const auto self = python::PyRef::Steal(PyCapsule_New(this, kCapsuleName, nullptr));
  const auto function =
      python::PyRef::Steal(self ? PyCFunction_New(&method, self.get()) : nullptr);
  const auto module = python::PyRef::Steal(PyImport_ImportModule("signal"));
  const auto previous = python::PyRef::Steal(
      function && module
          ? PyObject_CallMethod(module.get(), "signal", "iO", SIGINT, function.get())
          : nullptr);
  return previous ? arrow::Status::OK()
                  : python::TakeExceptionStatus(UdfErrorCode::kInternal, "");
}

}  // namespace springald::worker
