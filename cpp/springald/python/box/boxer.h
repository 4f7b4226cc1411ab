#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <arrow/array/data.h>
#include <arrow/result.h>

#include "springald/python/gil.h"

namespace springald::python {

/// Makes Python values out of one Arrow column, as `pyarrow.Array.to_pylist` does,
/// straight from the column's buffers.
///
/// One difference, by design: a timestamp, time or duration in nanoseconds becomes an
/// object of the standard library where it is whole microseconds, and is an error
/// elsewhere, whether pandas is installed or not.
///
/// Used by one thread at a time, with the GIL held. Borrows the column.
class Boxer {
 public:
  virtual ~Boxer() = default;

  /// Puts references to the values of rows `first` to `first + num_rows - 1` into
  /// `values`, which hold null or what an earlier call put there: that is released, or
  /// made over where nobody else refers to it. A null becomes None. Returns how many
  /// were made: fewer than `num_rows`, and null in the next place, where an exception
  /// is set.
  virtual int64_t Box(int64_t first, int64_t num_rows, PyObject** values) = 0;

  /// Says whether each value of the column can be made, memory permitting: then nobody
  /// can tell that a value that nothing uses was not made.
  virtual bool NeverFails() const = 0;

  /// Says whether nobody can change a value, so that equal rows may share one object.
  virtual bool MakesImmutables() const { return true; }
};

/// Makes a boxer for `column`, which must outlive it.
///
/// Fails with kInvalidDefinition where BoxerSupports says no, and with kExecution where
/// Python does not know what the type names: a time zone.
/// REQUIRES: the GIL, InitializeCalendar() and InitializePyArrow(); a column that is
/// valid as `arrow::Array::ValidateFull` says, but for UTF-8.
arrow::Result<std::unique_ptr<Boxer>> MakeBoxer(const arrow::ArrayData& column);

/// Says whether row mode can be given values of this type. Any thread may call.
bool BoxerSupports(const arrow::DataType& type);

/// Says why row mode cannot be given values of this type, or "" where it can:
/// "it holds a month_interval, which has no Python value: cast it to ...".
/// Any thread may call.
std::string BoxerRefusal(const arrow::DataType& type);

}  // namespace springald::python
