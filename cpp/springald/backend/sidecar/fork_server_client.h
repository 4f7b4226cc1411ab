#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <arrow/result.h>
#include <sys/types.h>

#include "springald/backend/sidecar/pool_options.h"
#include "springald/base/unique_fd.h"
#include "springald/python/interpreter_facts.h"
#include "springald/wire/frame_socket.h"

namespace springald {

/// A worker process as it was forked, and what it is connected to.
struct WorkerParts {
  pid_t pid = 0;
  UniqueFd process;  ///< a pidfd
  wire::FrameSocket control;
  UniqueFd standard_output;
  UniqueFd standard_error;
};

/// A fork server: `python -m springald.worker`, a child of this process that forks
/// workers; see worker/fork_server.h. Safe for use from many threads.
class ForkServerClient {
 public:
  /// Starts one, and waits until it is ready.
  ///
  /// Fails with kWorkerLost, and with what it wrote, where it ends before, and with
  /// kVersionMismatch where it is of another version. REQUIRES: a thread that lives as
  /// long as the server has to, because the kernel ends the server with that thread.
  static arrow::Result<std::unique_ptr<ForkServerClient>> Start(
      const python::InterpreterFacts& facts, const PoolOptions& options);

  /// Stops the server, with all of its workers.
  ~ForkServerClient();

  /// Forks a worker. Fails with kWorkerLost where the server is gone.
  arrow::Result<WorkerParts> Fork();

  /// How the worker ended, as waitpid(2) says it; nothing where that is not known.
  /// Forgets it. REQUIRES: that the worker has ended.
  std::optional<int32_t> TakeExitStatus(pid_t worker);

  /// 0 once it has ended and was waited for.
  pid_t pid() const { return pid_.load(); }
  /// Can be polled: readable once the server has ended. -1 where the kernel has no
  /// pidfds.
  int process_fd() const { return process_.get(); }
  /// Waits for a server that has ended, so that nothing is left of it; it is of no use
  /// any more. Does nothing where it runs.
  void Bury();
  /// Whether it did what it was asked so far.
  bool is_usable();

 private:
  ForkServerClient() = default;

  arrow::Status Spawn(const python::InterpreterFacts& facts, const PoolOptions& options);
  arrow::Status AwaitReady();
  /// Waits for the server's next frame; returns nothing where none came in time. Fails
  /// where the server is gone.
  arrow::Result<std::optional<wire::Frame>> Await(std::chrono::milliseconds timeout);
  /// Sends a frame and waits for the answer.
  arrow::Result<wire::Frame> Ask(wire::FrameKind kind, const std::string& body,
                                 std::span<const int> fds);
  arrow::Status Lost(const std::string& what);
  std::string ReadOutput();

  // Constant after Start:
  UniqueFd process_;
  UniqueFd output_;
  std::atomic<pid_t> pid_{0};
  std::mutex mutex_;
  // Guarded by mutex_:
  wire::FrameSocket socket_;
  bool is_usable_ = true;
};

}  // namespace springald
