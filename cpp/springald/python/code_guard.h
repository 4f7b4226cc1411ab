#pragma once

#include "springald/python/py_ref.h"

namespace springald::python {

/// Watches over what was learned from a function's code: that the function still has this
/// code, that the names it reads from outside still mean the same objects, and that
/// nobody (a debugger, a profiler, a coverage tool) observes calls.
///
/// Safe for use from many threads, under the GIL.
class CodeGuard {
 public:
  CodeGuard() = default;

  /// \param[in] names  A list as springald.captured_names makes it. REQUIRES: the GIL.
  CodeGuard(PyObject* callable, PyRef names);

  /// Says whether all that is still so. REQUIRES: the GIL; keeps no exception set.
  bool Holds(PyObject* callable) const;

 private:
  bool NamesMeanTheSame() const;

  PyRef code_;  // null for a callable that is no Python function
  PyRef names_;
  PyRef is_observed_;
};

}  // namespace springald::python
