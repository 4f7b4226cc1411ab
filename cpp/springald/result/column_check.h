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
/// Another encoding of the same type (plain, large, view or dictionary; null for any
/// type) is converted. `arguments` tell which nulls are those of skipped rows.
///
/// Fails with kResult: another type; another length than `num_rows`; a null, with its
/// row, where the definition's result is not nullable; broken buffers.
arrow::Result<std::shared_ptr<arrow::Array>> CheckColumn(
    const UdfDefinition& definition, std::shared_ptr<arrow::Array> column,
    const arrow::ArrayVector& arguments, int64_t num_rows);

}  // namespace springald
