#pragma once

#include <memory>

#include <arrow/array.h>
#include <arrow/result.h>

#include "springald/python/py_ref.h"

namespace springald::python {

// Between Arrow C++ and the `pyarrow` module of the same process, which share one
// libarrow. All functions need the GIL.

/// Imports pyarrow and its C++ interface; the other functions need this to have
/// succeeded once.
arrow::Status InitializePyArrow();

/// Makes a `pyarrow.Array` that shares the array's buffers.
arrow::Result<PyRef> WrapArray(const std::shared_ptr<arrow::Array>& array);

/// Returns the array of a `pyarrow.Array`, or null for any other object.
std::shared_ptr<arrow::Array> UnwrapArray(PyObject* object);

/// Returns the one array of a `pyarrow.ChunkedArray`, copied together where it has
/// several chunks, or null for any other object.
arrow::Result<std::shared_ptr<arrow::Array>> UnwrapChunkedArray(PyObject* object);

/// Runs `pyarrow.array(object, type=type)`. With null `type`, pyarrow infers it.
/// Where that raises, the exception stays set and the status says nothing of it.
arrow::Result<std::shared_ptr<arrow::Array>> ArrayFromPython(
    PyObject* object, const std::shared_ptr<arrow::DataType>& type);

/// Returns the `tzinfo` that pyarrow uses for an Arrow time zone's name.
arrow::Result<PyRef> TimeZoneObject(const std::string& name);

}  // namespace springald::python
