#pragma once

#include <nanobind/nanobind.h>

#include "springald/abi.h"

namespace springald::bindings {

/// An error struct that releases itself.
struct Error : springald_error {
  Error() : springald_error{} {}
  ~Error() {
    if (release != nullptr) {
      release(this);
    }
  }
  Error(const Error&) = delete;
  Error& operator=(const Error&) = delete;
};

/// Throws the Python exception that `make_error(info, original)` makes of `error`.
/// REQUIRES: the GIL.
[[noreturn]] void Raise(const springald_error& error, nanobind::handle make_error);

/// As above, with `springald.errors.make_error`.
[[noreturn]] void Raise(const springald_error& error);

}  // namespace springald::bindings
