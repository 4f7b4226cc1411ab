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
  // The two low bits are 0 for a positive, 1 for zero and 2 for a negative number.
  const auto sign = 1 - static_cast<int64_t>(value.lv_tag & 3);
  const auto num_digits = static_cast<int64_t>(value.lv_tag >> 3);
  const auto* const digits = value.ob_digit;
  const bool has_one = num_digits <= 1;
  const bool has_two = num_digits == 2;
#else
  const int64_t sign = Py_SIZE(object);  // times the number of digits, which is 0 for 0
  const auto* const digits = reinterpret_cast<PyLongObject*>(object)->ob_digit;
  const bool has_one = static_cast<uint64_t>(sign + 1) <= 2;
  const bool has_two = sign == 2 || sign == -2;
#endif
  if (has_one) [[likely]] {
    *out = sign * static_cast<int64_t>(digits[0]);
    return true;
  }
  if (has_two) {
    const int64_t magnitude =
        static_cast<int64_t>(digits[1]) << PyLong_SHIFT | static_cast<int64_t>(digits[0]);
    *out = sign < 0 ? -magnitude : magnitude;
  }
  return has_two;
}

/// Puts `value`, of one or two digits, into an int that has room for two.
inline void WriteTwoDigits(PyObject* object, int64_t value) {
  auto* number = reinterpret_cast<PyLongObject*>(object);
  const bool is_negative = value < 0;
  const auto magnitude = static_cast<uint64_t>(is_negative ? -value : value);
  Py_ssize_t num_digits = 1;
#if PY_VERSION_HEX >= 0x030C0000
  auto* const digits = number->long_value.ob_digit;
#else
  auto* const digits = number->ob_digit;
#endif
  if (magnitude >> PyLong_SHIFT == 0) [[likely]] {
    digits[0] = static_cast<::digit>(magnitude);
  } else {
    digits[0] = static_cast<::digit>(magnitude & PyLong_MASK);
    digits[1] = static_cast<::digit>(magnitude >> PyLong_SHIFT);
    num_digits = 2;
  }
#if PY_VERSION_HEX >= 0x030C0000
  number->long_value.lv_tag =
      static_cast<uintptr_t>(num_digits) << 3 | (is_negative ? 2 : 0);
#else
  Py_SET_SIZE(number, is_negative ? -num_digits : num_digits);
#endif
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
  constexpr uint64_t kLimit = UINT64_C(1) << 2 * PyLong_SHIFT;
  const auto bits = static_cast<uint64_t>(value);
  return bits + (kLimit - 1) < 2 * kLimit - 1 && bits + 5 > 261;
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
