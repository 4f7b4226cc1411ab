#pragma once

#include <nanobind/nanobind.h>

namespace springald::cluster {

/// Binds `rewrite_expression`, which puts placeholders into an encoded expression.
void BindExpression(nanobind::module_& module);

}  // namespace springald::cluster
