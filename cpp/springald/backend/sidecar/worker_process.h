#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>

#include <arrow/result.h>

#include "springald/backend/sidecar/captured_output.h"
#include "springald/backend/sidecar/fork_server_client.h"
#include "springald/backend/sidecar/nearby_worker.h"
#include "springald/base/cancel_token.h"
#include "springald/base/udf_error.h"
#include "springald/codec/content_hash.h"
#include "springald/codec/udf_limits.h"
#include "springald/wire/segment.h"

namespace springald {

/// How a request to a worker ended. After all but kAnswered the worker must not be used
/// any more.
enum class RequestEnd {
  kAnswered,   ///< with a frame, whatever it says
  kLost,       ///< the worker ended, or is not to be understood; another may do better
  kOverLimit,  ///< it was killed because it used too much of something but time
  kTimedOut,   ///< it was killed because it took too long
  kCancelled,  ///< the token was fired, and the worker interrupted or killed
};

/// What became of a request to a worker.
struct RequestOutcome {
  RequestEnd end;
  wire::Frame answer;    ///< where it was answered
  arrow::Status status;  ///< what is wrong, where it was not
};

/// One worker process, from the side that gives it work. For one thread at a time but for
/// Stop; the
/// thread that waits for an answer also reads what the worker prints, keeps it to its
/// limits and ends it.
class WorkerProcess {
 public:
  /// \param server Outlives the worker.
  WorkerProcess(int64_t id, WorkerParts parts, UniqueFd wake,
                std::shared_ptr<ForkServerClient> server);
  /// Kills the process, if it still runs, and waits for its end.
  ~WorkerProcess();
  WorkerProcess(const WorkerProcess&) = delete;
  WorkerProcess& operator=(const WorkerProcess&) = delete;

  /// Sends a request and waits for the answer, no longer than the limits allow. `what` is
  /// what the worker does, for messages: "ran a batch of 5 rows".
  RequestOutcome Request(wire::FrameKind kind, const std::string& body,
                         std::span<const int> fds, const UdfLimits& limits,
                         const std::string& what, CancelToken& cancel,
                         const LineSink& sink);

  int64_t id() const { return id_; }
  pid_t pid() const { return parts_.pid; }
  const std::shared_ptr<ForkServerClient>& server() const { return server_; }
  bool is_usable() const { return is_usable_; }
  bool was_killed() const { return was_killed_; }
  /// Says that an answer cannot be understood: kills the worker, and returns what is
  /// wrong.
  RequestOutcome Misunderstood(const std::string& what, const arrow::Status& why);
  /// No requests any more; the worker ends by itself, after it has cleaned up. Does not
  /// wait.
  void Retire();
  /// Whether the process has ended, or ends within the time.
  bool HasEnded(std::chrono::milliseconds timeout) const;
  /// Cancels the request in progress. Any thread may call it.
  void Stop();

  /// What the pool and the functions note about it.
  std::set<ContentHash> loaded;
  std::optional<wire::WritableSegment> arguments;  ///< the segment of the last call
  std::optional<wire::ForeignSegment> results;     ///< of the last result
  int64_t num_batches = 0;
  std::atomic<int64_t> shared_bytes{0};  ///< of both segments; any thread may read it
  std::chrono::steady_clock::time_point last_used = std::chrono::steady_clock::now();
  uint64_t next_request_id = 1;

 private:
  struct Wait;

  void Interrupt();
  void Kill();
  /// Reads the answer that has come; nothing where it is another one's turn.
  std::optional<RequestOutcome> TakeAnswer(const Wait& wait);
  std::optional<RequestOutcome> LookAtLimits(Wait* wait);
  void WaitForEvent(Wait* wait);
  RequestOutcome Lost(const Wait& wait, const std::string& how);
  RequestOutcome OverLimit(const Wait& wait, UdfErrorCode code, std::string message);
  RequestOutcome TimedOut(const Wait& wait);

  const int64_t id_;
  WorkerParts parts_;
  /// Written to by who fires a token. Shared with interrupters, which may come late.
  const std::shared_ptr<const UniqueFd> wake_;
  const std::shared_ptr<ForkServerClient> server_;
  const std::optional<int64_t> first_memory_bytes_;
  NearbyWorker nearby_;
  CapturedOutput standard_output_;
  CapturedOutput standard_error_;
  bool is_usable_ = true;
  bool was_killed_ = false;
  std::atomic<bool> is_stopped_{false};
};

}  // namespace springald
