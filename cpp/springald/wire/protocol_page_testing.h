#pragma once

#include <fstream>
#include <iterator>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace springald::wire {

/// The bytes that a hexadecimal block of docs/worker-protocol.md shows, after "00: " in
/// each line. Blocks count from 0. A line may leave out zeros before it.
inline std::string BytesOfPage(int number) {
  std::ifstream file(WORKER_PROTOCOL_PAGE);
  const std::string page(std::istreambuf_iterator<char>(file), {});
  std::size_t begin = 0;
  for (int i = 0; i <= number; ++i) {
    begin = page.find("```hex\n", begin) + 7;
  }
  std::istringstream block(page.substr(begin, page.find("```", begin) - begin));
  std::string bytes;
  for (std::string line; std::getline(block, line);) {
    const std::size_t place = std::stoul(line, nullptr, 16);
    EXPECT_GE(place, bytes.size()) << line;
    bytes.resize(place, '\0');
    std::istringstream row(line.substr(4, 36));
    for (std::string byte; row >> byte;) {
      bytes.push_back(static_cast<char>(std::stoi(byte, nullptr, 16)));
    }
  }
  return bytes;
}

}  // namespace springald::wire
