#pragma once

#include <cstdint>

#include <arrow/result.h>

#include "springald/python/py_ref.h"

namespace springald::python {

/// Makes `uuid.UUID`s of 16 bytes. Used by one thread at a time, with the GIL held.
class UuidMaker {
 public:
  static constexpr std::size_t kNumBytes = 16;

  static arrow::Result<UuidMaker> Make();

  /// Returns null with an exception set where there is no memory.
  PyObject* New(const uint8_t* bytes) const;

 private:
  UuidMaker() = default;
  arrow::Status Initialize();
  PyObject* NewByConstructor(const uint8_t* bytes) const;
  PyObject* NewByAttributes(const uint8_t* bytes) const;
  bool CanSetAttributes() const;

  PyRef type_;        // uuid.UUID
  PyRef is_safe_;     // what `is_safe` is where nothing is known: uuid.SafeUUID.unknown
  PyRef arguments_;   // an empty tuple
  PyRef bytes_name_;  // the names of attributes and of the constructor's parameter
  PyRef int_name_;
  PyRef is_safe_name_;
  bool sets_attributes_ = false;
};

}  // namespace springald::python
