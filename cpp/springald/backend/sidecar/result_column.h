#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <arrow/array.h>
#include <arrow/result.h>
#include <arrow/type.h>

#include "springald/wire/columns.h"
#include "springald/wire/segment.h"

namespace springald {

/// Copies the column that a worker says to have put into its segment, and sees that
/// nobody who reads the copy is led astray. Believes nothing: neither the place nor the
/// bytes.
///
/// \param[in] segment The worker's, if it has sent one.
///
/// Fails where there is no such column of the field's type and `num_rows` rows.
arrow::Result<std::shared_ptr<arrow::Array>> ReadResultColumn(
    const std::optional<wire::ForeignSegment>& segment, const wire::ColumnsPlace& place,
    const std::shared_ptr<arrow::Field>& field, int64_t num_rows);

}  // namespace springald
