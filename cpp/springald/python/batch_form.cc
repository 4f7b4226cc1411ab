#include "springald/python/batch_form.h"

#include <utility>

#include "springald/python/python_error.h"

namespace springald::python {

namespace {

struct RowIteratorObject {
  PyObject_HEAD PyObject* const* values;
  const std::size_t* used;
  std::size_t num_used;
  std::size_t stride;
  const bool* skipped;
  int64_t num_rows;
  int64_t next_row;
  PyObject* tuple;  // of the row before, made over where nobody else has it
};

PyObject* ValueAt(const RowIteratorObject& self, std::size_t i, std::size_t row) {
  return self.values[self.used[i] * self.stride + row];
}

PyObject* NextTuple(RowIteratorObject* self, std::size_t row) {
  const auto size = static_cast<Py_ssize_t>(self->num_used);
  PyObject* tuple = self->tuple;
  if (tuple != nullptr && Py_REFCNT(tuple) == 1) {
    Py_INCREF(tuple);
    for (Py_ssize_t i = 0; i < size; ++i) {
      PyObject* old = PyTuple_GET_ITEM(tuple, i);
      PyObject* value = ValueAt(*self, static_cast<std::size_t>(i), row);
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
    PyObject* value = ValueAt(*self, static_cast<std::size_t>(i), row);
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
  if (self->skipped != nullptr) {
    while (self->next_row < self->num_rows && self->skipped[self->next_row]) {
      ++self->next_row;
    }
  }
  if (self->next_row >= self->num_rows) {
    return nullptr;
  }
  const auto row = static_cast<std::size_t>(self->next_row++);
  if (self->num_used != 1) {
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
  BatchForm form{std::string()};
  const PyRef module = PyRef::Steal(PyImport_ImportModule("springald.inlining"));
  const PyRef made = PyRef::Steal(
      module ? PyObject_CallMethod(module.get(), "batch_form", "On", callable,
                                   static_cast<Py_ssize_t>(num_arguments))
             : nullptr);
  if (!made || !form.Take(made.get(), callable)) {
    // Without the form, the function is called row by row: nothing is lost.
    form.function_.Reset();
    form.reason_ =
        "springald.inlining fails: " +
        (PyErr_Occurred() != nullptr ? TakeException(UdfErrorCode::kInternal).message
                                     : "");
  }
  return form;
}

/// Takes over a `springald.inlining.BatchForm`; false where it is none.
bool BatchForm::Take(PyObject* form, PyObject* callable) {
  const PyRef reason = PyRef::Steal(PyObject_GetAttrString(form, "reason"));
  const PyRef used = PyRef::Steal(PyObject_GetAttrString(form, "used"));
  PyRef names = PyRef::Steal(PyObject_GetAttrString(form, "names"));
  function_ = PyRef::Steal(PyObject_GetAttrString(form, "function"));
  if (!reason || !used || !names || !function_ || !PyTuple_Check(used.get()) ||
      !PyList_Check(names.get())) {
    return false;
  }
  if (function_.get() == Py_None) {
    function_.Reset();
    reason_ = TextOf(reason.get());
    return true;
  }
  for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(used.get()); ++i) {
    used_.push_back(PyLong_AsSize_t(PyTuple_GET_ITEM(used.get(), i)));
  }
  guard_ = CodeGuard(callable, std::move(names));
  iterator_type_ = PyRef::Steal(NewType());
  return static_cast<bool>(iterator_type_);
}

bool BatchForm::IsUsable(PyObject* callable) const {
  return function_ && guard_.Holds(callable);
}

PyRef BatchForm::Run(PyObject* iterator) const {
  return PyRef::Steal(PyObject_CallOneArg(function_.get(), iterator));
}

PyRef BatchForm::NewIterator() const {
  auto* type = reinterpret_cast<PyTypeObject*>(iterator_type_.get());
  return PyRef::Steal(type->tp_alloc(type, 0));
}

void SetRows(PyObject* iterator, PyObject* const* values,
             const std::vector<std::size_t>& used, std::size_t stride, int64_t num_rows,
             const bool* skipped) {
  auto* self = reinterpret_cast<RowIteratorObject*>(iterator);
  self->values = used.size() == 1 ? values + used[0] * stride : values;
  self->used = used.data();
  self->num_used = used.size();
  self->stride = stride;
  self->skipped = skipped;
  self->num_rows = num_rows;
  self->next_row = 0;
}

}  // namespace springald::python
