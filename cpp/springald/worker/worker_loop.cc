#include "springald/worker/worker_loop.h"

#include <cerrno>
#include <new>
#include <string>
#include <utility>

#include "springald/backend/constants.h"
#include "springald/backend/embedded/known_extensions.h"
#include "springald/base/udf_error.h"
#include "springald/python/gil.h"
#include "springald/wire/columns.h"
#include "springald/worker/standard_streams.h"

namespace springald::worker {

namespace {

/// An int attribute, or 0.
int64_t NumberOf(PyObject* object, const char* name) {
  const auto value = python::PyRef::Steal(PyObject_GetAttrString(object, name));
  const int64_t number =
      value && PyLong_Check(value.get()) ? PyLong_AsLongLong(value.get()) : 0;
  PyErr_Clear();
  return number;
}

/// A MemoryError with words of the function's own. One that the interpreter raises has
/// none, and libraries raise classes of their own.
bool IsUsersOwn(PyObject* memory_error) {
  const auto arguments =
      python::PyRef::Steal(PyObject_GetAttrString(memory_error, "args"));
  const bool has_words = arguments && PyObject_IsTrue(arguments.get()) == 1;
  PyErr_Clear();
  return has_words &&
         Py_TYPE(memory_error) == reinterpret_cast<PyTypeObject*>(PyExc_MemoryError);
}

/// The failure, as one of a limit where the function met one.
UdfErrorInfo WithLimit(UdfErrorInfo info, bool is_out_of_memory) {
  auto* const exception = static_cast<PyObject*>(info.exception.get());
  const auto is_a = [exception](PyObject* kind) {
    return exception != nullptr && PyErr_GivenExceptionMatches(exception, kind) != 0;
  };
  if (is_out_of_memory || (is_a(PyExc_MemoryError) && !IsUsersOwn(exception))) {
    info.code = UdfErrorCode::kMemory;
  } else if (is_a(PyExc_OSError) && NumberOf(exception, "errno") == EMFILE) {
    info.code = UdfErrorCode::kOpenFiles;
  }
  info.exception.reset();
  return info;
}

arrow::Result<std::shared_ptr<arrow::Buffer>> PartOf(
    const std::shared_ptr<arrow::Buffer>& segment, const wire::ColumnsPlace& place) {
  const auto size = static_cast<uint64_t>(segment == nullptr ? 0 : segment->size());
  if (place.offset > size || place.num_bytes > size - place.offset) {
    return arrow::Status::Invalid(
        "columns lie outside of their segment: ", place.num_bytes, " bytes at byte ",
        place.offset, " of ", size);
  }
  return arrow::SliceBuffer(segment, static_cast<int64_t>(place.offset),
                            static_cast<int64_t>(place.num_bytes));
}

/// Runs `body`; a failure to allocate is an error like any other.
template <typename Body>
auto Allocating(Body&& body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    return arrow::Status::OutOfMemory("no memory is left to the worker");
  }
}

}  // namespace

arrow::Status WorkerLoop::Run() {
  ARROW_RETURN_NOT_OK(interrupts_.Install());
  for (;;) {
    arrow::Result<std::optional<wire::Frame>> received;
    {
      const python::GilRelease release;
      received = socket_.Receive();
    }
    if (!received.ok()) {
      return wire::IsClosed(received.status()) ? arrow::Status::OK() : received.status();
    }
    if (!received->has_value()) {
      // A signal: its Python handler runs here, where no call is in progress.
      PyErr_CheckSignals();
      PyErr_Clear();
      continue;
    }
    ARROW_RETURN_NOT_OK(Answer(*std::move(*received)));
  }
}

arrow::Status WorkerLoop::Answer(wire::Frame frame) {
  switch (frame.kind) {
    case wire::FrameKind::kLoad:
      return AnswerLoad(std::move(frame));
    case wire::FrameKind::kCall:
      return AnswerCall(std::move(frame));
    case wire::FrameKind::kEndStream:
      return AnswerEndStream(frame);
    default:
      return arrow::Status::Invalid("a worker got a frame of kind ",
                                    static_cast<int>(frame.kind));
  }
}

arrow::Status WorkerLoop::AnswerFailed(uint64_t request_id, arrow::Status status) {
  wire::Failed failed;
  failed.request_id = request_id;
  failed.info = WithLimit(GetUdfErrorInfo(status), status.IsOutOfMemory());
  // With it goes the exception, whose traceback holds the columns.
  status = arrow::Status::OK();
  failed.keeps_segment = ReleaseRequest();
  FlushStandardStreams();
  return socket_.Send(wire::FrameKind::kFailed, failed.Encode());
}

arrow::Result<WorkerLoop::LoadedFunction> WorkerLoop::LoadFrom(const wire::Load& load,
                                                               UniqueFd segment) {
  ARROW_ASSIGN_OR_RAISE(const auto mapped, wire::MapSegment(std::move(segment)));
  if (load.definition_bytes > static_cast<uint64_t>(mapped->size())) {
    return arrow::Status::Invalid("a definition lies outside of its segment");
  }
  const std::string_view bytes(reinterpret_cast<const char*>(mapped->data()),
                               load.definition_bytes);
  ARROW_ASSIGN_OR_RAISE(auto definition, EncodedDefinition::Decode(bytes));
  ARROW_ASSIGN_OR_RAISE(auto function, backend_.Load(definition));
  ARROW_ASSIGN_OR_RAISE(definition, WithKnownExtensions(std::move(definition)));
  return LoadedFunction{std::move(definition), std::move(function)};
}

arrow::Status WorkerLoop::AnswerLoad(wire::Frame frame) {
  ARROW_ASSIGN_OR_RAISE(const auto load, wire::Load::Decode(frame.body));
  if (frame.fds.size() != 1) {
    return arrow::Status::Invalid("a definition came with ", frame.fds.size(),
                                  " segments");
  }
  CancelToken cancel;
  auto loaded = Allocating([&] {
    const InterruptHandler::Scope scope(interrupts_, cancel);
    return LoadFrom(load, std::move(frame.fds[0]));
  });
  if (!loaded.ok()) {
    return AnswerFailed(load.request_id,
                        cancel.is_cancelled() ? MakeCancelledError() : loaded.status());
  }
  const Description description = loaded->function->Describe();
  const auto text = [](const char* reason) {
    return reason == nullptr ? std::nullopt : std::optional<std::string>(reason);
  };
  functions_.insert_or_assign(load.hash, *std::move(loaded));
  FlushStandardStreams();
  return socket_.Send(wire::FrameKind::kLoaded,
                      wire::Loaded{load.request_id, text(description.not_inlined_reason),
                                   text(description.not_distinct_reason)}
                          .Encode());
}

arrow::Result<WorkerLoop::LoadedFunction> WorkerLoop::Find(
    const ContentHash& hash) const {
  const auto found = functions_.find(hash);
  if (found == functions_.end()) {
    return arrow::Status::Invalid("the function ", hash.ToHex(), " was not loaded");
  }
  return found->second;
}

arrow::Result<Batch> WorkerLoop::ReadBatch(const wire::Call& call,
                                           const UdfDefinition& definition) const {
  arrow::FieldVector varying;
  arrow::FieldVector constant;
  const auto& fields = definition.arguments->fields();
  Batch batch;
  batch.num_rows = call.num_rows;
  batch.is_constant = call.is_constant;
  batch.stream_id = call.stream_id;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    (IsConstant(batch, i) ? constant : varying).push_back(fields[i]);
  }
  const auto read = [this](const wire::ColumnsPlace& place,
                           const arrow::FieldVector& expected,
                           int64_t num_rows) -> arrow::Result<arrow::ArrayVector> {
    if (expected.empty()) {
      return arrow::ArrayVector();
    }
    ARROW_ASSIGN_OR_RAISE(const auto bytes, PartOf(request_, place));
    ARROW_ASSIGN_OR_RAISE(auto columns, wire::ReadColumns(bytes, expected, num_rows));
    return wire::WithExtensions(std::move(columns), expected);
  };
  ARROW_ASSIGN_OR_RAISE(const auto columns, read(call.columns, varying, call.num_rows));
  ARROW_ASSIGN_OR_RAISE(const auto constants, read(call.constants, constant, 1));
  auto next_column = columns.begin();
  auto next_constant = constants.begin();
  for (std::size_t i = 0; i < fields.size(); ++i) {
    batch.columns.push_back(IsConstant(batch, i) ? *next_constant++ : *next_column++);
  }
  return batch;
}

arrow::Result<std::shared_ptr<arrow::Array>> WorkerLoop::RunBatch(
    const wire::Call& call, const LoadedFunction& loaded) {
  ARROW_ASSIGN_OR_RAISE(const Batch batch,
                        ReadBatch(call, loaded.definition->definition()));
  ARROW_RETURN_NOT_OK(limits_.Apply(call.memory_bytes, call.max_open_files));
  CancelToken cancel;
  const InterruptHandler::Scope scope(interrupts_, cancel);
  return loaded.function->Invoke(batch, cancel);
}

arrow::Result<wire::ColumnsPlace> WorkerLoop::WriteResult(
    const wire::Call& call, const UdfDefinition& definition,
    std::shared_ptr<arrow::Array> column, bool* is_new_segment) {
  ARROW_ASSIGN_OR_RAISE(
      const auto written,
      wire::ColumnsToWrite::Of({std::move(column)}, {definition.result}, call.num_rows));
  if (call.max_result_bytes > 0 && written.num_bytes() > call.max_result_bytes) {
    return MakeUdfError(UdfErrorCode::kResultSize,
                        "the result of a batch of " + std::to_string(call.num_rows) +
                            " rows has " + std::to_string(written.num_bytes()) +
                            " bytes");
  }
  if (!results_.has_value() || results_->capacity_bytes() < written.num_bytes()) {
    results_.reset();
    ARROW_ASSIGN_OR_RAISE(results_, wire::WritableSegment::Create(written.num_bytes()));
    *is_new_segment = true;
  }
  ARROW_RETURN_NOT_OK(written.WriteTo(results_->data()));
  return wire::ColumnsPlace{0, static_cast<uint64_t>(written.num_bytes())};
}

bool WorkerLoop::ReleaseRequest() {
  const bool is_kept = request_ != nullptr && request_.use_count() > 1;
  if (is_kept || (request_ != nullptr && request_->size() > wire::kMaxKeptBytes)) {
    request_.reset();
  }
  return is_kept;
}

arrow::Status WorkerLoop::AnswerCall(wire::Frame frame) {
  ARROW_ASSIGN_OR_RAISE(const auto call, wire::Call::Decode(frame.body));
  ARROW_ASSIGN_OR_RAISE(const auto loaded, Find(call.hash));
  if (!frame.fds.empty()) {
    ARROW_ASSIGN_OR_RAISE(request_, wire::MapSegment(std::move(frame.fds[0])));
  }
  const Description before = loaded.function->Describe();
  bool is_new_segment = false;
  auto place = Allocating([&]() -> arrow::Result<wire::ColumnsPlace> {
    ARROW_ASSIGN_OR_RAISE(auto column, RunBatch(call, loaded));
    return WriteResult(call, loaded.definition->definition(), std::move(column),
                       &is_new_segment);
  });
  if (!place.ok()) {
    arrow::Status status = place.status();
    place = wire::ColumnsPlace{};
    return AnswerFailed(call.request_id, std::move(status));
  }
  const Description after = loaded.function->Describe();
  FlushStandardStreams();
  wire::Result result;
  result.request_id = call.request_id;
  result.keeps_segment = ReleaseRequest();
  result.column = *place;
  result.num_inlined_rows = after.num_inlined_rows - before.num_inlined_rows;
  result.num_repeated_rows = after.num_repeated_rows - before.num_repeated_rows;
  const int fd = results_->fd();
  ARROW_RETURN_NOT_OK(socket_.Send(wire::FrameKind::kResult, result.Encode(),
                                   {&fd, is_new_segment ? std::size_t{1} : 0}));
  if (results_->capacity_bytes() > wire::kMaxKeptBytes) {
    results_.reset();
  }
  return arrow::Status::OK();
}

arrow::Status WorkerLoop::AnswerEndStream(const wire::Frame& frame) {
  ARROW_ASSIGN_OR_RAISE(const auto end, wire::EndStream::Decode(frame.body));
  ARROW_ASSIGN_OR_RAISE(const auto loaded, Find(end.hash));
  CancelToken cancel;
  const auto status = Allocating([&] {
    const InterruptHandler::Scope scope(interrupts_, cancel);
    return loaded.function->EndStream(end.stream_id, end.failed);
  });
  if (!status.ok()) {
    return AnswerFailed(end.request_id, status);
  }
  FlushStandardStreams();
  return socket_.Send(wire::FrameKind::kStreamEnded, frame.body);
}

}  // namespace springald::worker
