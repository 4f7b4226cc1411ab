#pragma once

// Every file that uses Python includes it through this header, so that
// PY_SSIZE_T_CLEAN and the order of includes are the same everywhere.
#define PY_SSIZE_T_CLEAN
#include <Python.h>

namespace springald::python {

/// Says whether Python code can run: the interpreter is up and not going down.
/// Any thread may call.
bool IsPythonRunning();

/// Holds the GIL while it lives. May be entered from any thread, with or without
/// the GIL held. REQUIRES: IsPythonRunning().
class GilEnter {
 public:
  GilEnter() : state_(PyGILState_Ensure()) {}
  /// Gives the GIL back, unless Python went down meanwhile and took it away.
  ~GilEnter() {
    if (IsPythonRunning()) {
      PyGILState_Release(state_);
    }
  }
  GilEnter(const GilEnter&) = delete;
  GilEnter& operator=(const GilEnter&) = delete;

 private:
  const PyGILState_STATE state_;
};

/// Lets go of the GIL while it lives, if this thread holds it: to be used around
/// every wait. Any thread may use it.
class GilRelease {
 public:
  GilRelease();
  ~GilRelease();
  GilRelease(const GilRelease&) = delete;
  GilRelease& operator=(const GilRelease&) = delete;

 private:
  PyThreadState* state_ = nullptr;
};

}  // namespace springald::python
