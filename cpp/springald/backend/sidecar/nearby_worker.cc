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
void Undo(pid_t pid, int processor, const cpu_set_t& before) {
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
  if (!(worker_.has_value() && worker_->processor == processor) &&
      Place(pid_, Only(processor))) {
    worker_ = {processor, *everywhere_};
  }
  if (num_held_ > 0) {
    --num_held_;
    const auto before = ProcessorsOf(0);
    if (before.has_value() && Place(0, Only(processor))) {
      caller_ = {processor, *before};
    }
  }
}

void NearbyWorker::AfterRequest(std::chrono::nanoseconds elapsed) {
  if (elapsed >= kShort) {
    StartOver();
    return;
  }
  num_short_ += num_short_ < kShortRequestsBefore ? 1 : 0;
  if (worker_.has_value() && sched_getcpu() != worker_->processor) {
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
  Release(pid_, &worker_);
}

void NearbyWorker::ReleaseCaller() { Release(0, &caller_); }

void NearbyWorker::Release(pid_t pid, std::optional<Placement>* placement) {
  if (placement->has_value()) {
    Undo(pid, (*placement)->processor, (*placement)->before);
    placement->reset();
  }
}

void NearbyWorker::Forget() {
  ReleaseCaller();
  everywhere_.reset();
  worker_.reset();
}

}  // namespace springald
