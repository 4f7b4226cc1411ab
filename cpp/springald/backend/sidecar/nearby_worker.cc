#include "springald/backend/sidecar/nearby_worker.h"

namespace springald {

namespace {

/// The caller only waits for so long, and its processor would be idle.
constexpr std::chrono::microseconds kShort{1'000};
/// The first requests of a function may start threads, which stay where they are begun.
constexpr int kShortRequestsBefore = 16;

}  // namespace

NearbyWorker::NearbyWorker(pid_t pid) : pid_(pid) {
  cpu_set_t processors;
  if (sched_getaffinity(pid, sizeof(processors), &processors) == 0) {
    everywhere_ = processors;
  }
}

void NearbyWorker::BeforeRequest() {
  if (!everywhere_.has_value() || num_short_ < kShortRequestsBefore) {
    return;
  }
  const int processor = sched_getcpu();
  if (processor == processor_ || processor < 0 || processor >= CPU_SETSIZE ||
      !CPU_ISSET(processor, &*everywhere_)) {
    return;
  }
  cpu_set_t here;
  CPU_ZERO(&here);
  CPU_SET(processor, &here);
  if (sched_setaffinity(pid_, sizeof(here), &here) == 0) {
    processor_ = processor;
  }
}

void NearbyWorker::AfterRequest(std::chrono::nanoseconds elapsed) {
  if (elapsed < kShort) {
    num_short_ += num_short_ < kShortRequestsBefore ? 1 : 0;
    return;
  }
  num_short_ = 0;
  LetGo();
}

void NearbyWorker::LetGo() {
  if (processor_ >= 0) {
    sched_setaffinity(pid_, sizeof(*everywhere_), &*everywhere_);
    processor_ = -1;
  }
}

}  // namespace springald
