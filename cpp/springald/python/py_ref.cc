#include "springald/python/py_ref.h"

namespace springald::python {

void PyRef::Reset() noexcept {
  PyObject* object = std::exchange(object_, nullptr);
  if (object == nullptr || !IsPythonRunning()) {
    return;
  }
  const GilEnter gil;
  Py_DECREF(object);
}

}  // namespace springald::python
