#pragma once

#include <arrow/status.h>

#include "springald/codec/udf_definition.h"

namespace springald {

/// Fails with kInvalidDefinition where the definition only refers to its payload, which
/// this process does not have.
arrow::Status CheckHasPayload(const UdfDefinition& definition);

}  // namespace springald
