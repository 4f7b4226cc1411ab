#pragma once

#include <utility>

#include "springald/python/gil.h"

namespace springald::python {

/// Owns one reference to a Python object, or none.
///
/// Making and using one needs the GIL; moving and destroying one does not: the
/// destructor takes the GIL, and lets the object leak once Python is going down.
class PyRef {
 public:
  PyRef() = default;
  ~PyRef() { Reset(); }
  PyRef(PyRef&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  PyRef& operator=(PyRef&& other) noexcept {
    if (this != &other) {
      Reset();
      object_ = std::exchange(other.object_, nullptr);
    }
    return *this;
  }
  PyRef(const PyRef&) = delete;
  PyRef& operator=(const PyRef&) = delete;

  /// Takes over a reference that the caller owns. Null is allowed.
  static PyRef Steal(PyObject* object) { return PyRef(object); }

  /// Adds a reference to `object`. Null is allowed.
  static PyRef Borrow(PyObject* object) {
    Py_XINCREF(object);
    return PyRef(object);
  }

  PyObject* get() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

  /// Hands the reference over to the caller.
  PyObject* release() { return std::exchange(object_, nullptr); }

  /// Drops the reference.
  void Reset() noexcept;

 private:
  explicit PyRef(PyObject* object) : object_(object) {}

  PyObject* object_ = nullptr;
};

}  // namespace springald::python
