#pragma once

#include <atomic>
#include <memory>

#include "springald/backend/backend.h"
#include "springald/backend/distinct_rows.h"
#include "springald/python/arrow_call.h"
#include "springald/python/batch_form.h"
#include "springald/python/class_instance.h"
#include "springald/python/distinct_plan.h"
#include "springald/python/gathered_call.h"
#include "springald/python/py_ref.h"

namespace springald {

/// A Python callable in this process. See EmbeddedBackend.
class EmbeddedFunction : public BackendFunction {
 public:
  /// REQUIRES: the GIL.
  EmbeddedFunction(std::shared_ptr<const EncodedDefinition> definition,
                   python::PyRef callable);

  /// Fails with kInvalidDefinition, naming the argument, where a type of the
  /// signature is not supported or there is no argument.
  static arrow::Status CheckSignature(const UdfDefinition& definition);

  arrow::Result<std::shared_ptr<arrow::Array>> Invoke(const Batch& batch,
                                                      CancelToken& cancel) const override;

  /// In arrow mode the arrays themselves go to the function, and the one that it returns
  /// comes back where it is what was promised.
  arrow::Result<python::PyRef> Call(const Batch& batch, std::span<PyObject* const> arrays,
                                    CancelToken& cancel) const override;

  arrow::Status EndStream(int64_t stream_id, bool failed) const override;

  Description Describe() const override;

 private:
  using Column = std::shared_ptr<arrow::Array>;

  arrow::Result<Column> CallRowMode(const Batch& batch, CancelToken& cancel) const;
  arrow::Result<Column> CallOncePerDistinctRow(const DistinctRows& distinct,
                                               const Batch& batch,
                                               CancelToken& cancel) const;
  arrow::Result<Column> CallEachRow(const arrow::ArrayVector& columns, int64_t num_rows,
                                    CancelToken& cancel) const;
  arrow::Result<python::ReturnedColumn> CallArrowMode(std::span<PyObject* const> arrays,
                                                      CancelToken& cancel) const;
  arrow::Result<Column> CallStream(int64_t stream_id, std::span<PyObject* const> arrays,
                                   CancelToken& cancel) const;
  bool TakesConstants() const;
  arrow::Result<Column> CallUnderGil(const Batch& batch, CancelToken& cancel) const;
  arrow::Result<Column> CheckRows(const Batch& batch, Column column) const;

  const std::shared_ptr<const EncodedDefinition> definition_;
  const python::PyRef callable_;
  const python::ClassInstance class_instance_;
  const python::PyRef call_stream_;           // null where it keeps nothing
  const python::GatheredRows gathered_rows_;  // of row mode
  const python::BatchForm batch_form_;        // of row mode
  const python::DistinctPlan distinct_plan_;  // of row mode
  mutable DistinctRowsFinder distinct_rows_;
  mutable std::atomic<int64_t> num_inlined_rows_{0};
  mutable std::atomic<int64_t> num_repeated_rows_{0};
};

}  // namespace springald
