#pragma once

#include <cstdint>
#include <memory>

#include <arrow/array.h>
#include <arrow/result.h>

#include "springald/codec/udf_definition.h"
#include "springald/python/gil.h"

namespace springald::python {

/// Calls `callable` with one `pyarrow.Array` per column and returns the array that
/// it returned: a `pyarrow.Array`, a `ChunkedArray`, an object with
/// `__arrow_c_array__`, or a list or tuple, which `pyarrow.array` converts. Type,
/// length and nulls are not checked here; see result/.
///
/// Fails with kExecution where the function raises and with kResult where what it
/// returns is no column. REQUIRES: the GIL and InitializePyArrow().
arrow::Result<std::shared_ptr<arrow::Array>> CallArrow(const UdfDefinition& definition,
                                                       PyObject* callable,
                                                       const arrow::ArrayVector& columns);

}  // namespace springald::python
