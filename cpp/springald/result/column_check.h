#pragma once

#include <cstdint>
#include <memory>

#include <arrow/array.h>
#include <arrow/result.h>

#include "springald/codec/udf_definition.h"

namespace springald {

/// Checks what a function returned for one batch, and returns it as the column that
/// the definition promises. Needs no Python; any thread may call.
///
/// Another encoding of the same type is converted; HaveSameValues says which those are.
/// Names, nullability and metadata of nested fields then are the definition's.
/// `arguments` tell which nulls are those of skipped rows.
///
/// Fails with kResult: another type; another length than `num_rows`; a null, with its
/// row, where the definition's result, or a field inside its type, is not nullable;
/// broken buffers; a column that the promised encoding has no room for.
arrow::Result<std::shared_ptr<arrow::Array>> CheckColumn(
    const UdfDefinition& definition, std::shared_ptr<arrow::Array> column,
    const arrow::ArrayVector& arguments, int64_t num_rows);

}  // namespace springald
