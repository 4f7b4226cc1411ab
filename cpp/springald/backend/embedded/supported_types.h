#pragma once

#include <arrow/status.h>

#include "springald/codec/udf_definition.h"

namespace springald {

/// Checks that the definition's mode can be given values of the argument types and return
/// values of the result type. Row mode goes by BoxerSupports and CollectorSupports; all
/// other modes take every type that pyarrow has arrays of, which are all but the
/// intervals of months and of days. Needs no GIL; any thread may call.
///
/// Fails with kInvalidDefinition, naming the argument, its type, and the part of the type
/// that is to blame.
arrow::Status CheckSupportedTypes(const UdfDefinition& definition);

}  // namespace springald
