#pragma once

#include <cstdint>
#include <memory>

#include <arrow/array.h>
#include <arrow/result.h>

#include "springald/python/gil.h"

namespace springald::python {

/// Makes the column that pyarrow.array makes of `num_values` borrowed values, where they
/// and all values inside are of the exact classes of their types: lists and tuples for
/// lists, dicts with all fields for structs, dicts and lists of pairs for maps. Returns
/// null, with no exception set, where one is not.
///
/// REQUIRES: the GIL; a type that PlainType returns and CollectorSupports.
arrow::Result<std::shared_ptr<arrow::Array>> MakeExactNested(
    PyObject* const* values, int64_t num_values,
    const std::shared_ptr<arrow::DataType>& type);

}  // namespace springald::python
