#include "springald/backend/sidecar/sidecar_function.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <arrow/util/bit_util.h>

#include "springald/backend/constants.h"
#include "springald/backend/sidecar/limit_texts.h"
#include "springald/backend/sidecar/result_column.h"
#include "springald/base/udf_error.h"
#include "springald/python/gil.h"
#include "springald/result/column_check.h"
#include "springald/wire/messages.h"

namespace springald {

namespace {

constexpr int32_t kLogInfo = 20;
constexpr int32_t kLogWarning = 30;
/// Lines that are logged for one batch, so that a talkative function does not fill disks.
constexpr int kMaxLoggedLines = 200;

arrow::FieldVector FieldsWhere(const Batch& batch, const UdfDefinition& definition,
                               bool is_constant) {
  arrow::FieldVector fields;
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    if (IsConstant(batch, i) == is_constant) {
      fields.push_back(definition.arguments->field(static_cast<int>(i)));
    }
  }
  return fields;
}

arrow::ArrayVector Constants(const Batch& batch) {
  arrow::ArrayVector constants;
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    if (IsConstant(batch, i)) {
      constants.push_back(batch.columns[i]);
    }
  }
  return constants;
}

/// Logs are C text, which ends at a null character: it is written out.
std::string WithoutNulls(std::string_view line) {
  std::string text;
  for (const char character : line) {
    text += character == '\0' ? std::string("\\x00") : std::string(1, character);
  }
  return text;
}

bool HasMetLimit(UdfErrorCode code) {
  return code == UdfErrorCode::kMemory || code == UdfErrorCode::kOpenFiles;
}

std::string DescribeBatch(const Batch& batch) {
  return "ran a batch of " + std::to_string(batch.num_rows) + " rows";
}

}  // namespace

SidecarFunction::SidecarFunction(std::shared_ptr<const EncodedDefinition> definition,
                                 std::shared_ptr<WorkerPool> pool,
                                 std::shared_ptr<const SidecarLog> log)
    : definition_(std::move(definition)),
      pool_(std::move(pool)),
      log_(std::move(log)),
      limits_(Tightest(pool_->options().limits, definition_->definition().limits)) {}

void SidecarFunction::Log(int32_t level, const std::string& message) const {
  if (*log_) {
    (*log_)(level, message, *definition_);
  }
}

LineSink SidecarFunction::Sink() const {
  return [this, num_logged = 0](OutputStream, std::string_view written) mutable {
    const std::string line = WithoutNulls(written);
    output_.Add(line);
    if (num_logged < kMaxLoggedLines) {
      Log(kLogInfo, line);
    } else if (num_logged == kMaxLoggedLines) {
      Log(kLogInfo, "... more lines of this batch are left out");
    }
    num_logged = std::min(num_logged, kMaxLoggedLines) + 1;
  };
}

std::string SidecarFunction::Output() const { return output_.Text(); }

Description SidecarFunction::Describe() const {
  const auto text = [](const std::optional<std::string>& reason) {
    return reason.has_value() ? reason->c_str() : nullptr;
  };
  return {text(not_inlined_reason_), text(not_distinct_reason_), num_inlined_rows_.load(),
          num_repeated_rows_.load()};
}

arrow::Status SidecarFunction::FailureOf(const wire::Frame& answer,
                                         uint64_t request_id) const {
  ARROW_ASSIGN_OR_RAISE(auto failed, wire::Failed::Decode(answer.body));
  if (failed.request_id != request_id) {
    return arrow::Status::Invalid("an answer to another request");
  }
  return MakeUdfError(WithLimitNamed(std::move(failed.info), limits_));
}

arrow::Result<SidecarFunction::Prepared> SidecarFunction::Prepare(
    const Batch& batch) const {
  const UdfDefinition& definition = definition_->definition();
  ARROW_ASSIGN_OR_RAISE(
      auto columns,
      wire::ColumnsToWrite::Of(VaryingColumns(batch),
                               FieldsWhere(batch, definition, false), batch.num_rows));
  ARROW_ASSIGN_OR_RAISE(
      auto constants, wire::ColumnsToWrite::Of(Constants(batch),
                                               FieldsWhere(batch, definition, true), 1));
  return Prepared{std::move(columns), std::move(constants)};
}

RequestOutcome SidecarFunction::SendCall(WorkerProcess& worker, const Batch& batch,
                                         const Prepared& prepared,
                                         CancelToken& cancel) const {
  const int64_t constants_at =
      arrow::bit_util::RoundUpToMultipleOf64(prepared.columns.num_bytes());
  const int64_t num_bytes = constants_at + prepared.constants.num_bytes();
  bool is_new = false;
  if (!worker.arguments.has_value() || worker.arguments->capacity_bytes() < num_bytes) {
    worker.arguments.reset();
    auto made = wire::WritableSegment::Create(num_bytes);
    if (!made.ok()) {
      return {RequestEnd::kOverLimit, {}, made.status()};
    }
    worker.arguments = made.MoveValueUnsafe();
    is_new = true;
  }
  auto written = prepared.columns.WriteTo(worker.arguments->data());
  if (written.ok()) {
    written = prepared.constants.WriteTo(worker.arguments->data() + constants_at);
  }
  if (!written.ok()) {
    return {RequestEnd::kOverLimit, {}, written};
  }
  wire::Call call;
  call.request_id = worker.next_request_id++;
  call.hash = definition_->hash();
  call.num_rows = batch.num_rows;
  call.stream_id = batch.stream_id;
  call.is_constant = batch.is_constant;
  call.columns = {0, static_cast<uint64_t>(prepared.columns.num_bytes())};
  call.constants = {static_cast<uint64_t>(constants_at),
                    static_cast<uint64_t>(prepared.constants.num_bytes())};
  call.memory_bytes = limits_.memory_limit_bytes;
  call.max_open_files = limits_.max_open_files;
  call.max_result_bytes = limits_.max_result_bytes;
  const int fd = worker.arguments->fd();
  ++worker.num_batches;
  return worker.Request(wire::FrameKind::kCall, call.Encode(),
                        {&fd, is_new ? std::size_t{1} : 0}, limits_, DescribeBatch(batch),
                        cancel, Sink());
}

arrow::Result<SidecarFunction::Column> SidecarFunction::TakeResult(
    WorkerProcess& worker, wire::Frame answer, uint64_t request_id,
    const Batch& batch) const {
  ARROW_ASSIGN_OR_RAISE(const auto result, wire::Result::Decode(answer.body));
  if (result.request_id != request_id) {
    return arrow::Status::Invalid("an answer to another request");
  }
  if (limits_.max_result_bytes > 0 &&
      result.column.num_bytes > static_cast<uint64_t>(limits_.max_result_bytes)) {
    return arrow::Status::Invalid("a result of ", result.column.num_bytes, " bytes");
  }
  if (!answer.fds.empty()) {
    ARROW_ASSIGN_OR_RAISE(worker.results,
                          wire::ForeignSegment::Open(std::move(answer.fds[0])));
  }
  ARROW_ASSIGN_OR_RAISE(
      auto column, ReadResultColumn(worker.results, result.column,
                                    definition_->definition().result, batch.num_rows));
  if (result.keeps_segment) {
    worker.arguments.reset();
  }
  const auto as_rows = [&batch](int64_t number) {
    return std::clamp(number, int64_t{0}, batch.num_rows);
  };
  num_inlined_rows_.fetch_add(as_rows(result.num_inlined_rows),
                              std::memory_order_relaxed);
  num_repeated_rows_.fetch_add(as_rows(result.num_repeated_rows),
                               std::memory_order_relaxed);
  return column;
}

/// The worker has checked the column; but what it says is not believed.
arrow::Result<SidecarFunction::Column> SidecarFunction::Checked(
    Column column, const Batch& batch) const {
  const UdfDefinition& definition = definition_->definition();
  if (!HasConstants(batch) || definition.result->nullable()) {
    return CheckColumn(definition, std::move(column), batch.columns, batch.num_rows);
  }
  ARROW_ASSIGN_OR_RAISE(const Batch expanded, ExpandConstants(batch, false));
  return CheckColumn(definition, std::move(column), expanded.columns, batch.num_rows);
}

SidecarFunction::Attempt SidecarFunction::AttemptOf(WorkerProcess& worker,
                                                    const RequestOutcome& outcome,
                                                    const Batch& batch) const {
  const bool is_repeatable =
      definition_->definition().volatility != Volatility::kVolatile &&
      !WorkerOf(batch.stream_id).has_value();
  if (outcome.end == RequestEnd::kLost) {
    return {outcome.status, is_repeatable};
  }
  // What an earlier batch has left in the worker may have been too much for this one.
  const bool may_be_others =
      outcome.end == RequestEnd::kOverLimit && worker.num_batches > 1 &&
      GetUdfErrorInfo(outcome.status).code == UdfErrorCode::kMemory;
  return {outcome.status, is_repeatable && may_be_others};
}

SidecarFunction::Attempt SidecarFunction::Try(WorkerProcess& worker, const Batch& batch,
                                              const Prepared& prepared,
                                              CancelToken& cancel) const {
  if (auto failed = EnsureLoaded(worker, cancel); failed.has_value()) {
    return *std::move(failed);
  }
  RequestOutcome outcome = SendCall(worker, batch, prepared, cancel);
  const uint64_t request_id = worker.next_request_id - 1;
  if (outcome.end != RequestEnd::kAnswered) {
    return AttemptOf(worker, outcome, batch);
  }
  arrow::Status malformed;
  Attempt attempt{Column()};
  if (outcome.answer.kind == wire::FrameKind::kResult) {
    attempt.column = TakeResult(worker, std::move(outcome.answer), request_id, batch);
    malformed = attempt.column.status();
  } else if (outcome.answer.kind == wire::FrameKind::kFailed) {
    // Which may keep the columns too.
    worker.arguments.reset();
    attempt.column = FailureOf(outcome.answer, request_id);
    malformed = attempt.column.status().detail() == nullptr ? attempt.column.status()
                                                            : arrow::Status::OK();
    if (HasMetLimit(GetUdfErrorInfo(attempt.column.status()).code)) {
      // What it has kept would be the next function's trouble.
      worker.Retire();
    }
  } else {
    malformed =
        arrow::Status::Invalid("a frame of kind ", static_cast<int>(outcome.answer.kind));
  }
  if (!malformed.ok()) {
    return AttemptOf(worker, worker.Misunderstood(DescribeBatch(batch), malformed),
                     batch);
  }
  if (worker.arguments.has_value() &&
      worker.arguments->capacity_bytes() > wire::kMaxKeptBytes) {
    worker.arguments.reset();
  }
  if (worker.results.has_value() && worker.results->size_bytes() > wire::kMaxKeptBytes) {
    worker.results.reset();
  }
  worker.shared_bytes.store(
      (worker.arguments.has_value() ? worker.arguments->capacity_bytes() : 0) +
      (worker.results.has_value() ? worker.results->size_bytes() : 0));
  if (attempt.column.ok()) {
    attempt.column = Checked(attempt.column.MoveValueUnsafe(), batch);
  }
  return attempt;
}

std::optional<int64_t> SidecarFunction::WorkerOf(int64_t stream_id) const {
  if (stream_id == 0) {
    return std::nullopt;
  }
  const std::lock_guard lock(mutex_);
  const auto found = workers_of_streams_.find(stream_id);
  return found == workers_of_streams_.end() ? std::nullopt
                                            : std::optional<int64_t>(found->second);
}

void SidecarFunction::NoteStream(int64_t stream_id, int64_t worker_id) const {
  if (stream_id != 0 && definition_->definition().mode != UdfMode::kRow) {
    const std::lock_guard lock(mutex_);
    workers_of_streams_[stream_id] = worker_id;
  }
}

void SidecarFunction::ForgetStream(int64_t stream_id) const {
  if (stream_id != 0) {
    const std::lock_guard lock(mutex_);
    workers_of_streams_.erase(stream_id);
  }
}

arrow::Result<SidecarFunction::Column> SidecarFunction::Invoke(
    const Batch& batch, CancelToken& cancel) const {
  const python::GilRelease release;
  ARROW_ASSIGN_OR_RAISE(const Prepared prepared, Prepare(batch));
  for (int attempt = 1;; ++attempt) {
    ARROW_ASSIGN_OR_RAISE(auto lease, pool_->Acquire(definition_->hash(),
                                                     WorkerOf(batch.stream_id), cancel));
    WorkerProcess& worker = *lease.operator->();
    Attempt tried = Try(worker, batch, prepared, cancel);
    if (tried.column.ok()) {
      NoteStream(batch.stream_id, worker.id());
      return std::move(tried.column);
    }
    if (!tried.may_retry) {
      // What raises in a stream has ended it.
      ForgetStream(batch.stream_id);
      return tried.column.status();
    }
    UdfErrorInfo info = GetUdfErrorInfo(tried.column.status());
    if (attempt == kMaxAttempts) {
      info.message += "; it was tried " + std::to_string(kMaxAttempts) + " times";
      return MakeUdfError(std::move(info));
    }
    Log(kLogWarning, info.message + "; the batch is tried again");
    pool_->CountRetry();
  }
}

arrow::Status SidecarFunction::EndStream(int64_t stream_id, bool failed) const {
  const python::GilRelease release;
  const auto worker_id = WorkerOf(stream_id);
  if (!worker_id.has_value()) {
    return arrow::Status::OK();
  }
  ForgetStream(stream_id);
  CancelToken never;
  auto lease = pool_->Acquire(definition_->hash(), worker_id, never);
  if (!lease.ok()) {
    // Its rows are all there; only the function's code after the last is not run.
    Log(kLogWarning, "a stream of batches was not ended: " + lease.status().message());
    return arrow::Status::OK();
  }
  WorkerProcess& worker = *lease->operator->();
  const uint64_t request_id = worker.next_request_id++;
  const wire::EndStream end{request_id, definition_->hash(), stream_id, failed};
  const std::string what = "ended a stream of batches";
  const auto outcome = worker.Request(wire::FrameKind::kEndStream, end.Encode(), {},
                                      limits_, what, never, Sink());
  if (outcome.end == RequestEnd::kLost) {
    Log(kLogWarning, "a stream of batches was not ended: " + outcome.status.message());
    return arrow::Status::OK();
  }
  if (outcome.end != RequestEnd::kAnswered) {
    return outcome.status;
  }
  if (outcome.answer.kind == wire::FrameKind::kStreamEnded) {
    const auto ended = wire::EndStream::Decode(outcome.answer.body);
    if (ended.ok() && ended->request_id == request_id) {
      return arrow::Status::OK();
    }
    return worker.Misunderstood(what, arrow::Status::Invalid("another stream's end"))
        .status;
  }
  const auto failure = FailureOf(outcome.answer, request_id);
  return failure.detail() != nullptr ? failure
                                     : worker.Misunderstood(what, failure).status;
}

}  // namespace springald
