#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "springald/backend/backend.h"
#include "springald/backend/sidecar/function_output.h"
#include "springald/backend/sidecar/worker_pool.h"
#include "springald/codec/udf_limits.h"
#include "springald/wire/columns.h"

namespace springald {

/// Tells what the host may want to know; level and text. As Observer::log of runtime/.
using SidecarLog = std::function<void(int32_t level, const std::string& message,
                                      const EncodedDefinition& definition)>;

/// A function that runs in the workers of a pool. See SidecarBackend.
///
/// A batch whose worker ends is given to another one, kMaxAttempts times in all, unless
/// the function is volatile or the batch belongs to a stream that has begun. A batch that
/// takes too long or uses too much fails.
class SidecarFunction : public BackendFunction {
 public:
  static constexpr int kMaxAttempts = 3;

  SidecarFunction(std::shared_ptr<const EncodedDefinition> definition,
                  std::shared_ptr<WorkerPool> pool,
                  std::shared_ptr<const SidecarLog> log);

  /// Loads the function in one worker, which shows whether it can be loaded.
  arrow::Status LoadOnce();

  arrow::Result<std::shared_ptr<arrow::Array>> Invoke(const Batch& batch,
                                                      CancelToken& cancel) const override;
  arrow::Status EndStream(int64_t stream_id, bool failed) const override;
  Description Describe() const override;
  std::string Output() const override;

 private:
  using Column = std::shared_ptr<arrow::Array>;
  /// Columns that are ready to be written for any worker.
  struct Prepared {
    wire::ColumnsToWrite columns;
    wire::ColumnsToWrite constants;
  };
  /// What one try gave, and whether another worker may do better.
  struct Attempt {
    arrow::Result<Column> column;
    bool may_retry = false;
  };

  arrow::Result<Prepared> Prepare(const Batch& batch) const;
  Attempt Try(WorkerProcess& worker, const Batch& batch, const Prepared& prepared,
              CancelToken& cancel) const;
  /// Loads the function in the worker, where it is not loaded. Null where that went well.
  std::optional<Attempt> EnsureLoaded(WorkerProcess& worker, CancelToken& cancel) const;
  RequestOutcome SendCall(WorkerProcess& worker, const Batch& batch,
                          const Prepared& prepared, CancelToken& cancel) const;
  Attempt AttemptOf(WorkerProcess& worker, const RequestOutcome& outcome,
                    const Batch& batch) const;
  arrow::Result<Column> TakeResult(WorkerProcess& worker, wire::Frame answer,
                                   uint64_t request_id, const Batch& batch) const;
  arrow::Result<Column> Checked(Column column, const Batch& batch) const;
  arrow::Status FailureOf(const wire::Frame& answer, uint64_t request_id) const;
  // The worker of a stream's batches, once there was one; 0 is no stream.
  std::optional<int64_t> WorkerOf(int64_t stream_id) const;
  void NoteStream(int64_t stream_id, int64_t worker_id) const;
  void ForgetStream(int64_t stream_id) const;
  void Log(int32_t level, const std::string& message) const;
  LineSink Sink() const;

  const std::shared_ptr<const EncodedDefinition> definition_;
  const std::shared_ptr<WorkerPool> pool_;
  const std::shared_ptr<const SidecarLog> log_;
  const UdfLimits limits_;
  mutable FunctionOutput output_;
  mutable std::atomic<int64_t> num_inlined_rows_{0};
  mutable std::atomic<int64_t> num_repeated_rows_{0};
  mutable std::mutex mutex_;
  // Guarded by mutex_:
  mutable std::map<int64_t, int64_t> workers_of_streams_;
  // Written once, by LoadOnce, and lent:
  mutable std::optional<std::string> not_inlined_reason_;
  mutable std::optional<std::string> not_distinct_reason_;
  mutable std::once_flag described_;
};

}  // namespace springald
