#include "springald/backend/sidecar/function_output.h"

namespace springald {

void FunctionOutput::Add(std::string_view line) {
  const std::lock_guard lock(mutex_);
  lines_.emplace_back(line).push_back('\n');
  num_bytes_ += lines_.back().size();
  while (num_bytes_ > kMaxBytes) {
    num_bytes_ -= lines_.front().size();
    lines_.pop_front();
  }
}

std::string FunctionOutput::Text() const {
  const std::lock_guard lock(mutex_);
  std::string text;
  for (const std::string& line : lines_) {
    text += line;
  }
  return text;
}

}  // namespace springald
