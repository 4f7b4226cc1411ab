#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <arrow/result.h>

#include "springald/base/unique_fd.h"

namespace springald::wire {

/// The version of the frames. Both ends are of one library, so there is one.
inline constexpr uint16_t kWireVersion = 1;

/// What a frame says. The bodies are in messages.h.
enum class FrameKind : uint16_t {
  // From a fork server, and to it.
  kServerReady = 1,
  kServerFailed = 2,
  kFork = 3,
  kForked = 4,
  kExitStatus = 5,
  // To a worker.
  kLoad = 16,
  kCall = 17,
  kEndStream = 18,
  // From a worker.
  kLoaded = 32,
  kResult = 33,
  kStreamEnded = 34,
  kFailed = 35,
};

/// A frame with its descriptors.
struct Frame {
  FrameKind kind;
  std::string body;
  std::vector<UniqueFd> fds;
};

/// One end of a Unix socket of type SOCK_SEQPACKET, on which each packet is a frame:
/// magic number, version, kind, and a body of bounded size; see docs/worker-protocol.md.
/// Any thread may use it, one at a time.
class FrameSocket {
 public:
  /// The longest body. An error with its traceback, cut to its bounds, fits.
  static constexpr std::size_t kMaxBodyBytes = 160 << 10;
  static constexpr std::size_t kMaxFds = 3;

  FrameSocket() = default;
  explicit FrameSocket(UniqueFd fd) : fd_(std::move(fd)) {}

  /// Makes two connected ends. Both are closed by exec.
  static arrow::Result<std::pair<FrameSocket, FrameSocket>> MakePair();

  int fd() const { return fd_.get(); }
  void Close() { fd_.Reset(); }

  /// Sends a frame, and with it copies of the descriptors. Fails with an IOError where
  /// nobody can receive it or does not take what was sent before: it does not wait.
  arrow::Status Send(FrameKind kind, std::string_view body,
                     std::span<const int> fds = {}) const;

  /// Takes the next frame if there is one. Fails with EndOfStream semantics as
  /// Status::Cancelled where the other end is closed, and with Invalid where what came is
  /// no frame of this version.
  arrow::Result<std::optional<Frame>> TryReceive();

  /// As TryReceive, and waits for a frame. Returns nothing where a signal came first, or
  /// where `timeout` is over.
  arrow::Result<std::optional<Frame>> Receive(
      std::optional<std::chrono::milliseconds> timeout = std::nullopt);

 private:
  arrow::Result<std::optional<Frame>> ReceiveWith(int flags);

  UniqueFd fd_;
  std::string buffer_;  // of the packet that is being received
};

/// Whether a status of FrameSocket says that the other end is closed.
inline bool IsClosed(const arrow::Status& status) { return status.IsCancelled(); }

}  // namespace springald::wire
