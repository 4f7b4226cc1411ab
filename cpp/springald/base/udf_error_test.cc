#include "springald/base/udf_error.h"

#include <memory>
#include <string>

#include <gtest/gtest.h>

namespace springald {

namespace {

TEST(UdfError, CarriesEverythingThroughAStatus) {
  UdfErrorInfo info;
  info.code = UdfErrorCode::kExecution;
  info.udf_name = "domain";
  info.exception_type = "ValueError";
  info.message = "not an address: 'x'";
  info.traceback = "  File \"a.py\", line 3, in domain\n";
  info.row = 41;
  info.arguments = "('x',)";
  info.retryable = true;
  info.exception = std::make_shared<int>(7);

  // A copy, because statuses are copied on their way through Arrow.
  const arrow::Status status = MakeUdfError(info);
  const UdfErrorInfo back = GetUdfErrorInfo(arrow::Status(status));

  EXPECT_EQ(back.code, info.code);
  EXPECT_EQ(back.udf_name, info.udf_name);
  EXPECT_EQ(back.exception_type, info.exception_type);
  EXPECT_EQ(back.message, info.message);
  EXPECT_EQ(back.traceback, info.traceback);
  EXPECT_EQ(back.row, info.row);
  EXPECT_EQ(back.arguments, info.arguments);
  EXPECT_TRUE(back.retryable);
  EXPECT_EQ(back.exception, info.exception);
}

TEST(UdfError, StatusHasTheMessageAndACodeThatFits) {
  struct Case {
    UdfErrorCode code;
    arrow::StatusCode expected;
  };
  const Case cases[] = {
      {UdfErrorCode::kInvalidDefinition, arrow::StatusCode::Invalid},
      {UdfErrorCode::kExecution, arrow::StatusCode::ExecutionError},
      {UdfErrorCode::kResult, arrow::StatusCode::Invalid},
      {UdfErrorCode::kVersionMismatch, arrow::StatusCode::NotImplemented},
      {UdfErrorCode::kDependency, arrow::StatusCode::NotImplemented},
      {UdfErrorCode::kCancelled, arrow::StatusCode::Cancelled},
      {UdfErrorCode::kInterrupted, arrow::StatusCode::Cancelled},
      {UdfErrorCode::kInternal, arrow::StatusCode::UnknownError},
  };
  for (const Case& c : cases) {
    const arrow::Status status = MakeUdfError(c.code, "what is wrong");
    EXPECT_EQ(status.code(), c.expected) << static_cast<int>(c.code);
    EXPECT_EQ(status.message(), "what is wrong");
    EXPECT_EQ(GetUdfErrorInfo(status).code, c.code);
    EXPECT_EQ(status.detail()->ToString(),
              "UDF error " + std::to_string(static_cast<int>(c.code)));
  }
}

TEST(UdfError, StatusWithoutDetailIsInternalAndKeepsItsText) {
  const UdfErrorInfo info =
      GetUdfErrorInfo(arrow::Status::IOError("disk on fire: ", 451));
  EXPECT_EQ(info.code, UdfErrorCode::kInternal);
  EXPECT_EQ(info.message, "IOError: disk on fire: 451");
  EXPECT_FALSE(info.row.has_value());
  EXPECT_FALSE(info.retryable);
}

TEST(UdfError, ForeignDetailIsNotMistakenForOurs) {
  class Foreign : public arrow::StatusDetail {
   public:
    const char* type_id() const override { return "somebody::Else"; }
    std::string ToString() const override { return "else"; }
  };
  const arrow::Status status(arrow::StatusCode::Invalid, "theirs",
                             std::make_shared<Foreign>());
  EXPECT_EQ(GetUdfErrorInfo(status).code, UdfErrorCode::kInternal);
}

}  // namespace

}  // namespace springald
