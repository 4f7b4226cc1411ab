#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <arrow/array.h>
#include <arrow/result.h>

#include "springald/python/collect/exact_collector.h"
#include "springald/python/collect/kept_values.h"

namespace springald::python {

/// Collects the values that a row function returns into one Arrow column, with the
/// result of `pyarrow.array(values, type=type)`, errors included.
///
/// Values of the exact class that a type is made for (`float` for float64, `str` for
/// utf8, ...) and None go straight into the column's buffers. From the first other
/// value on the rest of the batch is kept, and converted by pyarrow itself. Values of
/// nested types are kept all, and go into buffers in the end if all of them are exact.
///
/// Two differences, by design. A column that is too large for `type` is an error, where
/// pyarrow makes two. And the column is of `type` wherever pyarrow's is not, because a
/// dictionary has outgrown its indices, which is an error here, or is not made at all,
/// because an extension type or runs are inside another type.
///
/// Used by one thread at a time, with the GIL held.
class ResultCollector {
 public:
  /// Appends `num_values` borrowed values. A null pointer is a row for which the
  /// function was not called; it becomes a null.
  arrow::Status Append(PyObject* const* values, int64_t num_values);

  /// Returns the column. Called once.
  ///
  /// Fails with kResult and the row where pyarrow refuses a value.
  arrow::Result<std::shared_ptr<arrow::Array>> Finish();

 private:
  friend arrow::Result<std::unique_ptr<ResultCollector>> MakeResultCollector(
      std::shared_ptr<arrow::DataType> type, int64_t num_rows);

  ResultCollector(std::shared_ptr<arrow::DataType> type,
                  std::unique_ptr<ExactCollector> exact)
      : type_(std::move(type)), exact_(std::move(exact)), kept_(type_) {}
  arrow::Result<std::shared_ptr<arrow::Array>> FinishPlain();

  const std::shared_ptr<arrow::DataType> type_;
  const std::unique_ptr<ExactCollector> exact_;  // null where all values are kept
  int64_t num_exact_ = 0;
  KeptValues kept_;  // from the first value that is not exact
  int64_t num_kept_ = 0;
};

/// Makes a collector for up to `num_rows` values of `type`.
///
/// Fails with kInvalidDefinition where CollectorSupports says no.
/// REQUIRES: the GIL, InitializeCalendar() and InitializePyArrow().
arrow::Result<std::unique_ptr<ResultCollector>> MakeResultCollector(
    std::shared_ptr<arrow::DataType> type, int64_t num_rows);

}  // namespace springald::python
