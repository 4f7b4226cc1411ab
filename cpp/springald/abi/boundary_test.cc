#include "springald/abi/boundary.h"

#include <memory>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "springald/base/udf_error.h"

namespace springald::abi {

namespace {

TEST(Boundary, SuccessLeavesTheErrorAlone) {
  springald_error error{};
  EXPECT_EQ(AtBoundary(&error, [] { return arrow::Status::OK(); }), SPRINGALD_OK);
  EXPECT_EQ(error.release, nullptr);
  EXPECT_EQ(error.message, nullptr);
}

TEST(Boundary, FillsEveryField) {
  UdfErrorInfo info;
  info.code = UdfErrorCode::kExecution;
  info.udf_name = "domain";
  info.exception_type = "ValueError";
  info.message = "not an address";
  info.traceback = "Traceback";
  info.row = 41;
  info.arguments = "('x',)";
  info.retryable = true;
  const auto exception = std::make_shared<int>(7);
  info.exception = exception;

  springald_error error{};
  EXPECT_EQ(AtBoundary(&error, [&info] { return MakeUdfError(info); }),
            SPRINGALD_USER_ERROR);
  EXPECT_EQ(error.code, SPRINGALD_USER_ERROR);
  EXPECT_STREQ(error.udf_name, "domain");
  EXPECT_STREQ(error.exception_type, "ValueError");
  EXPECT_STREQ(error.message, "not an address");
  EXPECT_STREQ(error.traceback, "Traceback");
  EXPECT_EQ(error.row, 41);
  EXPECT_STREQ(error.arguments, "('x',)");
  EXPECT_EQ(error.retryable, 1);
  EXPECT_EQ(static_cast<void*>(error.exception), exception.get());
  info = {};
  EXPECT_EQ(exception.use_count(), 2);
  error.release(&error);
  EXPECT_EQ(exception.use_count(), 1);
  EXPECT_EQ(error.release, nullptr);
}

TEST(Boundary, WhatDoesNotApplyIsNull) {
  springald_error error{};
  const auto fail = [] { return MakeUdfError(UdfErrorCode::kDependency, "no numpy"); };
  EXPECT_EQ(AtBoundary(&error, fail), SPRINGALD_DEPENDENCY_ERROR);
  EXPECT_EQ(error.udf_name, nullptr);
  EXPECT_EQ(error.exception_type, nullptr);
  EXPECT_EQ(error.traceback, nullptr);
  EXPECT_EQ(error.arguments, nullptr);
  EXPECT_EQ(error.exception, nullptr);
  EXPECT_EQ(error.row, -1);
  EXPECT_EQ(error.retryable, 0);
  error.release(&error);
}

TEST(Boundary, TheErrorMayBeNull) {
  const auto fail = [] { return MakeUdfError(UdfErrorCode::kResult, "wrong"); };
  EXPECT_EQ(AtBoundary(nullptr, fail), SPRINGALD_RESULT_ERROR);
}

TEST(Boundary, NoExceptionLeaves) {
  springald_error error{};
  const auto standard = []() -> arrow::Status { throw std::runtime_error("on fire"); };
  EXPECT_EQ(AtBoundary(&error, standard), SPRINGALD_INTERNAL);
  EXPECT_NE(std::string(error.message).find("Uncaught C++ exception: on fire"),
            std::string::npos);
  error.release(&error);
  const auto odd = []() -> arrow::Status { throw 5; };
  EXPECT_EQ(AtBoundary(&error, odd), SPRINGALD_INTERNAL);
  EXPECT_NE(std::string(error.message).find("Uncaught non-C++ exception"),
            std::string::npos);
  error.release(&error);
  EXPECT_EQ(AtBoundary(nullptr, odd), SPRINGALD_INTERNAL);
}

}  // namespace

}  // namespace springald::abi
