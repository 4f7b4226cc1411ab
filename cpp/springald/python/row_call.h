#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <arrow/array.h>
#include <arrow/result.h>

#include "springald/base/cancel_token.h"
#include "springald/codec/udf_definition.h"
#include "springald/python/batch_form.h"
#include "springald/python/collect/result_collector.h"
#include "springald/python/gil.h"

namespace springald::python {

/// What a row function returned for a batch.
struct ReturnedRows {
  std::shared_ptr<arrow::Array> column;
  int64_t num_inlined_rows = 0;  ///< rows that the batch form computed
};

/// Calls `callable` once per row and returns the column of what it returned:
/// `pa.array([f(*row) for row in zip(*columns)], type=result type)`.
///
/// A row that has a null in an argument that the function does not take nulls for
/// gives a null without a call (see NullHandling). Nulls in the result are not
/// checked here; see result/.
///
/// Fails with kExecution, the row and its arguments where the function raises; with
/// kResult where a value is not of the result's type; with kCancelled.
/// REQUIRES: the GIL, which other threads get between rows; InitializeCalendar() and
/// InitializePyArrow(); `columns` of the definition's types, `num_rows` long, or with one
/// row that is not null and stands for all rows.
///
/// \param batch_form  The form of `callable`, used where it is usable; may be null.
arrow::Result<ReturnedRows> CallRows(const UdfDefinition& definition, PyObject* callable,
                                     const arrow::ArrayVector& columns, int64_t num_rows,
                                     const CancelToken& cancel,
                                     const BatchForm* batch_form = nullptr);

/// Returns the columns whose nulls the function is given no row for.
std::vector<const arrow::Array*> SkippingColumns(const UdfDefinition& definition,
                                                 const arrow::ArrayVector& columns);

/// Takes the exception that is set after a boxer stopped at `row`, as the row's error.
/// REQUIRES: the GIL.
arrow::Status TakeBoxingError(const UdfDefinition& definition, std::size_t argument,
                              int64_t row);

/// Takes the exception that is set after the call for `row`, as the row's error.
/// REQUIRES: as CallRows.
arrow::Status TakeRowError(const arrow::ArrayVector& columns, int64_t row);

/// Returns what `collector` collected; its errors say the arguments of their row.
/// REQUIRES: as CallRows.
arrow::Result<std::shared_ptr<arrow::Array>> FinishRows(
    ResultCollector* collector, const arrow::ArrayVector& columns);

/// Returns `(a, b, ...)` with the `repr` of each of the row's arguments, cut to a
/// bound. REQUIRES: as CallRows; keeps no exception set.
std::string DescribeArguments(const arrow::ArrayVector& columns, int64_t row);

}  // namespace springald::python
