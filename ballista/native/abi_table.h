#pragma once

#include "springald/ballista.h"

namespace springald::cluster {

/// Returns the functions of definitions; the others are NULL. For processes that never
/// run functions: needs `libspringald_codec` only. Any thread may call.
springald_abi CodecAbiTable();

/// Returns all functions of the runtime: needs `libspringald` and its interpreter. Any
/// thread may call.
springald_abi RuntimeAbiTable();

}  // namespace springald::cluster
