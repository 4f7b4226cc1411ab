#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "springald/python/gil.h"

namespace springald::python {

/// Reads an object that is exactly an `int` and fits `CType`; false for any other,
/// `bool` included. Needs the GIL; keeps no exception set.
template <typename CType>
inline bool ReadExactInt(PyObject* object, CType* out) {
  if (!PyLong_CheckExact(object)) {
    return false;
  }
#if PY_VERSION_HEX >= 0x030C0000
  const auto* number = reinterpret_cast<const PyLongObject*>(object);
  const bool is_compact = PyUnstable_Long_IsCompact(number);
  const int64_t compact = is_compact ? PyUnstable_Long_CompactValue(number) : 0;
#else
  // One digit of 30 bits or none: most numbers that occur.
  const Py_ssize_t num_digits = Py_SIZE(object);
  const bool is_compact = num_digits >= -1 && num_digits <= 1;
  const int64_t compact =
      is_compact
          ? num_digits *
                static_cast<int64_t>(reinterpret_cast<PyLongObject*>(object)->ob_digit[0])
          : 0;
#endif
  if constexpr (std::is_same_v<CType, uint64_t>) {
    if (is_compact) {
      *out = static_cast<uint64_t>(compact);
      return compact >= 0;
    }
    *out = PyLong_AsUnsignedLongLong(object);
    if (*out == std::numeric_limits<uint64_t>::max() && PyErr_Occurred() != nullptr) {
      PyErr_Clear();
      return false;
    }
    return true;
  } else {
    int64_t value = compact;
    if (!is_compact) {
      int overflow = 0;
      value = PyLong_AsLongLongAndOverflow(object, &overflow);
      if (overflow != 0) {
        return false;
      }
    }
    *out = static_cast<CType>(value);
    return value >= static_cast<int64_t>(std::numeric_limits<CType>::min()) &&
           value <= static_cast<int64_t>(std::numeric_limits<CType>::max());
  }
}

/// Puts `value` into an `int` object that only the caller refers to, so that nobody
/// sees it change; false where the object is shared or the value needs another one.
/// Saves an allocation. Needs the GIL.
inline bool RenewInt(PyObject* object, int64_t value) {
#ifndef Py_GIL_DISABLED
  // CPython keeps one object for each of -5 to 256; the others have one digit at least.
  constexpr int64_t kMaxDigit = (INT64_C(1) << PyLong_SHIFT) - 1;
  if (Py_REFCNT(object) != 1 || !PyLong_CheckExact(object) || value < -kMaxDigit ||
      value > kMaxDigit || (value >= -5 && value <= 256)) {
    return false;
  }
  auto* number = reinterpret_cast<PyLongObject*>(object);
  const auto digit = static_cast<::digit>(value < 0 ? -value : value);
#if PY_VERSION_HEX >= 0x030C0000
  // One digit; the two low bits are 0 for a positive and 2 for a negative number.
  number->long_value.lv_tag = (uintptr_t{1} << 3) | (value < 0 ? 2 : 0);
  number->long_value.ob_digit[0] = digit;
#else
  Py_SET_SIZE(number, value < 0 ? -1 : 1);
  number->ob_digit[0] = digit;
#endif
  return true;
#else
  return false;
#endif
}

}  // namespace springald::python
