#pragma once

#include <nanobind/nanobind.h>

namespace springald::cluster {

/// Binds `Planner`: the query planner that sends plans to a scheduler.
void BindPlanner(nanobind::module_& module);

}  // namespace springald::cluster
