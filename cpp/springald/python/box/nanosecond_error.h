#pragma once

#include <cstdint>

#include "springald/python/gil.h"

namespace springald::python {

/// Sets a ValueError: `value`, in nanoseconds, is not one of `object`, which counts
/// microseconds. Returns null. Needs the GIL.
///
/// \param type  The name of the Arrow type without its unit.
inline PyObject* NotWholeMicros(const char* type, int64_t value, const char* object) {
  return PyErr_Format(PyExc_ValueError,
                      "%s[ns] value %lld is not whole microseconds, which is all that "
                      "%s can hold; cast the column to %s[us] in the query, or use "
                      "mode=\"arrow\"",
                      type, static_cast<long long>(value), object, type);
}

}  // namespace springald::python
