#include "springald/python/code_guard.h"

#include <utility>

namespace springald::python {

namespace {

PyObject* CodeOf(PyObject* callable) {
  return PyFunction_Check(callable) ? PyFunction_GetCode(callable) : nullptr;
}

/// What `key` is in a module's names, or what is in a cell of a closure. Borrowed; null
/// where there is nothing.
PyObject* Lookup(PyObject* container, PyObject* key) {
  return PyCell_Check(container) ? PyCell_GET(container)
                                 : PyDict_GetItemWithError(container, key);
}

}  // namespace

CodeGuard::CodeGuard(PyObject* callable, PyRef names)
    : code_(PyRef::Borrow(CodeOf(callable))), names_(std::move(names)) {
  const PyRef module = PyRef::Steal(PyImport_ImportModule("springald.captured_names"));
  if (module) {
    is_observed_ = PyRef::Steal(PyObject_GetAttrString(module.get(), "is_observed"));
  }
  PyErr_Clear();
}

bool CodeGuard::Holds(PyObject* callable) const {
  if (!is_observed_ || CodeOf(callable) != code_.get() || !NamesMeanTheSame()) {
    return false;
  }
  const PyRef observed = PyRef::Steal(PyObject_CallNoArgs(is_observed_.get()));
  PyErr_Clear();
  return observed.get() == Py_False;
}

/// Each name is a tuple (container, key, object), or (container, key) where nothing must
/// be found: a built-in name that the module has not given another meaning.
bool CodeGuard::NamesMeanTheSame() const {
  const Py_ssize_t num_names = names_ ? PyList_GET_SIZE(names_.get()) : 0;
  for (Py_ssize_t i = 0; i < num_names; ++i) {
    PyObject* name = PyList_GET_ITEM(names_.get(), i);
    PyObject* expected =
        PyTuple_GET_SIZE(name) == 3 ? PyTuple_GET_ITEM(name, 2) : nullptr;
    if (Lookup(PyTuple_GET_ITEM(name, 0), PyTuple_GET_ITEM(name, 1)) != expected) {
      PyErr_Clear();
      return false;
    }
  }
  return true;
}

}  // namespace springald::python
