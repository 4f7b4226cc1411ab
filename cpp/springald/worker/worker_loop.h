#pragma once

#include <map>
#include <memory>
#include <optional>

#include <arrow/buffer.h>
#include <arrow/result.h>

#include "springald/backend/embedded/embedded_backend.h"
#include "springald/wire/frame_socket.h"
#include "springald/wire/messages.h"
#include "springald/wire/segment.h"
#include "springald/worker/interrupt_handler.h"
#include "springald/worker/worker_limits.h"

namespace springald::worker {

/// Runs the functions that the process at the other end of a socket asks for, one request
/// after the other. For the main thread of a worker, with the GIL held.
class WorkerLoop {
 public:
  explicit WorkerLoop(wire::FrameSocket socket) : socket_(std::move(socket)) {}

  /// Returns when the other end is closed.
  ///
  /// Fails where what comes is malformed, or the answer cannot be sent: then the two do
  /// not understand each other, and the worker is of no use any more.
  arrow::Status Run();

 private:
  struct LoadedFunction {
    /// As it was read once the function was loaded, which may make types known.
    std::shared_ptr<const EncodedDefinition> definition;
    std::shared_ptr<const BackendFunction> function;
  };

  arrow::Status Answer(wire::Frame frame);
  arrow::Status AnswerLoad(wire::Frame frame);
  arrow::Status AnswerCall(wire::Frame frame);
  arrow::Status AnswerEndStream(const wire::Frame& frame);
  arrow::Status AnswerFailed(uint64_t request_id, arrow::Status status);

  arrow::Result<LoadedFunction> LoadFrom(const wire::Load& load, UniqueFd segment);
  arrow::Result<LoadedFunction> Find(const ContentHash& hash) const;
  arrow::Result<Batch> ReadBatch(const wire::Call& call,
                                 const UdfDefinition& definition) const;
  arrow::Result<std::shared_ptr<arrow::Array>> RunBatch(const wire::Call& call,
                                                        const LoadedFunction& loaded);
  /// Puts the column into the segment for results; a new one where it does not fit.
  arrow::Result<wire::ColumnsPlace> WriteResult(const wire::Call& call,
                                                const UdfDefinition& definition,
                                                std::shared_ptr<arrow::Array> column,
                                                bool* is_new_segment);
  /// Gives up what is too large to be kept, and says whether somebody keeps the columns.
  bool ReleaseRequest();

  wire::FrameSocket socket_;
  EmbeddedBackend backend_;
  InterruptHandler interrupts_;
  WorkerLimits limits_;
  std::map<ContentHash, LoadedFunction> functions_;
  std::shared_ptr<arrow::Buffer> request_;        // the arguments' segment
  std::optional<wire::WritableSegment> results_;  // the results' segment
};

}  // namespace springald::worker
