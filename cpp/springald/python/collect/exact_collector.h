#pragma once

#include <cstdint>
#include <memory>

#include <arrow/array.h>
#include <arrow/result.h>

#include "springald/python/gil.h"

namespace springald::python {

/// Writes Python values straight into the buffers of one Arrow column, as far as they are
/// of the exact classes that the column's type is made for. Runs no code of the user's.
///
/// Used by one thread at a time, with the GIL held.
class ExactCollector {
 public:
  virtual ~ExactCollector() = default;

  /// Appends borrowed values until one is not of an exact class; returns how many. A null
  /// pointer and None become nulls. Keeps no exception set.
  virtual arrow::Result<int64_t> Append(PyObject* const* values, int64_t num_values) = 0;

  /// Returns the column. Called once.
  virtual arrow::Result<std::shared_ptr<arrow::Array>> Finish() = 0;
};

/// Makes a collector for up to `num_rows` values of `type`; null for a type that has
/// none: the nested, encoded and extension types, and what CollectorSupports refuses.
/// REQUIRES: the GIL, InitializeCalendar() and InitializePyArrow().
arrow::Result<std::unique_ptr<ExactCollector>> MakeExactCollector(
    std::shared_ptr<arrow::DataType> type, int64_t num_rows);

}  // namespace springald::python
