#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <arrow/result.h>
#include <arrow/type.h>

#include "springald/codec/schema_message.h"

namespace springald {

/// Writes `schema` as one encapsulated Arrow IPC message. Dictionary fields keep
/// their types; the endianness written is this machine's.
arrow::Result<std::string> EncodeSchema(const arrow::Schema& schema);

/// Reads what EncodeSchema writes, and nothing behind it.
///
/// The bytes are copied, and may stand at any address. Fails with Invalid on another
/// message than a schema, on sizes that do not fit the bytes, and over `bounds`.
arrow::Result<std::shared_ptr<arrow::Schema>> DecodeSchema(std::string_view bytes,
                                                           const SchemaBounds& bounds);

}  // namespace springald
