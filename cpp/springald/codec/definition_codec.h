#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <arrow/result.h>

#include "springald/codec/udf_definition.h"

namespace springald {

/// What a reader accepts before it allocates anything. All sizes in bytes.
struct DecodeLimits {
  std::size_t max_definition_bytes = std::size_t{256} << 20;
  std::size_t max_name_bytes = 1024;
  /// Each Arrow IPC schema, also with parts that it shares counted once per use.
  std::size_t max_signature_bytes = std::size_t{1} << 20;
  std::size_t max_num_arguments = 4096;
  std::size_t max_num_requirements = 4096;
  std::size_t max_string_bytes = std::size_t{4} << 20;  ///< any other text
};

/// Writes `definition` in the format of proto/springald.proto.
///
/// `payload_hash` is computed for an inline payload and taken from the
/// definition for a referenced one. Equal definitions give equal bytes.
///
/// Fails with kInvalidDefinition where DecodeDefinition would refuse the bytes.
arrow::Result<std::string> EncodeDefinition(const UdfDefinition& definition);

/// Reads a definition without Python.
///
/// Unknown fields are skipped unless the writer's `min_reader_version` says that
/// they change the meaning. Fails with kInvalidDefinition on malformed bytes, on
/// anything over `limits`, on a payload that does not match its hash and, by
/// name, on an unknown version, kind, mode or type.
arrow::Result<UdfDefinition> DecodeDefinition(std::string_view bytes,
                                              const DecodeLimits& limits = {});

}  // namespace springald
