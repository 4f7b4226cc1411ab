#pragma once

#include <nanobind/nanobind.h>

namespace springald::cluster {

/// Binds `Codec`: the two codecs of a session that put definitions into plans.
void BindCodec(nanobind::module_& module);

}  // namespace springald::cluster
