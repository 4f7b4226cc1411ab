#pragma once

#include <cstdint>
#include <string>

#include "springald/base/udf_error.h"
#include "springald/codec/udf_limits.h"

namespace springald {

/// "2.5 s" of 2,500 milliseconds.
std::string InSeconds(int64_t milliseconds);

/// "1.5 MiB" of as many bytes.
std::string InMib(int64_t num_bytes);

/// Returns what a worker says, with the limit that the function met named at the end of
/// the message; as it is where it met none.
UdfErrorInfo WithLimitNamed(UdfErrorInfo info, const UdfLimits& limits);

}  // namespace springald
