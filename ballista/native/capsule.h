#pragma once

#include <nanobind/nanobind.h>

#include "springald/ballista.h"

namespace springald::cluster {

/// Returns a PyCapsule that owns `value` and ends it with `kRelease`. Takes `value` over,
/// also where this throws. `name` is a literal: the capsule keeps its pointer.
template <auto kRelease, typename Value>
nanobind::object OwningCapsule(Value* value, const char* name) {
  PyObject* capsule = PyCapsule_New(value, name, [](PyObject* self) {
    kRelease(static_cast<Value*>(PyCapsule_GetPointer(self, PyCapsule_GetName(self))));
  });
  if (capsule == nullptr) {
    kRelease(value);
    nanobind::raise_python_error();
  }
  return nanobind::steal(capsule);
}

/// What the glue needs to know of a `datafusion.SessionContext`. The pointer lives as
/// long as this object: the session hands out a capsule that nobody else keeps.
class TaskContextProvider {
 public:
  /// Asks `session`. Throws what its getter throws, and ValueError for a capsule of
  /// another name. REQUIRES: the GIL.
  explicit TaskContextProvider(nanobind::handle session);

  const FFI_TaskContextProvider* get() const { return provider_; }

 private:
  const nanobind::object capsule_;
  const FFI_TaskContextProvider* const provider_;
};

}  // namespace springald::cluster
