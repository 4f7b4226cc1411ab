#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include <arrow/result.h>
#include <sys/types.h>

#include "springald/wire/frame_socket.h"

namespace springald::worker {

/// Forks workers for the process at the other end of a socket, and says how they ended.
///
/// The process has imported all that workers need and has one thread, so that its forks
/// are complete. It ends with the process it works for, and its workers end with it: by
/// the socket, and by PR_SET_PDEATHSIG in case it is killed. What a worker has started,
/// and left behind, is adopted (PR_SET_CHILD_SUBREAPER) and killed.
///
/// For the main thread, with the GIL held.
class ForkServer {
 public:
  explicit ForkServer(wire::FrameSocket socket) : socket_(std::move(socket)) {}

  /// Serves until the other end is closed, then ends all workers. Does not return in
  /// workers.
  ///
  /// Fails with kInternal where the process has threads that a fork would lose; the other
  /// end is told so.
  arrow::Status Serve();

 private:
  arrow::Status Prepare();
  arrow::Status ServeFrames();
  arrow::Status Answer(wire::Frame frame);
  arrow::Status AnswerFork(wire::Frame frame);
  arrow::Status AnswerExitStatus(const wire::Frame& frame);
  /// Waits for the children that have ended, and ends what they left behind.
  void Reap();
  void KillStrays() const;
  void EndAll();

  wire::FrameSocket socket_;
  UniqueFd signals_;               // a signalfd of SIGCHLD and SIGTERM
  std::map<pid_t, bool> workers_;  // and whether they run; until their status was asked
  std::map<pid_t, int32_t> wait_statuses_;
};

}  // namespace springald::worker
