#include "springald/backend/sidecar/limit_texts.h"

#include <gtest/gtest.h>

namespace springald {

namespace {

UdfErrorInfo Named(UdfErrorCode code, const UdfLimits& limits) {
  UdfErrorInfo info;
  info.code = code;
  info.message = "it failed";
  return WithLimitNamed(std::move(info), limits);
}

TEST(LimitTexts, AreShort) {
  EXPECT_EQ(InSeconds(2500), "2.5 s");
  EXPECT_EQ(InSeconds(1), "0.001 s");
  EXPECT_EQ(InSeconds(300'000), "300 s");
  EXPECT_EQ(InMib(3 << 19), "1.5 MiB");
  EXPECT_EQ(InMib(int64_t{2} << 30), "2048 MiB");
}

TEST(LimitTexts, NameTheLimitThatWasMet) {
  const UdfLimits limits{.timeout_ms = 1,
                         .memory_limit_bytes = 64 << 20,
                         .cpu_limit_ms = 2,
                         .max_open_files = 32,
                         .max_result_bytes = 1000};
  EXPECT_EQ(Named(UdfErrorCode::kMemory, limits).message,
            "it failed; the limit of memory is 64 MiB");
  EXPECT_EQ(Named(UdfErrorCode::kOpenFiles, limits).message,
            "it failed; the worker process may have 32 files open");
  EXPECT_EQ(Named(UdfErrorCode::kResultSize, limits).message,
            "it failed, at most 1000 are taken");
  EXPECT_EQ(Named(UdfErrorCode::kExecution, limits).message, "it failed");
}

TEST(LimitTexts, NameNoLimitOfMemoryWhereThereIsNone) {
  EXPECT_EQ(Named(UdfErrorCode::kMemory, UdfLimits{}).message, "it failed");
}

}  // namespace

}  // namespace springald
