#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <arrow/array.h>
#include <arrow/result.h>

#include "springald/python/py_ref.h"

namespace springald::python {

/// Collects the values that a row function returns into one Arrow column, with the
/// result of `pyarrow.array(values, type=type)`, errors included.
///
/// Values of the exact class that a type is made for (`float` for float64, `str` for
/// utf8, ...) and None go straight into the column's buffers. From the first other
/// value on the rest of the batch is kept, and converted by pyarrow itself.
///
/// Used by one thread at a time, with the GIL held.
class ResultCollector {
 public:
  virtual ~ResultCollector() = default;

  /// Appends `num_values` borrowed values. A null pointer is a row for which the
  /// function was not called; it becomes a null.
  arrow::Status Append(PyObject* const* values, int64_t num_values);

  /// Returns the column. Called once.
  ///
  /// Fails with kResult and the row where pyarrow refuses a value.
  arrow::Result<std::shared_ptr<arrow::Array>> Finish();

 protected:
  explicit ResultCollector(std::shared_ptr<arrow::DataType> type)
      : type_(std::move(type)) {}

  /// Appends values until one is not of the exact class; returns how many.
  virtual arrow::Result<int64_t> AppendExact(PyObject* const* values,
                                             int64_t num_values) = 0;
  virtual arrow::Result<std::shared_ptr<arrow::Array>> FinishExact() = 0;

  const std::shared_ptr<arrow::DataType> type_;

 private:
  arrow::Status RefusedValue();
  arrow::Result<std::shared_ptr<arrow::Array>> FinishKept();

  int64_t num_exact_ = 0;
  PyRef kept_;  // a list, from the first value that is not exact
};

/// Makes a collector for up to `num_rows` values of `type`.
///
/// Fails with kInvalidDefinition for a type that row mode does not return.
/// REQUIRES: the GIL, InitializeCalendar() and InitializePyArrow().
arrow::Result<std::unique_ptr<ResultCollector>> MakeResultCollector(
    std::shared_ptr<arrow::DataType> type, int64_t num_rows);

}  // namespace springald::python
