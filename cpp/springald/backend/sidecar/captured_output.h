#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "springald/backend/sidecar/last_lines.h"
#include "springald/base/unique_fd.h"

namespace springald {

/// Whom a line was written to.
enum class OutputStream { kStandardOutput, kStandardError };

/// Gets each line that a worker writes, without its end, cut to a bound.
using LineSink = std::function<void(OutputStream stream, std::string_view line)>;

/// Reads what a worker writes to one of its streams, and keeps the last lines. For one
/// thread at a time.
class CapturedOutput {
 public:
  CapturedOutput(OutputStream stream, UniqueFd pipe)
      : stream_(stream), pipe_(std::move(pipe)) {}

  int fd() const { return pipe_.get(); }

  /// Forgets the lines of the batch before.
  void BeginBatch();

  /// Reads what is there, and gives lines to `sink`. Closes the pipe where nobody can
  /// write to it any more.
  void Drain(const LineSink& sink);

  /// Gives the end of the last line to `sink` if it has no end, because the batch has
  /// one.
  void EndBatch(const LineSink& sink);

  /// The last lines of this batch, each with its end; at most kMaxTailBytes.
  std::string Tail() const;

  static constexpr std::size_t kMaxTailBytes = 8 << 10;
  static constexpr std::size_t kMaxLineBytes = 2 << 10;

 private:
  void Take(std::string_view bytes, const LineSink& sink);
  void EndLine(const LineSink& sink);

  const OutputStream stream_;
  UniqueFd pipe_;
  std::string line_;  // its beginning, up to kMaxLineBytes
  bool is_line_begun_ = false;
  LastLines tail_{kMaxTailBytes};
};

}  // namespace springald
