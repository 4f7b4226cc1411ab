#pragma once

#include <memory>
#include <span>

#include <arrow/array.h>
#include <arrow/result.h>

#include "springald/codec/udf_definition.h"
#include "springald/python/py_ref.h"

namespace springald::python {

/// What an arrow-mode function returned.
struct ReturnedColumn {
  std::shared_ptr<arrow::Array> column;
  PyRef
      array;  ///< the `pyarrow.Array` of `column`; null where it returned another object
};

/// Calls `callable` with the `pyarrow.Array`s and returns the column that it returned: a
/// `pyarrow.Array`, a `ChunkedArray`, an object with `__arrow_c_array__`, or a list or
/// tuple, which `pyarrow.array` converts. Type, length and nulls are not checked here;
/// see result/.
///
/// Fails with kExecution where the function raises and with kResult where what it
/// returns is no column. REQUIRES: the GIL and InitializePyArrow().
arrow::Result<ReturnedColumn> CallArrow(const UdfDefinition& definition,
                                        PyObject* callable,
                                        std::span<PyObject* const> arrays);

}  // namespace springald::python
