#include "springald/base/unique_fd.h"

#include <cerrno>
#include <cstdint>
#include <cstring>

#include <fcntl.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace springald {

void UniqueFd::Reset() noexcept {
  if (fd_ >= 0) {
    close(std::exchange(fd_, -1));
  }
}

arrow::Result<Pipe> MakePipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) {
    return ErrnoError(errno, "cannot make a pipe");
  }
  Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1])};
  if (fcntl(pipe.read_end.get(), F_SETFL, O_NONBLOCK) != 0) {
    return ErrnoError(errno, "cannot make a pipe");
  }
  return pipe;
}

arrow::Result<UniqueFd> MakeEventFd() {
  UniqueFd event(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!event) {
    return ErrnoError(errno, "cannot make an eventfd");
  }
  return event;
}

void NotifyEventFd(const UniqueFd& event) {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = write(event.get(), &one, sizeof(one));
}

void ClearEventFd(const UniqueFd& event) {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t n = read(event.get(), &count, sizeof(count));
}

arrow::Status ErrnoError(int error_number, const char* what) {
  return arrow::Status::IOError(what, ": ", std::strerror(error_number), " (errno ",
                                error_number, ")");
}

}  // namespace springald
