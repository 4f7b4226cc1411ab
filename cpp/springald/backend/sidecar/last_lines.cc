#include "springald/backend/sidecar/last_lines.h"

namespace springald {

void LastLines::Add(std::string_view line) {
  lines_.emplace_back(line).push_back('\n');
  num_bytes_ += lines_.back().size();
  while (num_bytes_ > max_bytes_) {
    num_bytes_ -= lines_.front().size();
    lines_.pop_front();
  }
}

void LastLines::Clear() {
  lines_.clear();
  num_bytes_ = 0;
}

std::string LastLines::Text() const {
  std::string text;
  for (const std::string& line : lines_) {
    text += line;
  }
  return text;
}

}  // namespace springald
