#include "springald/backend/sidecar/nearby_worker.h"

#include <cstring>

namespace springald {

namespace {

/// The caller only waits for so long, and its processor would be idle.
constexpr std::chrono::microseconds kShort{1'000};
/// The first requests after a function was loaded may start threads, which stay where
/// they are begun.
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

bool Place(pid_t pid, const cpu_set_t& processors) {
  return sched_setaffinity(pid, sizeof(processors), &processors) == 0;
}

cpu_set_t Only(int processor) {
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(processor, &here);
  return here;
}

/// Undoes Place(pid, Only(processor)), unless somebody else has placed it meanwhile.
void Release(pid_t pid, int processor, const cpu_set_t& before) {
  const cpu_set_t here = Only(processor);
  const auto now = ProcessorsOf(pid);
  if (!now.has_value() || !CPU_EQUAL(&*now, &here)) {
    return;
  }
  // What nobody has restricted follows the processors of its container, should those
  // change: naming all that there are now would be a restriction.
  cpu_set_t all;
  std::memset(&all, 0xff, sizeof(all));
  if (!Place(pid, all)) {
    return;
  }
  const auto unrestricted = ProcessorsOf(pid);
  if (!unrestricted.has_value() || !CPU_EQUAL(&*unrestricted, &before)) {
    Place(pid, before);
  }
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
  if (processor != processor_ && Place(pid_, Only(processor))) {
    processor_ = processor;
  }
  if (num_held_ > 0) {
    --num_held_;
    const auto before = ProcessorsOf(0);
    if (before.has_value() && Place(0, Only(processor))) {
      caller_everywhere_ = before;
      caller_processor_ = processor;
    }
  }
}

void NearbyWorker::AfterRequest(std::chrono::nanoseconds elapsed) {
  if (elapsed >= kShort) {
    StartOver();
    return;
  }
  num_short_ += num_short_ < kShortRequestsBefore ? 1 : 0;
  if (processor_ >= 0 && sched_getcpu() != processor_) {
    num_held_ = kHeldRequests;
  }
  ReleaseCaller();
}

void NearbyWorker::StartOver() {
  num_short_ = 0;
  num_held_ = 0;
  LetGo();
}

void NearbyWorker::LetGo() {
  ReleaseCaller();
  if (processor_ >= 0) {
    Release(pid_, processor_, *everywhere_);
    processor_ = -1;
  }
}

void NearbyWorker::ReleaseCaller() {
  if (caller_everywhere_.has_value()) {
    Release(0, caller_processor_, *caller_everywhere_);
    caller_everywhere_.reset();
  }
}

void NearbyWorker::Forget() {
  ReleaseCaller();
  everywhere_.reset();
  processor_ = -1;
}

}  // namespace springald
