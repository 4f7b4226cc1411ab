#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <arrow/array.h>
#include <arrow/result.h>

#include "springald/base/cancel_token.h"
#include "springald/codec/udf_definition.h"
#include "springald/python/py_ref.h"

namespace springald::python {

/// An async function in the form of `springald.async_rows.AsyncRows`, or no such form.
/// Safe for use from many threads, under the GIL.
class GatheredRows {
 public:
  /// No form.
  GatheredRows() = default;

  /// The form that `callable` is, if it is one: it is known by its attribute
  /// `__springald_max_concurrency__`. REQUIRES: the GIL; keeps no exception set.
  static GatheredRows Of(PyObject* callable);

  explicit operator bool() const { return static_cast<bool>(form_); }

  /// Why rows are computed neither inlined nor once for equal ones.
  std::string reason() const;

  /// Has the form await the rows of a batch together, and returns the column of the
  /// results in their order: `pa.array([await f(*row) ...], type=result type)`.
  ///
  /// Nulls are skipped, and errors told, as by CallRows. The error is that of the row
  /// that failed first; by then no other call is left. Firing `cancel` cancels all calls
  /// that are in progress, and ends this one when they have ended.
  ///
  /// REQUIRES: as CallRows, and a form. Other threads get the GIL while this one waits.
  arrow::Result<std::shared_ptr<arrow::Array>> Call(const UdfDefinition& definition,
                                                    const arrow::ArrayVector& columns,
                                                    int64_t num_rows,
                                                    CancelToken* cancel) const;

 private:
  PyRef form_;
  int64_t max_concurrency_ = 0;
};

}  // namespace springald::python
