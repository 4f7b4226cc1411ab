#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <arrow/result.h>

#include "springald/base/udf_error.h"
#include "springald/codec/content_hash.h"
#include "springald/wire/columns.h"

namespace springald::wire {

// The bodies of frames, one struct for each. `Encode` writes one, `Decode` reads one that
// anybody may have written: it fails with Invalid where the body is malformed or too
// long, and allocates no more than the body has. docs/worker-protocol.md shows one byte
// by byte.

/// The longest text in a message, in bytes; errors are cut to less before.
inline constexpr std::size_t kMaxTextBytes = 96 << 10;
/// How many arguments a function may have here.
inline constexpr uint64_t kMaxArguments = 8192;

/// kServerReady: a fork server has imported what its workers need.
struct ServerReady {
  std::string version;  ///< of the library

  std::string Encode() const;
  static arrow::Result<ServerReady> Decode(std::string_view body);
};

/// kServerFailed: a fork server or a worker cannot be had.
struct ServerFailed {
  std::string message;

  std::string Encode() const;
  static arrow::Result<ServerFailed> Decode(std::string_view body);
};

/// kForked: the answer to kFork, which has no body and the worker's control socket,
/// stdout and stderr as descriptors. With a descriptor of the process (a pidfd).
struct Forked {
  int32_t pid = 0;

  std::string Encode() const;
  static arrow::Result<Forked> Decode(std::string_view body);
};

/// kExitStatus: asks how a worker ended, and is the answer to that.
struct ExitStatus {
  int32_t pid = 0;
  std::optional<int32_t> wait_status;  ///< of waitpid(2); absent in the question

  std::string Encode() const;
  static arrow::Result<ExitStatus> Decode(std::string_view body);
};

/// kLoad: load the function of a definition, whose bytes are in the segment that comes
/// with the frame.
struct Load {
  uint64_t request_id = 0;
  ContentHash hash;
  uint64_t definition_bytes = 0;

  std::string Encode() const;
  static arrow::Result<Load> Decode(std::string_view body);
};

/// kLoaded: the answer to kLoad. See Description of backend.h.
struct Loaded {
  uint64_t request_id = 0;
  std::optional<std::string> not_inlined_reason;
  std::optional<std::string> not_distinct_reason;

  std::string Encode() const;
  static arrow::Result<Loaded> Decode(std::string_view body);
};

/// kCall: run one batch of a function that was loaded. The columns are in the segment
/// that comes with the frame, or else in that of the call before.
struct Call {
  uint64_t request_id = 0;
  ContentHash hash;
  int64_t num_rows = 0;
  int64_t stream_id = 0;
  std::vector<bool> is_constant;  ///< one for each argument, or none
  ColumnsPlace columns;           ///< of the arguments that are no constants
  ColumnsPlace constants;         ///< of the others: one row
  // What the worker itself sees to; 0: no limit.
  int64_t memory_bytes = 0;
  int64_t max_open_files = 0;
  int64_t max_result_bytes = 0;

  std::string Encode() const;
  static arrow::Result<Call> Decode(std::string_view body);
};

/// kResult: the answer to kCall where the function gave a column, which is in the segment
/// that comes with the frame, or else in that of the result before.
struct Result {
  uint64_t request_id = 0;
  /// The function has kept columns of the call: their segment must not be written again.
  bool keeps_segment = false;
  ColumnsPlace column;
  int64_t num_inlined_rows = 0;
  int64_t num_repeated_rows = 0;

  std::string Encode() const;
  static arrow::Result<Result> Decode(std::string_view body);
};

/// kEndStream: end a stream of batches. The answer is kStreamEnded, whose body is the
/// same, or kFailed.
struct EndStream {
  uint64_t request_id = 0;
  ContentHash hash;
  int64_t stream_id = 0;
  bool failed = false;

  std::string Encode() const;
  static arrow::Result<EndStream> Decode(std::string_view body);
};

/// kFailed: the answer where a request failed. Exception objects do not travel; texts are
/// cut to kMaxTextBytes, all together to what a frame holds.
struct Failed {
  uint64_t request_id = 0;
  bool keeps_segment = false;
  UdfErrorInfo info;

  std::string Encode() const;
  static arrow::Result<Failed> Decode(std::string_view body);
};

}  // namespace springald::wire
