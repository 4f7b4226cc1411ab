#pragma once

#include <cstdint>
#include <memory>

#include <arrow/array.h>
#include <arrow/result.h>

#include "springald/python/py_ref.h"

namespace springald::python {

/// Makes the column of PlainType(type) that holds what `pyarrow.array(values, type=type)`
/// holds, for a list or tuple of values.
///
/// Where pyarrow refuses a value, its exception stays set and the status says nothing of
/// it. No exception is set where it takes all values, and Arrow cannot put them into one
/// column: that says the status.
/// REQUIRES: the GIL, InitializePyArrow() and CollectorSupports(*type).
arrow::Result<std::shared_ptr<arrow::Array>> MakePlainColumn(
    PyObject* values, const std::shared_ptr<arrow::DataType>& type);

/// Values that are kept until all are there, and then converted by pyarrow.
///
/// Used by one thread at a time, with the GIL held.
class KeptValues {
 public:
  /// Makes columns of PlainType(type). REQUIRES: CollectorSupports(type).
  explicit KeptValues(std::shared_ptr<arrow::DataType> type);

  bool empty() const { return !list_; }

  /// Appends `num_values` borrowed values; a null pointer counts as None.
  arrow::Status Append(PyObject* const* values, int64_t num_values);

  /// Returns MakePlainColumn of the values.
  ///
  /// Fails with kResult where pyarrow refuses: with the first value that it refuses after
  /// those before it, which counts from `first_row`; without a row where it takes all
  /// values, but Arrow cannot put them into one column.
  arrow::Result<std::shared_ptr<arrow::Array>> Finish(int64_t first_row) const;

 private:
  bool Accepts(Py_ssize_t first, Py_ssize_t last) const;
  arrow::Status Refusal(const arrow::Status& refusal, int64_t first_row) const;
  Py_ssize_t NumAccepted() const;

  const std::shared_ptr<arrow::DataType> type_;
  PyRef list_;  // null where nothing was kept
};

}  // namespace springald::python
