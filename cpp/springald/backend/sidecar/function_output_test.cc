#include "springald/backend/sidecar/function_output.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace springald {

namespace {

TEST(FunctionOutput, KeepsLinesInTheirOrder) {
  FunctionOutput output;
  EXPECT_EQ(output.Text(), "");
  output.Add("one");
  output.Add("");
  output.Add("three");
  EXPECT_EQ(output.Text(), "one\n\nthree\n");
}

TEST(FunctionOutput, KeepsTheLastOnes) {
  FunctionOutput output;
  for (int i = 0; i < 1000; ++i) {
    output.Add(std::string(99, 'x') + std::to_string(i));
  }
  const std::string text = output.Text();
  EXPECT_LE(text.size(), FunctionOutput::kMaxBytes);
  EXPECT_GT(text.size(), FunctionOutput::kMaxBytes - 200);
  EXPECT_TRUE(text.ends_with("x999\n"));
}

TEST(FunctionOutput, TakesLinesOfManyThreads) {
  FunctionOutput output;
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&output] {
      for (int line = 0; line < 1000; ++line) {
        output.Add("0123456789");
        (void)output.Text();
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(output.Text().size() % 11, 0u);
}

}  // namespace

}  // namespace springald
