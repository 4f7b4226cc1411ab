#pragma once

#include <nanobind/nanobind.h>

namespace springald::bindings {

/// Binds `Runtime` and `Function`, the two that run calls.
void BindFunctions(nanobind::module_& module);

}  // namespace springald::bindings
