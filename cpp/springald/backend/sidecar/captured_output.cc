#include "springald/backend/sidecar/captured_output.h"

#include <algorithm>
#include <array>
#include <cerrno>

#include <unistd.h>

namespace springald {

namespace {

/// How much is read before something else is looked at: a worker that writes without end
/// must not keep its owner from its deadline.
constexpr int kMaxReads = 64;

}  // namespace

void CapturedOutput::BeginBatch() { tail_.Clear(); }

void CapturedOutput::Drain(const LineSink& sink) {
  std::array<char, 64 << 10> bytes;
  for (int i = 0; i < kMaxReads && pipe_; ++i) {
    const ssize_t n = read(pipe_.get(), bytes.data(), bytes.size());
    if (n > 0) {
      Take({bytes.data(), static_cast<std::size_t>(n)}, sink);
    } else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
      pipe_.Reset();
    } else {
      return;
    }
  }
}

void CapturedOutput::Take(std::string_view bytes, const LineSink& sink) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    line_.append(part.substr(0, kMaxLineBytes - std::min(kMaxLineBytes, line_.size())));
    is_line_begun_ = true;
    if (end == std::string_view::npos) {
      return;
    }
    EndLine(sink);
    bytes.remove_prefix(end + 1);
  }
}

void CapturedOutput::EndLine(const LineSink& sink) {
  sink(stream_, line_);
  tail_.Add(line_);
  line_.clear();
  is_line_begun_ = false;
}

void CapturedOutput::EndBatch(const LineSink& sink) {
  if (is_line_begun_) {
    EndLine(sink);
  }
}

std::string CapturedOutput::Tail() const { return tail_.Text() + line_; }

}  // namespace springald
