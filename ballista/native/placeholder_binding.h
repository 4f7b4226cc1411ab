#pragma once

#include <nanobind/nanobind.h>

namespace springald::cluster {

/// Binds `Placeholder`: the function that stands for a definition in plans.
void BindPlaceholder(nanobind::module_& module);

}  // namespace springald::cluster
