#include "springald/backend/sidecar/fork_server_client.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "springald/base/exit_status.h"
#include "springald/base/udf_error.h"
#include "springald/wire/messages.h"

namespace springald {

namespace {

using std::chrono::milliseconds;

/// How long the server may take to import what its workers need, and to answer.
constexpr milliseconds kStartTimeout{120'000};
constexpr milliseconds kAnswerTimeout{10'000};
constexpr milliseconds kStopTimeout{1'000};
constexpr int kControlFd = 3;

/// Variables of the environment that the server needs otherwise than this process has
/// them. Libraries that start threads when they are imported start none: one thread
/// forks, and one worker for each processor makes the parallelism. What the user has set
/// stays.
std::vector<std::string> ServerEnvironment(const python::InterpreterFacts& facts,
                                           const PoolOptions& options) {
  std::string preload;
  for (const std::string& module : options.preload) {
    preload += (preload.empty() ? "" : ",") + module;
  }
  std::vector<std::string> variables{"SPRINGALD_WORKER_OWNER=" + std::to_string(getpid()),
                                     "SPRINGALD_WORKER_PRELOAD=" + preload};
  const auto has = [&facts](const std::string& prefix) {
    for (const std::string& variable : facts.environment) {
      if (variable.starts_with(prefix)) {
        return true;
      }
    }
    return false;
  };
  for (const char* name : {"OPENBLAS_NUM_THREADS=", "OMP_NUM_THREADS=",
                           "MKL_NUM_THREADS=", "NUMEXPR_NUM_THREADS="}) {
    if (!has(name)) {
      variables.push_back(std::string(name) + "1");
    }
  }
  const std::string path_name = "PYTHONPATH=";
  for (const std::string& variable : facts.environment) {
    if (variable.starts_with(path_name)) {
      variables.push_back("SPRINGALD_WORKER_PYTHONPATH=" +
                          variable.substr(path_name.size()));
    } else if (!variable.starts_with("SPRINGALD_WORKER_")) {
      variables.push_back(variable);
    }
  }
  variables.push_back(path_name + facts.search_path);
  return variables;
}

std::vector<char*> Pointers(std::vector<std::string>* texts) {
  std::vector<char*> pointers;
  for (std::string& text : *texts) {
    pointers.push_back(text.data());
  }
  pointers.push_back(nullptr);
  return pointers;
}

/// The arguments of posix_spawn(3) that say what becomes of descriptors and signals.
class SpawnOptions {
 public:
  SpawnOptions() {
    posix_spawn_file_actions_init(&actions_);
    posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes_, &none);
    posix_spawnattr_setsigdefault(&attributes_, &all);
    // A session of its own: the terminal's Ctrl-C is for this process.
    posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK |
                                               POSIX_SPAWN_SETSIGDEF |
                                               POSIX_SPAWN_SETSID);
  }
  ~SpawnOptions() {
    posix_spawn_file_actions_destroy(&actions_);
    posix_spawnattr_destroy(&attributes_);
  }
  SpawnOptions(const SpawnOptions&) = delete;
  SpawnOptions& operator=(const SpawnOptions&) = delete;

  posix_spawn_file_actions_t* actions() { return &actions_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

arrow::Status ForkServerClient::Spawn(const python::InterpreterFacts& facts,
                                      const PoolOptions& options) {
  std::vector<std::string> arguments{
      options.python_executable.empty() ? facts.executable : options.python_executable,
      "-P", "-m", "springald.worker"};
  if (arguments[0].empty()) {
    return MakeUdfError(
        UdfErrorCode::kInternal,
        "this process does not know its Python program (sys.executable is "
        "empty), which its worker processes need: name one in "
        "python_executable");
  }
  auto environment = ServerEnvironment(facts, options);
  ARROW_ASSIGN_OR_RAISE(auto sockets, wire::FrameSocket::MakePair());
  ARROW_ASSIGN_OR_RAISE(auto output, MakePipe());
  SpawnOptions spawn;
  posix_spawn_file_actions_addopen(spawn.actions(), 0, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_adddup2(spawn.actions(), output.write_end.get(), 1);
  posix_spawn_file_actions_adddup2(spawn.actions(), output.write_end.get(), 2);
  posix_spawn_file_actions_adddup2(spawn.actions(), sockets.second.fd(), kControlFd);
  // What the user has opened without O_CLOEXEC is none of the server's. (glibc 2.34)
  posix_spawn_file_actions_addclosefrom_np(spawn.actions(), kControlFd + 1);
  pid_t pid = 0;
  const int error =
      posix_spawn(&pid, arguments[0].c_str(), spawn.actions(), spawn.attributes(),
                  Pointers(&arguments).data(), Pointers(&environment).data());
  if (error != 0) {
    return MakeUdfError(UdfErrorCode::kWorkerLost,
                        "worker processes cannot be started: " + arguments[0] + ": " +
                            std::strerror(error));
  }
  pid_ = pid;
  process_ = UniqueFd(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  socket_ = std::move(sockets.first);
  output_ = std::move(output.read_end);
  return arrow::Status::OK();
}

std::string ForkServerClient::ReadOutput() {
  std::string text;
  std::array<char, 4096> bytes;
  for (ssize_t n = 0; (n = read(output_.get(), bytes.data(), bytes.size())) > 0 &&
                      text.size() < 64 << 10;) {
    text.append(bytes.data(), static_cast<std::size_t>(n));
  }
  constexpr std::size_t kMaxBytes = 4 << 10;
  return text.size() > kMaxBytes ? "..." + text.substr(text.size() - kMaxBytes) : text;
}

arrow::Status ForkServerClient::Lost(const std::string& what) {
  is_usable_ = false;
  UdfErrorInfo info;
  info.code = UdfErrorCode::kWorkerLost;
  info.message = what;
  info.traceback = ReadOutput();
  return MakeUdfError(std::move(info));
}

arrow::Result<std::optional<wire::Frame>> ForkServerClient::Await(milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (std::chrono::steady_clock::now() < deadline) {
    ARROW_ASSIGN_OR_RAISE(auto received, socket_.Receive(milliseconds(100)));
    if (received.has_value()) {
      return received;
    }
  }
  return std::nullopt;
}

arrow::Status ForkServerClient::AwaitReady() {
  const auto frame = Await(kStartTimeout);
  if (!frame.ok()) {
    int status = 0;
    const bool is_known = waitpid(pid_, &status, 0) == pid_;
    pid_ = 0;
    return Lost("the process that starts the workers " +
                (is_known ? DescribeExit(status) : "ended") +
                " before it was ready; it must be able to import springald");
  }
  if (!frame->has_value()) {
    return Lost("the process that starts the workers was not ready in " +
                std::to_string(kStartTimeout.count() / 1000) + " seconds");
  }
  const std::string& body = (*frame)->body;
  if ((*frame)->kind == wire::FrameKind::kServerFailed) {
    ARROW_ASSIGN_OR_RAISE(const auto failed, wire::ServerFailed::Decode(body));
    return Lost(failed.message);
  }
  ARROW_ASSIGN_OR_RAISE(const auto ready, wire::ServerReady::Decode(body));
  if (ready.version != SPRINGALD_VERSION) {
    return MakeUdfError(UdfErrorCode::kVersionMismatch,
                        "the worker processes have springald " + ready.version +
                            ", and this process has " SPRINGALD_VERSION
                            ": install the same version for both");
  }
  return arrow::Status::OK();
}

arrow::Result<std::unique_ptr<ForkServerClient>> ForkServerClient::Start(
    const python::InterpreterFacts& facts, const PoolOptions& options) {
  std::unique_ptr<ForkServerClient> server(new ForkServerClient());
  ARROW_RETURN_NOT_OK(server->Spawn(facts, options));
  ARROW_RETURN_NOT_OK(server->AwaitReady());
  return server;
}

ForkServerClient::~ForkServerClient() {
  socket_.Close();
  const auto deadline = std::chrono::steady_clock::now() + kStopTimeout;
  for (Bury(); pid_ != 0; Bury()) {
    if (std::chrono::steady_clock::now() > deadline) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
      return;
    }
    usleep(1000);
  }
}

void ForkServerClient::Bury() {
  const std::lock_guard lock(mutex_);
  // A negative result: somebody else in this process has waited for it.
  if (pid_ != 0 && waitpid(pid_, nullptr, WNOHANG) != 0) {
    pid_ = 0;
    is_usable_ = false;
  }
}

bool ForkServerClient::is_usable() {
  const std::lock_guard lock(mutex_);
  return is_usable_;
}

arrow::Result<wire::Frame> ForkServerClient::Ask(wire::FrameKind kind,
                                                 const std::string& body,
                                                 std::span<const int> fds) {
  if (!is_usable_) {
    return Lost("the process that starts the workers is gone");
  }
  ReadOutput();
  if (!socket_.Send(kind, body, fds).ok()) {
    return Lost("the process that starts the workers is gone");
  }
  auto received = Await(kAnswerTimeout);
  if (!received.ok()) {
    return Lost("the process that starts the workers is gone");
  }
  if (!received->has_value()) {
    return Lost("the process that starts the workers does not answer");
  }
  return *std::move(*received);
}

arrow::Result<WorkerParts> ForkServerClient::Fork() {
  ARROW_ASSIGN_OR_RAISE(auto sockets, wire::FrameSocket::MakePair());
  ARROW_ASSIGN_OR_RAISE(auto out, MakePipe());
  ARROW_ASSIGN_OR_RAISE(auto err, MakePipe());
  const std::array<int, 3> given{sockets.second.fd(), out.write_end.get(),
                                 err.write_end.get()};
  const std::lock_guard lock(mutex_);
  ARROW_ASSIGN_OR_RAISE(auto frame, Ask(wire::FrameKind::kFork, "", given));
  if (frame.kind == wire::FrameKind::kServerFailed) {
    ARROW_ASSIGN_OR_RAISE(const auto failed, wire::ServerFailed::Decode(frame.body));
    return MakeUdfError(UdfErrorCode::kWorkerLost, failed.message);
  }
  ARROW_ASSIGN_OR_RAISE(const auto forked, wire::Forked::Decode(frame.body));
  if (frame.kind != wire::FrameKind::kForked || frame.fds.size() != 1) {
    return Lost("the process that starts the workers answers what was not asked");
  }
  return WorkerParts{forked.pid, std::move(frame.fds[0]), std::move(sockets.first),
                     std::move(out.read_end), std::move(err.read_end)};
}

std::optional<int32_t> ForkServerClient::TakeExitStatus(pid_t worker) {
  const std::lock_guard lock(mutex_);
  const auto frame =
      Ask(wire::FrameKind::kExitStatus, wire::ExitStatus{worker, {}}.Encode(), {});
  if (!frame.ok() || frame->kind != wire::FrameKind::kExitStatus) {
    return std::nullopt;
  }
  const auto status = wire::ExitStatus::Decode(frame->body);
  return status.ok() && status->pid == worker ? status->wait_status : std::nullopt;
}

}  // namespace springald
