#include "springald/backend/sidecar/worker_process.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <utility>

#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "springald/backend/sidecar/limit_texts.h"
#include "springald/backend/sidecar/process_usage.h"
#include "springald/base/exit_status.h"
#include "springald/base/udf_error.h"

namespace springald {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// How often a worker's memory and processor time are looked at.
constexpr milliseconds kSampleEvery{20};
/// How long an interrupted call may go on before its worker is killed. Half of what is
/// promised, so that a busy machine keeps the promise too.
constexpr milliseconds kInterruptGrace{500};
/// How long a worker that is out of time may take to write where it is.
constexpr milliseconds kTracebackWait{200};
constexpr milliseconds kEndWait{1'000};

void SendSignal(const UniqueFd& process, int signal) {
  syscall(SYS_pidfd_send_signal, process.get(), signal, nullptr, 0);
}

/// A request for whose time its worker and caller may be placed.
class PlacedRequest {
 public:
  PlacedRequest(NearbyWorker* nearby, wire::FrameKind kind) : nearby_(*nearby) {
    kind == wire::FrameKind::kLoad ? nearby_.StartOver() : nearby_.BeforeRequest();
  }
  ~PlacedRequest() { nearby_.AfterRequest(Clock::now() - start_); }
  PlacedRequest(const PlacedRequest&) = delete;
  PlacedRequest& operator=(const PlacedRequest&) = delete;

 private:
  NearbyWorker& nearby_;
  const Clock::time_point start_ = Clock::now();
};

/// Whether a line is of a stack that faulthandler wrote, and is a frame of ours.
bool IsOwnFrame(std::string_view line) {
  return line.starts_with("  File \"") &&
         (line.find("springald/worker.py\"") != std::string_view::npos ||
          line.starts_with("  File \"<frozen runpy>\""));
}

/// Leaves out how a worker came to call the function, which says nothing to its author.
std::string WithoutOwnFrames(const std::string& text) {
  std::string kept;
  for (std::size_t begin = 0; begin < text.size();) {
    const std::size_t end = std::min(text.find('\n', begin), text.size() - 1) + 1;
    const auto line = std::string_view(text).substr(begin, end - begin);
    if (!IsOwnFrame(line)) {
      kept += line;
    }
    begin = end;
  }
  return kept;
}

}  // namespace

/// What is known of one request while it is waited for.
struct WorkerProcess::Wait {
  const UdfLimits& limits;
  const std::string& what;
  CancelToken& cancel;
  const LineSink& sink;
  Clock::time_point now = Clock::now();
  Clock::time_point next_sample = now + kSampleEvery;
  std::optional<Clock::time_point> deadline{};
  std::optional<Clock::time_point> kill_at{};  ///< once it was interrupted
  /// What the process had used when the request began; asked for where it takes long.
  std::optional<int64_t> first_cpu_ns{};
  bool has_answer = false;  ///< or the end of the socket
  bool has_ended = false;
};

WorkerProcess::WorkerProcess(int64_t id, WorkerParts parts, UniqueFd wake,
                             std::shared_ptr<ForkServerClient> server)
    : id_(id),
      parts_(std::move(parts)),
      wake_(std::make_shared<const UniqueFd>(std::move(wake))),
      server_(std::move(server)),
      first_memory_bytes_(MemoryBytesOf(parts_.pid)),
      nearby_(parts_.pid),
      standard_output_(OutputStream::kStandardOutput, std::move(parts_.standard_output)),
      standard_error_(OutputStream::kStandardError, std::move(parts_.standard_error)) {}

WorkerProcess::~WorkerProcess() {
  if (!HasEnded(milliseconds(0))) {
    Kill();
    HasEnded(kEndWait);
  }
  server_->TakeExitStatus(parts_.pid);
}

void WorkerProcess::Retire() {
  is_usable_ = false;
  parts_.control.Close();
}

bool WorkerProcess::HasEnded(milliseconds timeout) const {
  pollfd waited{parts_.process.get(), POLLIN, 0};
  return poll(&waited, 1, static_cast<int>(timeout.count())) > 0;
}

void WorkerProcess::Stop() {
  is_stopped_.store(true);
  NotifyEventFd(*wake_);
}

void WorkerProcess::Interrupt() { SendSignal(parts_.process, SIGINT); }

void WorkerProcess::Kill() {
  is_usable_ = false;
  was_killed_ = true;
  nearby_.Forget();
  SendSignal(parts_.process, SIGKILL);
}

RequestOutcome WorkerProcess::Lost(const Wait& wait, const std::string& how) {
  is_usable_ = false;
  nearby_.Forget();
  std::string message = "the worker process ";
  if (HasEnded(how.empty() ? kEndWait : milliseconds(0))) {
    const auto status = server_->TakeExitStatus(parts_.pid);
    message += status.has_value() ? DescribeExit(*status) : "ended";
  } else {
    Kill();
    HasEnded(kEndWait);
    message += how.empty() ? "closed its socket" : how;
  }
  standard_output_.Drain(wait.sink);
  standard_error_.Drain(wait.sink);
  standard_error_.EndBatch(wait.sink);
  UdfErrorInfo info;
  info.code = UdfErrorCode::kWorkerLost;
  info.message = message + " while it " + wait.what;
  const std::string tail = WithoutOwnFrames(standard_error_.Tail());
  if (!tail.empty()) {
    info.traceback = "The last lines of its stderr:\n" + tail;
  }
  return {RequestEnd::kLost, {}, MakeUdfError(std::move(info))};
}

RequestOutcome WorkerProcess::Misunderstood(const std::string& what,
                                            const arrow::Status& why) {
  Kill();
  return {RequestEnd::kLost,
          {},
          MakeUdfError(UdfErrorCode::kWorkerLost, "the worker process " + what +
                                                      " and sent what is no answer (" +
                                                      why.message() + ")")};
}

RequestOutcome WorkerProcess::OverLimit(const Wait& wait, UdfErrorCode code,
                                        std::string message) {
  Kill();
  HasEnded(kEndWait);
  standard_error_.Drain(wait.sink);
  UdfErrorInfo info;
  info.code = code;
  info.message = std::move(message);
  return {RequestEnd::kOverLimit, {}, MakeUdfError(std::move(info))};
}

RequestOutcome WorkerProcess::TimedOut(const Wait& wait) {
  // faulthandler writes where its threads are, also where they are in C code.
  standard_error_.Drain(wait.sink);
  standard_error_.EndBatch(wait.sink);
  standard_error_.BeginBatch();
  SendSignal(parts_.process, SIGUSR1);
  const auto until = Clock::now() + kTracebackWait;
  do {
    pollfd waited{standard_error_.fd(), POLLIN, 0};
    if (poll(&waited, 1, 20) == 0 && !standard_error_.Tail().empty()) {
      break;
    }
    standard_error_.Drain([](OutputStream, std::string_view) {});
  } while (Clock::now() < until);
  Kill();
  HasEnded(kEndWait);
  UdfErrorInfo info;
  info.code = UdfErrorCode::kTimeout;
  info.message = "the time is over: the worker process " + wait.what +
                 " for longer than the timeout of " + InSeconds(wait.limits.timeout_ms);
  const std::string tail = WithoutOwnFrames(standard_error_.Tail());
  if (!tail.empty()) {
    info.traceback = "Where it was then:\n" + tail;
  }
  return {RequestEnd::kTimedOut, {}, MakeUdfError(std::move(info))};
}

void WorkerProcess::WaitForEvent(Wait* wait) {
  auto until = wait->next_sample;
  for (const auto& other : {wait->deadline, wait->kill_at}) {
    until = other.has_value() ? std::min(until, *other) : until;
  }
  const auto left = std::max<int64_t>(
      std::chrono::nanoseconds(until - Clock::now()).count(), int64_t{0});
  const timespec timeout{left / 1'000'000'000, left % 1'000'000'000};
  std::array<pollfd, 5> waited{
      pollfd{parts_.control.fd(), POLLIN, 0}, pollfd{parts_.process.get(), POLLIN, 0},
      pollfd{wake_->get(), POLLIN, 0}, pollfd{standard_output_.fd(), POLLIN, 0},
      pollfd{standard_error_.fd(), POLLIN, 0}};
  ppoll(waited.data(), waited.size(), &timeout, nullptr);
  // What is written before an answer is there when the answer is.
  if (waited[3].revents != 0) {
    standard_output_.Drain(wait->sink);
  }
  if (waited[4].revents != 0) {
    standard_error_.Drain(wait->sink);
  }
  if (waited[2].revents != 0) {
    ClearEventFd(*wake_);
  }
  wait->has_answer = waited[0].revents != 0;
  wait->has_ended = waited[1].revents != 0;
  wait->now = Clock::now();
}

std::optional<RequestOutcome> WorkerProcess::TakeAnswer(const Wait& wait) {
  auto received = parts_.control.TryReceive();
  if (!received.ok()) {
    return Lost(wait,
                wire::IsClosed(received.status())
                    ? ""
                    : "sent what is no answer (" + received.status().message() + ")");
  }
  if (!received->has_value()) {
    return std::nullopt;
  }
  standard_output_.EndBatch(wait.sink);
  standard_error_.EndBatch(wait.sink);
  if (wait.kill_at.has_value()) {
    // Its state may be anything after the interrupt, and a second one may be on its way.
    Retire();
    return RequestOutcome{RequestEnd::kCancelled, {}, MakeCancelledError()};
  }
  return RequestOutcome{RequestEnd::kAnswered, *std::move(*received),
                        arrow::Status::OK()};
}

std::optional<RequestOutcome> WorkerProcess::LookAtLimits(Wait* wait) {
  const UdfLimits& limits = wait->limits;
  if (!wait->kill_at.has_value() && (wait->cancel.is_cancelled() || is_stopped_.load())) {
    Interrupt();
    wait->kill_at = wait->now + kInterruptGrace;
  }
  if (wait->kill_at.has_value() && wait->now >= *wait->kill_at) {
    Kill();
    return RequestOutcome{RequestEnd::kCancelled, {}, MakeCancelledError()};
  }
  if (wait->deadline.has_value() && wait->now >= *wait->deadline) {
    return TimedOut(*wait);
  }
  if (wait->now < wait->next_sample) {
    return std::nullopt;
  }
  wait->next_sample = wait->now + kSampleEvery;
  nearby_.LetGo();
  const auto memory = limits.memory_limit_bytes > 0 ? MemoryBytesOf(pid()) : std::nullopt;
  const int64_t grown = memory.value_or(0) - first_memory_bytes_.value_or(0);
  if (memory.has_value() && grown > limits.memory_limit_bytes) {
    return OverLimit(*wait, UdfErrorCode::kMemory,
                     "the memory is over: the worker process " + wait->what +
                         " and had " + InMib(grown) + ", the limit is " +
                         InMib(limits.memory_limit_bytes));
  }
  const auto cpu_ns = limits.cpu_limit_ms > 0 ? CpuNsOf(pid()) : std::nullopt;
  if (cpu_ns.has_value() && !wait->first_cpu_ns.has_value()) {
    // As if one thread had been busy until now: a look at the start of each request would
    // cost all of them, and be no better by much.
    wait->first_cpu_ns = *cpu_ns - std::chrono::nanoseconds(kSampleEvery).count();
  }
  const int64_t used_ms =
      (cpu_ns.value_or(0) - wait->first_cpu_ns.value_or(0)) / 1'000'000;
  if (cpu_ns.has_value() && used_ms > limits.cpu_limit_ms) {
    return OverLimit(*wait, UdfErrorCode::kCpuTime,
                     "the processor time is over: the worker process " + wait->what +
                         " and used " + InSeconds(used_ms) + ", the limit is " +
                         InSeconds(limits.cpu_limit_ms));
  }
  return std::nullopt;
}

RequestOutcome WorkerProcess::Request(wire::FrameKind kind, const std::string& body,
                                      std::span<const int> fds, const UdfLimits& limits,
                                      const std::string& what, CancelToken& cancel,
                                      const LineSink& sink) {
  const LineSink released_sink = [this, &sink](OutputStream stream,
                                               std::string_view line) {
    nearby_.ReleaseCaller();
    sink(stream, line);
  };
  Wait wait{.limits = limits, .what = what, .cancel = cancel, .sink = released_sink};
  if (limits.timeout_ms > 0) {
    wait.deadline = wait.now + milliseconds(limits.timeout_ms);
  }
  const PlacedRequest placed(&nearby_, kind);
  standard_output_.BeginBatch();
  standard_error_.BeginBatch();
  const CancelRegistration woken(cancel, [wake = wake_] { NotifyEventFd(*wake); });
  // A socket that does not take the frame belongs to a worker that is gone: seen below.
  const arrow::Status sent = parts_.control.Send(kind, body, fds);
  std::optional<RequestOutcome> outcome;
  if (!sent.ok()) {
    outcome = Lost(wait, "did not take a request (" + sent.message() + ")");
  }
  while (!outcome.has_value()) {
    WaitForEvent(&wait);
    if (wait.has_answer || wait.has_ended) {
      outcome = TakeAnswer(wait);
      if (!outcome.has_value() && wait.has_ended) {
        outcome = Lost(wait, "");
      }
    }
    if (!outcome.has_value()) {
      outcome = LookAtLimits(&wait);
    }
  }
  last_used = wait.now;
  return *std::move(outcome);
}

}  // namespace springald
