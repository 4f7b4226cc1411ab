#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <arrow/result.h>

#include "springald/wire/frame_socket.h"
#include "springald/wire/messages.h"

namespace springald::wire {

/// A frame without descriptors.
struct SampleFrame {
  std::string name;
  FrameKind kind;
  std::string body;
};

/// Frames of each kind that has a body, with and without what may be absent.
inline std::vector<SampleFrame> SampleFrames() {
  const ContentHash hash = ContentHash::Of("a definition");
  UdfErrorInfo info;
  info.code = UdfErrorCode::kExecution;
  info.udf_name = "f";
  info.exception_type = "ZeroDivisionError";
  info.message = "division by zero";
  info.traceback = "Traceback (most recent call last):\n";
  info.row = 3;
  info.arguments = "(1, 0)";
  UdfErrorInfo lost;
  lost.code = UdfErrorCode::kWorkerLost;
  lost.retryable = true;
  const Call call{.request_id = 9,
                  .hash = hash,
                  .num_rows = 8192,
                  .stream_id = -4,
                  .is_constant = {false, true, false},
                  .columns = {0, 65536},
                  .constants = {65536, 512},
                  .memory_bytes = int64_t{2} << 30,
                  .max_open_files = 64,
                  .max_result_bytes = int64_t{1} << 30};
  return {
      {"server_ready", FrameKind::kServerReady, ServerReady{"1.2.3"}.Encode()},
      {"server_failed", FrameKind::kServerFailed, ServerFailed{"no memory"}.Encode()},
      {"forked", FrameKind::kForked, Forked{4711}.Encode()},
      {"exit_status_asked", FrameKind::kExitStatus, ExitStatus{4711, {}}.Encode()},
      {"exit_status", FrameKind::kExitStatus, ExitStatus{4711, 9}.Encode()},
      {"load", FrameKind::kLoad, Load{1, hash, 235}.Encode()},
      {"loaded", FrameKind::kLoaded, Loaded{1, {}, {}}.Encode()},
      {"loaded_with_reasons", FrameKind::kLoaded, Loaded{1, "calls g", ""}.Encode()},
      {"call", FrameKind::kCall, call.Encode()},
      {"call_of_nothing", FrameKind::kCall, Call{}.Encode()},
      {"result", FrameKind::kResult, Result{9, true, {0, 32768}, 8000, 192}.Encode()},
      {"end_stream", FrameKind::kEndStream, EndStream{10, hash, -4, true}.Encode()},
      {"stream_ended", FrameKind::kStreamEnded, EndStream{10, hash, -4, true}.Encode()},
      {"failed", FrameKind::kFailed, Failed{9, true, info}.Encode()},
      {"failed_retryable", FrameKind::kFailed, Failed{9, false, lost}.Encode()},
  };
}

/// Decodes a body and encodes what it says.
inline arrow::Result<std::string> DecodedAndEncoded(FrameKind kind,
                                                    std::string_view body) {
  const auto encoded = [](const auto& message) -> arrow::Result<std::string> {
    ARROW_RETURN_NOT_OK(message.status());
    return message->Encode();
  };
  switch (kind) {
    case FrameKind::kServerReady:
      return encoded(ServerReady::Decode(body));
    case FrameKind::kServerFailed:
      return encoded(ServerFailed::Decode(body));
    case FrameKind::kForked:
      return encoded(Forked::Decode(body));
    case FrameKind::kExitStatus:
      return encoded(ExitStatus::Decode(body));
    case FrameKind::kLoad:
      return encoded(Load::Decode(body));
    case FrameKind::kLoaded:
      return encoded(Loaded::Decode(body));
    case FrameKind::kCall:
      return encoded(Call::Decode(body));
    case FrameKind::kResult:
      return encoded(Result::Decode(body));
    case FrameKind::kEndStream:
    case FrameKind::kStreamEnded:
      return encoded(EndStream::Decode(body));
    case FrameKind::kFailed:
      return encoded(Failed::Decode(body));
    case FrameKind::kFork:
      break;
  }
  return arrow::Status::Invalid("a frame without a body of kind ",
                                static_cast<int>(kind));
}

}  // namespace springald::wire
