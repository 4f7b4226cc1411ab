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

/// The first bytes, and nothing after them that a sanitizer lets be read.
inline std::shared_ptr<arrow::Buffer> CopyOf(const arrow::Buffer& bytes,
                                             int64_t num_bytes) {
  std::shared_ptr<arrow::Buffer> copy = arrow::AllocateBuffer(num_bytes).ValueOrDie();
  std::memcpy(copy->mutable_data(), bytes.data(), static_cast<std::size_t>(num_bytes));
  return copy;
}

}  // namespace springald::wire
