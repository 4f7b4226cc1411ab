#include "springald/python/batch_form.h"

namespace springald::python {

namespace {

struct RowIteratorObject {
  PyObject_HEAD PyObject* const* values;
  std::size_t num_arguments;
  std::size_t stride;
  int64_t num_rows;
  int64_t next_row;
  PyObject* tuple;  // of the row before, made over where nobody else has it
};

PyObject* NextTuple(RowIteratorObject* self, std::size_t row) {
  const auto size = static_cast<Py_ssize_t>(self->num_arguments);
  PyObject* tuple = self->tuple;
  if (tuple != nullptr && Py_REFCNT(tuple) == 1) {
    Py_INCREF(tuple);
    for (Py_ssize_t i = 0; i < size; ++i) {
      PyObject* old = PyTuple_GET_ITEM(tuple, i);
      PyObject* value = self->values[static_cast<std::size_t>(i) * self->stride + row];
      Py_INCREF(value);
      PyTuple_SET_ITEM(tuple, i, value);
      Py_DECREF(old);
    }
    return tuple;
  }
  tuple = PyTuple_New(size);
  if (tuple == nullptr) {
    return nullptr;
  }
  for (Py_ssize_t i = 0; i < size; ++i) {
    PyObject* value = self->values[static_cast<std::size_t>(i) * self->stride + row];
    Py_INCREF(value);
    PyTuple_SET_ITEM(tuple, i, value);
  }
  // All its values are without references, so it can be in no cycle.
  PyObject_GC_UnTrack(tuple);
  Py_XDECREF(self->tuple);
  Py_INCREF(tuple);
  self->tuple = tuple;
  return tuple;
}

PyObject* Next(PyObject* object) {
  auto* self = reinterpret_cast<RowIteratorObject*>(object);
  if (self->next_row >= self->num_rows) {
    return nullptr;
  }
  const auto row = static_cast<std::size_t>(self->next_row++);
  if (self->num_arguments != 1) {
    return NextTuple(self, row);
  }
  PyObject* value = self->values[row];
  Py_INCREF(value);
  return value;
}

void Deallocate(PyObject* object) {
  auto* self = reinterpret_cast<RowIteratorObject*>(object);
  PyTypeObject* type = Py_TYPE(object);
  Py_XDECREF(self->tuple);
  type->tp_free(object);
  Py_DECREF(type);
}

PyObject* NewType() {
  PyType_Slot slots[] = {
      {Py_tp_iter, reinterpret_cast<void*>(PyObject_SelfIter)},
      {Py_tp_iternext, reinterpret_cast<void*>(Next)},
      {Py_tp_dealloc, reinterpret_cast<void*>(Deallocate)},
      {0, nullptr},
  };
  PyType_Spec spec = {"springald.RowIterator", sizeof(RowIteratorObject), 0,
                      Py_TPFLAGS_DEFAULT | Py_TPFLAGS_DISALLOW_INSTANTIATION, slots};
  return PyType_FromSpec(&spec);
}

}  // namespace

BatchForm BatchForm::Of(PyObject* callable, std::size_t num_arguments) {
  BatchForm form;
  if (!PyFunction_Check(callable)) {
    return form;
  }
  const PyRef module = PyRef::Steal(PyImport_ImportModule("springald.inlining"));
  if (module) {
    form.function_ =
        PyRef::Steal(PyObject_CallMethod(module.get(), "batch_form", "On", callable,
                                         static_cast<Py_ssize_t>(num_arguments)));
    form.is_observed_ = PyRef::Steal(PyObject_GetAttrString(module.get(), "is_observed"));
    form.code_ = PyRef::Borrow(PyFunction_GetCode(callable));
  }
  // Without the form, the function is called row by row: nothing is lost.
  PyErr_Clear();
  if (form.function_.get() == Py_None) {
    form.function_.Reset();
  }
  if (form.function_) {
    form.iterator_type_ = PyRef::Steal(NewType());
    PyErr_Clear();
  }
  return form;
}

bool BatchForm::IsUsable(PyObject* callable) const {
  if (!function_ || !is_observed_ || !iterator_type_ ||
      PyFunction_GetCode(callable) != code_.get()) {
    return false;
  }
  const PyRef observed = PyRef::Steal(PyObject_CallNoArgs(is_observed_.get()));
  PyErr_Clear();
  return observed.get() == Py_False;
}

PyRef BatchForm::Run(PyObject* iterator) const {
  return PyRef::Steal(PyObject_CallOneArg(function_.get(), iterator));
}

PyRef BatchForm::NewIterator() const {
  auto* type = reinterpret_cast<PyTypeObject*>(iterator_type_.get());
  return PyRef::Steal(type->tp_alloc(type, 0));
}

void SetRows(PyObject* iterator, PyObject* const* values, std::size_t num_arguments,
             std::size_t stride, int64_t num_rows) {
  auto* self = reinterpret_cast<RowIteratorObject*>(iterator);
  self->values = values;
  self->num_arguments = num_arguments;
  self->stride = stride;
  self->num_rows = num_rows;
  self->next_row = 0;
}

}  // namespace springald::python
