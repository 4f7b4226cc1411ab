#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>

#include <arrow/buffer.h>
#include <arrow/result.h>
#include <gtest/gtest.h>

namespace springald::wire {

/// Expects a refusal whose message has this piece.
template <typename T>
void ExpectInvalid(const arrow::Result<T>& result, const std::string& piece) {
  EXPECT_TRUE(result.status().IsInvalid()) << result.status().ToString();
  EXPECT_NE(result.status().message().find(piece), std::string::npos)
      << result.status().message();
}

/// Memory of exactly this size, so that a sanitizer sees what is read past it: Arrow's
/// own pool hands out more, and has no such guards.
class ExactBuffer : public arrow::MutableBuffer {
 public:
  explicit ExactBuffer(int64_t num_bytes)
      : MutableBuffer(new uint8_t[static_cast<std::size_t>(num_bytes)], num_bytes) {}
  ~ExactBuffer() override { delete[] data(); }
};

/// A copy of the first bytes in memory of their own.
inline std::shared_ptr<arrow::Buffer> CopyOf(const arrow::Buffer& bytes,
                                             int64_t num_bytes) {
  auto copy = std::make_shared<ExactBuffer>(num_bytes);
  std::memcpy(copy->mutable_data(), bytes.data(), static_cast<std::size_t>(num_bytes));
  return copy;
}

}  // namespace springald::wire
