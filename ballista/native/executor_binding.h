#pragma once

#include <nanobind/nanobind.h>

namespace springald::cluster {

/// Binds `run_executor`, the executor program in this interpreter.
void BindExecutor(nanobind::module_& module);

}  // namespace springald::cluster
