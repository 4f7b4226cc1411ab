#pragma once

#include <optional>

#include "springald/base/udf_error.h"
#include "springald/python/py_ref.h"

namespace springald::python {

// Where a function takes something else than the runtime has, what the runtime calls is a
// form of it, in Python, of the package `springald`. What it raises passes through here.

/// Takes the frames of the package that come first off the exception's traceback, so that
/// the first is the function's own. Says whether any is left.
/// REQUIRES: the GIL; keeps no exception set.
bool LeaveOutOwnFrames(PyObject* exception);

/// Returns what an error says that a form itself raised about the arguments or the result
/// of its function, or nothing for an exception of the function's.
/// REQUIRES: the GIL, and that LeaveOutOwnFrames() left none; keeps no exception set.
std::optional<UdfErrorInfo> ErrorOfForm(PyObject* exception);

}  // namespace springald::python
