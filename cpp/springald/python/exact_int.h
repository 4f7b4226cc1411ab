#pragma once

#include <cstdint>
#include <limits>
#include <type_traits>

#include "springald/python/gil.h"

namespace springald::python {

// An int is a number of digits of 30 bits with a sign; 0 has none in CPython 3.11. These
// two functions know how CPython lays it out; PyLong_AsLongLong and PyLong_FromLongLong
// take several times as long.

/// Reads an int of at most two digits; false for a longer one.
inline bool ReadTwoDigits(PyObject* object, int64_t* out) {
#if PY_VERSION_HEX >= 0x030C0000
  const auto& value = reinterpret_cast<PyLongObject*>(object)->long_value;
  const uintptr_t num_digits = value.lv_tag >> 3;
  const bool is_negative = (value.lv_tag & 3) == 2;
  const auto* const digits = value.ob_digit;
#else
  const Py_ssize_t size = Py_SIZE(object);
  const bool is_negative = size < 0;
  const Py_ssize_t num_digits = is_negative ? -size : size;
  const auto* const digits = reinterpret_cast<PyLongObject*>(object)->ob_digit;
#endif
  if (num_digits > 2) {
    return false;
  }
  int64_t magnitude = num_digits == 0 ? 0 : digits[0];
  if (num_digits == 2) {
    magnitude |= static_cast<int64_t>(digits[1]) << PyLong_SHIFT;
  }
  *out = is_negative ? -magnitude : magnitude;
  return true;
}

/// Puts `value`, of one or two digits, into an int that has room for two.
inline void WriteTwoDigits(PyObject* object, int64_t value) {
  const bool is_negative = value < 0;
  const auto magnitude = static_cast<uint64_t>(is_negative ? -value : value);
  const bool has_two = magnitude >> PyLong_SHIFT != 0;
  auto* number = reinterpret_cast<PyLongObject*>(object);
#if PY_VERSION_HEX >= 0x030C0000
  // The two low bits are 0 for a positive and 2 for a negative number.
  number->long_value.lv_tag = (uintptr_t{has_two} + 1) << 3 | (is_negative ? 2 : 0);
  auto* const digits = number->long_value.ob_digit;
#else
  const Py_ssize_t num_digits = has_two ? 2 : 1;
  Py_SET_SIZE(number, is_negative ? -num_digits : num_digits);
  auto* const digits = number->ob_digit;
#endif
  digits[0] = static_cast<::digit>(magnitude & PyLong_MASK);
  if (has_two) {
    digits[1] = static_cast<::digit>(magnitude >> PyLong_SHIFT);
  }
}

/// Reads an object that is exactly an `int` and fits `CType`; false for any other,
/// `bool` included. Needs the GIL; keeps no exception set.
template <typename CType>
inline bool ReadExactInt(PyObject* object, CType* out) {
  if (!PyLong_CheckExact(object)) {
    return false;
  }
  int64_t compact = 0;
  const bool is_compact = ReadTwoDigits(object, &compact);
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

/// Says whether MakeInt makes an object of its own with room for two digits: CPython
/// keeps one object for each of -5 to 256.
inline bool HasTwoDigitsOfItsOwn(int64_t value) {
  constexpr int64_t kLimit = INT64_C(1) << 2 * PyLong_SHIFT;
  return value > -kLimit && value < kLimit && (value < -5 || value > 256);
}

/// Makes an int; one that RenewInt may write to later. Null with an exception set where
/// there is no memory. Needs the GIL.
inline PyObject* MakeInt(int64_t value) {
  if (!HasTwoDigitsOfItsOwn(value)) {
    return PyLong_FromLongLong(value);
  }
  PyObject* object = PyLong_FromLongLong(INT64_C(1) << PyLong_SHIFT);
  if (object != nullptr) {
    WriteTwoDigits(object, value);
  }
  return object;
}

/// Puts `value` into an object that MakeInt made and only the caller refers to, so that
/// nobody sees it change; false where it is shared or the value needs another one. Saves
/// an allocation. Needs the GIL.
inline bool RenewInt(PyObject* object, int64_t value) {
#ifndef Py_GIL_DISABLED
  if (Py_REFCNT(object) == 1 && PyLong_CheckExact(object) &&
      HasTwoDigitsOfItsOwn(value)) {
    WriteTwoDigits(object, value);
    return true;
  }
#endif
  return false;
}

}  // namespace springald::python
