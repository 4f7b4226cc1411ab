#pragma once

#include <string>

#include "springald/base/udf_error.h"
#include "springald/python/py_ref.h"

namespace springald::python {

/// Takes the exception that is set and describes it. Clears it.
///
/// The code is kInterrupted for KeyboardInterrupt and `code` for all others. The
/// traceback holds the frames below the call that raised, without those of this package
/// that come first. An error that is only of this package tells its own code.
/// REQUIRES: the GIL. Never fails: what cannot be found out stays empty.
UdfErrorInfo TakeException(UdfErrorCode code);

/// As TakeException, as a status, with `udf_name` filled in.
arrow::Status TakeExceptionStatus(UdfErrorCode code, const std::string& udf_name);

/// Returns `repr(object)`, cut to `max_bytes` at a character, or a placeholder where
/// `repr` itself raises. REQUIRES: the GIL; keeps no exception set.
std::string BoundedRepr(PyObject* object, std::size_t max_bytes);

/// Returns the name of the object's class as a traceback prints it: with its module
/// unless that is `builtins` or `__main__`. REQUIRES: the GIL.
std::string ClassName(PyObject* object);

/// Returns the UTF-8 text of a str, with lone surrogates escaped, or "" for null.
/// REQUIRES: the GIL; keeps no exception set.
std::string TextOf(PyObject* str);

/// Cuts `text` to `max_bytes` at a character and marks the cut with "...".
std::string CutText(std::string text, std::size_t max_bytes);

}  // namespace springald::python
