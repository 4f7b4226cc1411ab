#include "springald/python/gil.h"

namespace springald::python {

bool IsPythonRunning() {
#if PY_VERSION_HEX >= 0x030D0000
  return Py_IsInitialized() != 0 && Py_IsFinalizing() == 0;
#else
  return Py_IsInitialized() != 0 && _Py_IsFinalizing() == 0;
#endif
}

GilRelease::GilRelease() {
  if (IsPythonRunning() && PyGILState_Check() == 1) {
    state_ = PyEval_SaveThread();
  }
}

GilRelease::~GilRelease() {
  if (state_ != nullptr) {
    PyEval_RestoreThread(state_);
  }
}

}  // namespace springald::python
