#pragma once

#include <arrow/status.h>
#include <arrow/type.h>

#include "springald/python/gil.h"

namespace springald::python {

/// Says whether the type is a map or has one inside.
bool HasMap(const arrow::DataType& type);

/// Refuses values that have None in the place of an entry of a map, `[("a", 1), None]`:
/// pyarrow 26.0 ends the process where it meets one.
///
/// Fails with an exception set, a ValueError, and a status that says nothing of it; or
/// with the exception of a value that cannot be looked into.
/// REQUIRES: the GIL; `values` is a list or tuple; a type that MadeType returns.
arrow::Status CheckEntries(PyObject* values, const arrow::DataType& type);

}  // namespace springald::python
