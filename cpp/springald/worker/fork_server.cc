#include "springald/worker/fork_server.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <utility>

#include <poll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "springald/base/udf_error.h"
#include "springald/python/py_ref.h"
#include "springald/wire/messages.h"
#include "springald/worker/other_threads.h"
#include "springald/worker/worker_process_main.h"

namespace springald::worker {

namespace {

/// How long an ended worker may take to be waited for, in milliseconds.
constexpr int kReapWaitMs = 1000;

/// Of children that ended, and of the owner's end, whom worker.py has the kernel tell.
sigset_t OwnSignals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  sigaddset(&set, SIGTERM);
  return set;
}

/// The children of this process, as the kernel lists them; see proc(5).
std::vector<pid_t> Children() {
  const std::string self = std::to_string(getpid());
  std::ifstream file("/proc/" + self + "/task/" + self + "/children");
  std::vector<pid_t> children;
  for (pid_t pid = 0; file >> pid;) {
    children.push_back(pid);
  }
  return children;
}

}  // namespace

arrow::Status ForkServer::Prepare() {
  const auto others = OtherThreads();
  if (!others.empty()) {
    std::string names;
    for (const std::string& name : others) {
      names += (names.empty() ? "" : ", ") + name;
    }
    return MakeUdfError(UdfErrorCode::kInternal,
                        "a fork server must have one thread, and what it imported has "
                        "started others: " +
                            names + "; leave the module out of what is preloaded");
  }
  if (prctl(PR_SET_CHILD_SUBREAPER, 1) != 0) {
    return ErrnoError(errno, "cannot become the reaper of what workers leave behind");
  }
  const sigset_t own = OwnSignals();
  sigprocmask(SIG_BLOCK, &own, nullptr);
  signals_ = UniqueFd(signalfd(-1, &own, SFD_CLOEXEC | SFD_NONBLOCK));
  return signals_ ? arrow::Status::OK()
                  : ErrnoError(errno, "cannot wait for the ends of workers");
}

arrow::Status ForkServer::Serve() {
  const arrow::Status prepared = Prepare();
  if (!prepared.ok()) {
    ARROW_RETURN_NOT_OK(
        socket_.Send(wire::FrameKind::kServerFailed,
                     wire::ServerFailed{GetUdfErrorInfo(prepared).message}.Encode()));
    return prepared;
  }
  ARROW_RETURN_NOT_OK(socket_.Send(wire::FrameKind::kServerReady,
                                   wire::ServerReady{SPRINGALD_VERSION}.Encode()));
  const arrow::Status served = ServeFrames();
  EndAll();
  return wire::IsClosed(served) ? arrow::Status::OK() : served;
}

arrow::Status ForkServer::ServeFrames() {
  for (;;) {
    std::array<pollfd, 2> waited{pollfd{socket_.fd(), POLLIN, 0},
                                 pollfd{signals_.get(), POLLIN, 0}};
    if (poll(waited.data(), waited.size(), -1) < 0 && errno != EINTR) {
      return ErrnoError(errno, "a fork server cannot wait");
    }
    if (waited[1].revents != 0) {
      signalfd_siginfo signal{};
      while (read(signals_.get(), &signal, sizeof(signal)) > 0) {
        if (signal.ssi_signo == SIGTERM) {
          return arrow::Status::OK();
        }
      }
      Reap();
    }
    if (waited[0].revents != 0) {
      ARROW_ASSIGN_OR_RAISE(auto frame, socket_.TryReceive());
      if (frame.has_value()) {
        ARROW_RETURN_NOT_OK(Answer(*std::move(frame)));
      }
    }
  }
}

arrow::Status ForkServer::Answer(wire::Frame frame) {
  switch (frame.kind) {
    case wire::FrameKind::kFork:
      return AnswerFork(std::move(frame));
    case wire::FrameKind::kExitStatus:
      return AnswerExitStatus(frame);
    default:
      return arrow::Status::Invalid("a fork server got a frame of kind ",
                                    static_cast<int>(frame.kind));
  }
}

arrow::Status ForkServer::AnswerFork(wire::Frame frame) {
  if (frame.fds.size() != 3) {
    return arrow::Status::Invalid("a worker needs 3 descriptors and got ",
                                  frame.fds.size());
  }
  const pid_t server = getpid();
  PyOS_BeforeFork();
  const pid_t pid = fork();
  if (pid == 0) {
    RunWorkerProcess(server, {std::move(frame.fds[0]), std::move(frame.fds[1]),
                              std::move(frame.fds[2])});
  }
  const int fork_error = errno;
  PyOS_AfterFork_Parent();
  if (pid < 0) {
    return socket_.Send(wire::FrameKind::kServerFailed,
                        wire::ServerFailed{std::string("cannot fork a worker: ") +
                                           std::strerror(fork_error)}
                            .Encode());
  }
  workers_.emplace(pid, true);
  const UniqueFd process(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!process) {
    kill(pid, SIGKILL);
    return ErrnoError(errno, "cannot open a worker process, which needs Linux 5.3");
  }
  const int fd = process.get();
  return socket_.Send(wire::FrameKind::kForked, wire::Forked{pid}.Encode(), {&fd, 1});
}

arrow::Status ForkServer::AnswerExitStatus(const wire::Frame& frame) {
  ARROW_ASSIGN_OR_RAISE(auto status, wire::ExitStatus::Decode(frame.body));
  for (int waited_ms = 0; waited_ms < kReapWaitMs; ++waited_ms) {
    Reap();
    if (wait_statuses_.contains(status.pid) || !workers_.contains(status.pid)) {
      break;
    }
    usleep(1000);
  }
  const auto found = wait_statuses_.find(status.pid);
  if (found != wait_statuses_.end()) {
    status.wait_status = found->second;
    wait_statuses_.erase(found);
    workers_.erase(status.pid);
  }
  return socket_.Send(wire::FrameKind::kExitStatus, status.Encode());
}

void ForkServer::Reap() {
  for (;;) {
    siginfo_t info{};
    // Looks first: while the worker is not waited for, nobody else has its number, and
    // what it started can be ended by it.
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) {
      return;
    }
    const auto worker = workers_.find(info.si_pid);
    if (worker != workers_.end()) {
      worker->second = false;
      kill(-info.si_pid, SIGKILL);
    }
    int wait_status = 0;
    waitpid(info.si_pid, &wait_status, 0);
    if (worker != workers_.end()) {
      wait_statuses_.emplace(info.si_pid, wait_status);
      KillStrays();
    }
  }
}

/// A child that is no worker was left behind by one. It may have left its worker's
/// process group; those of workers that run are left alone.
void ForkServer::KillStrays() const {
  for (const pid_t pid : Children()) {
    const auto group = workers_.find(getpgid(pid));
    const bool is_of_running = group != workers_.end() && group->second;
    if (!workers_.contains(pid) && !is_of_running) {
      kill(pid, SIGKILL);
    }
  }
}

void ForkServer::EndAll() {
  for (const auto& [pid, is_running] : workers_) {
    if (is_running) {
      kill(-pid, SIGKILL);
      kill(pid, SIGKILL);
    }
  }
  // What they left behind comes to this process when they have ended.
  for (int i = 0; i < 100; ++i) {
    for (const pid_t pid : Children()) {
      kill(pid, SIGKILL);
    }
    while (waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    if (waitpid(-1, nullptr, WNOHANG) < 0) {
      return;
    }
    usleep(5000);
  }
}

}  // namespace springald::worker
