#include "springald/python/class_instance.h"

#include "springald/base/udf_error.h"
#include "springald/python/python_error.h"

namespace springald::python {

ClassInstance ClassInstance::Of(PyObject* callable) {
  ClassInstance found;
  const PyRef module = PyRef::Steal(PyImport_ImportModule("springald.class_function"));
  if (module) {
    found.class_function_ = PyRef::Steal(
        PyObject_CallMethod(module.get(), "class_function_in", "O", callable));
  }
  PyErr_Clear();
  if (found.class_function_.get() == Py_None) {
    found.class_function_.Reset();
  }
  return found;
}

arrow::Result<PyRef> ClassInstance::Ready(PyObject* callable,
                                          const std::string& udf_name) const {
  if (!class_function_) {
    return PyRef::Borrow(callable);
  }
  const PyRef made =
      PyRef::Steal(PyObject_CallMethod(class_function_.get(), "try_instance", nullptr));
  PyObject* instance = nullptr;
  PyObject* exception = nullptr;
  if (!made || PyArg_ParseTuple(made.get(), "OO", &instance, &exception) == 0) {
    return TakeExceptionStatus(UdfErrorCode::kInternal, udf_name);
  }
  if (exception != Py_None) {
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception)), exception);
    return TakeExceptionStatus(UdfErrorCode::kExecution, udf_name);
  }
  return PyRef::Borrow(class_function_.get() == callable ? instance : callable);
}

}  // namespace springald::python
