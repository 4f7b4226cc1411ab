#include "springald/backend/sidecar/nearby_worker.h"

namespace springald {

namespace {

/// The caller only waits for so long, and its processor would be idle.
constexpr std::chrono::microseconds kShort{1'000};
/// The first requests of a function may start threads, which stay where they are begun.
constexpr int kShortRequestsBefore = 16;
/// How many requests a caller stays that was moved: few enough for it to move soon where
/// another process needs the processor.
constexpr int kHeldRequests = 256;

/// The processors that a process or, with 0, the calling thread may run on.
std::optional<cpu_set_t> ProcessorsOf(pid_t pid) {
  cpu_set_t processors;
  return sched_getaffinity(pid, sizeof(processors), &processors) == 0
             ? std::optional<cpu_set_t>(processors)
             : std::nullopt;
}

bool PlaceAt(pid_t pid, int processor) {
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(processor, &here);
  return sched_setaffinity(pid, sizeof(here), &here) == 0;
}

}  // namespace

NearbyWorker::NearbyWorker(pid_t pid) : pid_(pid), everywhere_(ProcessorsOf(pid)) {}

void NearbyWorker::BeforeRequest() {
  if (!everywhere_.has_value() || num_short_ < kShortRequestsBefore) {
    return;
  }
  const int processor = sched_getcpu();
  if (processor < 0 || processor >= CPU_SETSIZE || !CPU_ISSET(processor, &*everywhere_)) {
    return;
  }
  if (processor != processor_ && PlaceAt(pid_, processor)) {
    processor_ = processor;
  }
  if (num_held_ > 0) {
    --num_held_;
    const auto before = ProcessorsOf(0);
    if (before.has_value() && PlaceAt(0, processor)) {
      caller_everywhere_ = before;
    }
  }
}

void NearbyWorker::AfterRequest(std::chrono::nanoseconds elapsed) {
  if (elapsed >= kShort) {
    num_short_ = 0;
    num_held_ = 0;
    LetGo();
    return;
  }
  num_short_ += num_short_ < kShortRequestsBefore ? 1 : 0;
  if (processor_ >= 0 && sched_getcpu() != processor_) {
    num_held_ = kHeldRequests;
  }
  ReleaseCaller();
}

void NearbyWorker::LetGo() {
  ReleaseCaller();
  if (processor_ >= 0) {
    sched_setaffinity(pid_, sizeof(*everywhere_), &*everywhere_);
    processor_ = -1;
  }
}

void NearbyWorker::ReleaseCaller() {
  if (caller_everywhere_.has_value()) {
    sched_setaffinity(0, sizeof(*caller_everywhere_), &*caller_everywhere_);
    caller_everywhere_.reset();
  }
}

}  // namespace springald
