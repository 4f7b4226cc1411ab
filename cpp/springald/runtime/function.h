#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include <arrow/array.h>
#include <arrow/result.h>

#include "springald/backend/backend.h"
#include "springald/runtime/observer.h"

namespace springald {

/// A function that is ready to run, with its figures. Safe for use from many threads.
class Function {
 public:
  /// Figures since the function was loaded, over all threads.
  struct Metrics {
    int64_t num_loads = 0;
    int64_t num_calls = 0;
    int64_t num_rows = 0;
    int64_t python_ns = 0;
    int64_t num_errors = 0;
  };

  Function(std::shared_ptr<const EncodedDefinition> definition,
           std::shared_ptr<const BackendFunction> backend_function,
           std::shared_ptr<const Observer> observer);

  const EncodedDefinition& definition() const { return *definition_; }
  Metrics metrics() const;

  /// Runs one batch. The columns must be as many and as long as promised; their
  /// types are the caller's promise.
  ///
  /// Fails with a UdfErrorDetail that names the function.
  arrow::Result<std::shared_ptr<arrow::Array>> Invoke(const Batch& batch,
                                                      CancelToken& cancel) const;

  /// As Invoke, for a caller that has `pyarrow.Array`s and wants one. Their number,
  /// lengths and types are checked; storage arrays may stand for extension arrays, at any
  /// depth, and the other way round. REQUIRES: the GIL.
  arrow::Result<python::PyRef> Call(std::span<PyObject* const> arrays,
                                    CancelToken& cancel) const;

  /// Ends a stream of batches; see BackendFunction.
  arrow::Status EndStream(int64_t stream_id, bool failed) const;

  std::string Output() const { return backend_function_->Output(); }

  Description Describe() const { return backend_function_->Describe(); }

 private:
  /// Makes a batch of what an engine hands over, and says whether a column had to be made
  /// the promised type: an extension type and its storage stand for each other.
  arrow::Result<Batch> BatchOf(std::span<PyObject* const> arrays,
                               bool* is_converted) const;
  arrow::Result<python::PyRef> CallChecked(std::span<PyObject* const> arrays,
                                           int64_t* num_rows, CancelToken& cancel) const;
  arrow::Status CheckBatch(const Batch& batch) const;
  arrow::Result<std::shared_ptr<arrow::Array>> RunChecked(const Batch& batch,
                                                          CancelToken& cancel) const;
  /// Runs `body` and records it, with the rows that it has put into `num_rows`.
  template <typename Body>
  auto Measured(const int64_t& num_rows, Body&& body) const -> decltype(body());
  void Record(int64_t num_rows, int64_t elapsed_ns, const arrow::Status& status) const;

  const std::shared_ptr<const EncodedDefinition> definition_;
  const std::string hash_hex_;
  const std::shared_ptr<const BackendFunction> backend_function_;
  const std::shared_ptr<const Observer> observer_;
  mutable std::atomic<int64_t> num_calls_{0};
  mutable std::atomic<int64_t> num_rows_{0};
  mutable std::atomic<int64_t> python_ns_{0};
  mutable std::atomic<int64_t> num_errors_{0};
};

}  // namespace springald
