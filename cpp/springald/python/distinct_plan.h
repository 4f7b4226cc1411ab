#pragma once

#include <string>
#include <utility>

#include "springald/python/code_guard.h"
#include "springald/python/py_ref.h"

namespace springald::python {

/// Whether equal rows may share one call of a function: see
/// python/springald/distinct.py. Safe for use from many threads, under the GIL.
class DistinctPlan {
 public:
  /// Rows do not share calls, for this reason.
  explicit DistinctPlan(std::string reason) : reason_(std::move(reason)) {}

  /// Asks `springald.distinct` about `callable`. REQUIRES: the GIL; keeps no exception
  /// set.
  static DistinctPlan Of(PyObject* callable);

  /// Says whether rows may share calls now. REQUIRES: the GIL; keeps no exception set.
  bool IsUsable(PyObject* callable) const;

  /// Why they may not; empty where they may.
  const std::string& reason() const { return reason_; }

 private:
  std::string reason_;
  CodeGuard guard_;
};

}  // namespace springald::python
