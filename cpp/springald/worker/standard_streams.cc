#include "springald/worker/standard_streams.h"

#include "springald/python/py_ref.h"

namespace springald::worker {

void FlushStandardStreams() {
  for (const char* name : {"stdout", "stderr"}) {
    PyObject* const stream = PySys_GetObject(name);  // borrowed
    if (stream != nullptr && stream != Py_None) {
      const auto held = python::PyRef::Borrow(stream);
      const auto method = python::PyRef::Steal(PyUnicode_InternFromString("flush"));
      const auto flushed = python::PyRef::Steal(
          method ? PyObject_CallMethodNoArgs(held.get(), method.get()) : nullptr);
    }
    PyErr_Clear();
  }
}

}  // namespace springald::worker
