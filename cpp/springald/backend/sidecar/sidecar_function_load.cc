// How a function gets into a worker.

#include <algorithm>
#include <cstring>
#include <string>
#include <utility>

#include "springald/backend/sidecar/sidecar_function.h"
#include "springald/python/gil.h"
#include "springald/wire/messages.h"

namespace springald {

namespace {

/// Loading may import large modules, which is no batch's fault.
constexpr int64_t kMinLoadTimeoutMs = 60'000;

}  // namespace

std::optional<SidecarFunction::Attempt> SidecarFunction::EnsureLoaded(
    WorkerProcess& worker, CancelToken& cancel) const {
  if (worker.loaded.contains(definition_->hash())) {
    return std::nullopt;
  }
  const std::string& bytes = definition_->bytes();
  auto segment = wire::WritableSegment::Create(static_cast<int64_t>(bytes.size()));
  if (!segment.ok()) {
    return Attempt{segment.status()};
  }
  std::memcpy(segment->data(), bytes.data(), bytes.size());
  UdfLimits limits = limits_;
  if (limits.timeout_ms > 0) {
    limits.timeout_ms = std::max(limits.timeout_ms, kMinLoadTimeoutMs);
  }
  const uint64_t request_id = worker.next_request_id++;
  const wire::Load load{request_id, definition_->hash(), bytes.size()};
  const int fd = segment->fd();
  RequestOutcome outcome = worker.Request(wire::FrameKind::kLoad, load.Encode(), {&fd, 1},
                                          limits, "loaded the function", cancel, Sink());
  if (outcome.end != RequestEnd::kAnswered) {
    return Attempt{outcome.status, outcome.end == RequestEnd::kLost};
  }
  if (outcome.answer.kind == wire::FrameKind::kFailed) {
    const auto failure = FailureOf(outcome.answer, request_id);
    return failure.detail() != nullptr
               ? Attempt{failure}
               : Attempt{worker.Misunderstood("loaded the function", failure).status,
                         true};
  }
  const auto loaded = wire::Loaded::Decode(outcome.answer.body);
  if (outcome.answer.kind != wire::FrameKind::kLoaded || !loaded.ok() ||
      loaded->request_id != request_id) {
    const auto why = loaded.ok() ? arrow::Status::Invalid("an answer to another request")
                                 : loaded.status();
    return Attempt{worker.Misunderstood("loaded the function", why).status, true};
  }
  std::call_once(described_, [&] {
    not_inlined_reason_ = loaded->not_inlined_reason;
    not_distinct_reason_ = loaded->not_distinct_reason;
  });
  worker.loaded.insert(definition_->hash());
  return std::nullopt;
}

arrow::Status SidecarFunction::LoadOnce() {
  const python::GilRelease release;
  CancelToken never;
  for (int attempt = 1;; ++attempt) {
    ARROW_ASSIGN_OR_RAISE(auto lease,
                          pool_->Acquire(definition_->hash(), std::nullopt, never));
    const auto failed = EnsureLoaded(*lease.operator->(), never);
    if (!failed.has_value()) {
      return arrow::Status::OK();
    }
    if (!failed->may_retry || attempt == kMaxAttempts) {
      return failed->column.status();
    }
    pool_->CountRetry();
  }
}

}  // namespace springald
