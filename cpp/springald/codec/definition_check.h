#pragma once

#include <string>

#include <arrow/status.h>

#include "springald/codec/definition_codec.h"
#include "springald/codec/udf_definition.h"

namespace springald {

/// Checks what encoder and decoder both demand of a definition: known enumerations,
/// text that is UTF-8, a name, a signature, exactly one payload, no negative limit of the
/// function, and sizes within `limits`. The types within the signature are not looked at,
/// nor is the hash of an inline payload.
///
/// Fails with Invalid.
arrow::Status CheckDefinition(const UdfDefinition& definition,
                              const DecodeLimits& limits);

/// Checks that an inline payload is what `payload_hash` is the SHA-256 of; a definition
/// without one passes.
///
/// Fails with Invalid.
arrow::Status CheckPayloadHash(const UdfDefinition& definition);

/// Returns `status` as kInvalidDefinition about the function `udf_name`, which may
/// be empty. A status that is OK is returned as it is.
arrow::Status AsDefinitionError(const arrow::Status& status, const std::string& udf_name);

}  // namespace springald
