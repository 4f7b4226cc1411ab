#pragma once

#include <utility>

#include <arrow/result.h>

namespace springald {

/// Owns one file descriptor, or none. For one thread at a time.
class UniqueFd {
 public:
  UniqueFd() = default;
  /// Takes `fd` over; -1 is none.
  explicit UniqueFd(int fd) : fd_(fd) {}
  ~UniqueFd() { Reset(); }
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) {
      Reset();
      fd_ = std::exchange(other.fd_, -1);
    }
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

  /// Hands the descriptor over to the caller.
  int release() { return std::exchange(fd_, -1); }

  /// Closes the descriptor.
  void Reset() noexcept;

 private:
  int fd_ = -1;
};

/// A pipe; both ends are closed by exec.
struct Pipe {
  UniqueFd read_end;   ///< does not block
  UniqueFd write_end;  ///< blocks
};

/// Fails with an IOError.
arrow::Result<Pipe> MakePipe();

/// Makes a descriptor that can be polled until somebody has written to it: an eventfd
/// that does not block. Fails with an IOError.
arrow::Result<UniqueFd> MakeEventFd();

/// Has who polls an eventfd go on. Any thread may call.
void NotifyEventFd(const UniqueFd& event);

/// Makes an eventfd one again that nobody has written to.
void ClearEventFd(const UniqueFd& event);

/// Returns an IOError that says what failed, and why by `error_number`.
arrow::Status ErrnoError(int error_number, const char* what);

}  // namespace springald
