#pragma once

#include <cstdint>
#include <utility>

#include <nanobind/nanobind.h>

#include "error_binding.h"

namespace springald::cluster {

/// Calls `function(springald_error*)`, a C function of the glue, without the GIL: it may
/// wait for a thread of the engine that needs it. Throws the Python exception of its
/// error. REQUIRES: the GIL.
template <typename GlueFunction>
void CallGlue(GlueFunction&& function) {
  bindings::Error error;
  int32_t code = 0;
  {
    const nanobind::gil_scoped_release release;
    code = std::forward<GlueFunction>(function)(&error);
  }
  if (code != 0) {
    bindings::Raise(error);
  }
}

}  // namespace springald::cluster
