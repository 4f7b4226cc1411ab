#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>

namespace springald {

/// The last lines of a text, up to a number of bytes. For one thread at a time.
class LastLines {
 public:
  explicit LastLines(std::size_t max_bytes) : max_bytes_(max_bytes) {}

  /// Adds a line, which is given without its end.
  void Add(std::string_view line);
  void Clear();
  /// Returns the lines, each with its end, oldest first.
  std::string Text() const;

 private:
  const std::size_t max_bytes_;
  std::deque<std::string> lines_;
  std::size_t num_bytes_ = 0;
};

}  // namespace springald
