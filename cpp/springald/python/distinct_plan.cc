#include "springald/python/distinct_plan.h"

#include <utility>

#include "springald/python/python_error.h"

namespace springald::python {

DistinctPlan DistinctPlan::Of(PyObject* callable) {
  const PyRef module = PyRef::Steal(PyImport_ImportModule("springald.distinct"));
  const PyRef made = PyRef::Steal(
      module ? PyObject_CallMethod(module.get(), "distinct_plan", "O", callable)
             : nullptr);
  PyObject* reason = nullptr;
  PyObject* names = nullptr;
  if (!made || PyArg_ParseTuple(made.get(), "UO!", &reason, &PyList_Type, &names) == 0) {
    return DistinctPlan("springald.distinct fails: " +
                        TakeException(UdfErrorCode::kInternal).message);
  }
  DistinctPlan plan(TextOf(reason));
  if (plan.reason_.empty()) {
    plan.guard_ = CodeGuard(callable, PyRef::Borrow(names));
  }
  return plan;
}

bool DistinctPlan::IsUsable(PyObject* callable) const {
  return reason_.empty() && guard_.Holds(callable);
}

}  // namespace springald::python
