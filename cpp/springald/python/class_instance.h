#pragma once

#include <string>

#include <arrow/result.h>

#include "springald/python/py_ref.h"

namespace springald::python {

/// The class that a function was made of, whose one instance is built at the first batch
/// in the process (a `springald.class_function.ClassFunction`), or no class. Safe for use
/// from many threads, under the GIL.
class ClassInstance {
 public:
  /// No class.
  ClassInstance() = default;

  /// The class in `callable` or in the forms of ours that it is. REQUIRES: the GIL; keeps
  /// no exception set.
  static ClassInstance Of(PyObject* callable);

  /// Returns what to call: the instance where `callable` is the class itself, so that no
  /// code of ours runs for a row; else `callable`, with the instance ready in it. Builds
  /// the instance where there is none yet; other threads wait for it.
  ///
  /// Fails with kExecution where building it raises. REQUIRES: the GIL.
  arrow::Result<PyRef> Ready(PyObject* callable, const std::string& udf_name) const;

 private:
  PyRef class_function_;
};

}  // namespace springald::python
