#pragma once

#include <cstddef>
#include <string_view>

#include "springald/base/copy_bytes.h"
#include "springald/python/gil.h"

namespace springald::python {

// Strings of ASCII that are made with room for some more bytes than they have, so that
// their object can be written to again. Needs the GIL.

/// What a string of `size` bytes has room for, at least.
inline std::size_t AsciiCapacity(std::size_t size) {
  return (size + 31) & ~std::size_t{31};
}

/// Puts `text`, which is not empty, into a string with room for it.
inline void WriteAsciiString(PyObject* string, std::string_view text) {
  auto* object = reinterpret_cast<PyASCIIObject*>(string);
  object->length = static_cast<Py_ssize_t>(text.size());
  object->hash = -1;  // not computed yet
  auto* data = reinterpret_cast<char*>(PyUnicode_1BYTE_DATA(string));
  CopyBytes(data, text.data(), text.size());
  data[text.size()] = '\0';
}

/// Makes a string of ASCII; one that RenewAsciiString may write to later. Null with an
/// exception set where there is no memory.
inline PyObject* MakeAsciiString(std::string_view text) {
  if (text.empty()) {
    return PyUnicode_New(0, 127);
  }
  PyObject* string =
      PyUnicode_New(static_cast<Py_ssize_t>(AsciiCapacity(text.size())), 127);
  if (string != nullptr) {
    WriteAsciiString(string, text);
  }
  return string;
}

/// Puts `text` into a string that MakeAsciiString made and only the caller refers to, so
/// that nobody sees it change; false where that cannot be. Saves an allocation.
inline bool RenewAsciiString(PyObject* string, std::string_view text) {
#ifndef Py_GIL_DISABLED
  if (Py_REFCNT(string) != 1 || text.empty() || !PyUnicode_CheckExact(string) ||
      !PyUnicode_IS_COMPACT_ASCII(string)) {
    return false;
  }
  // The table of interned strings has references that are not counted.
  if (PyUnicode_CHECK_INTERNED(string) != 0) {
    return false;
  }
#if PY_VERSION_HEX < 0x030C0000
  // A copy for the old Py_UNICODE functions, which would stay as it is.
  if (reinterpret_cast<PyASCIIObject*>(string)->wstr != nullptr) {
    return false;
  }
#endif
  if (AsciiCapacity(text.size()) >
      AsciiCapacity(static_cast<std::size_t>(PyUnicode_GET_LENGTH(string)))) {
    return false;
  }
  WriteAsciiString(string, text);
  return true;
#else
  return false;
#endif
}

}  // namespace springald::python
