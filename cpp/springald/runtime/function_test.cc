#include "springald/runtime/function.h"

#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <arrow/array/array_primitive.h>
#include <arrow/array/util.h>
#include <arrow/scalar.h>
#include <gtest/gtest.h>

#include "springald/base/udf_error_testing.h"

namespace springald {

namespace {

/// A backend's function without Python: returns its first column, or a status.
class FakeFunction : public BackendFunction {
 public:
  explicit FakeFunction(arrow::Status status = arrow::Status::OK())
      : status_(std::move(status)) {}

  arrow::Result<std::shared_ptr<arrow::Array>> Invoke(const Batch& batch,
                                                      CancelToken&) const override {
    ARROW_RETURN_NOT_OK(status_);
    return batch.columns[0];
  }
  Description Describe() const override { return {}; }

 private:
  const arrow::Status status_;
};

struct LogRecord {
  int32_t level;
  std::string message;
  std::string udf_name;
  std::string udf_hash;
};

struct MetricRecord {
  std::string udf_name;
  std::string udf_hash;
  int64_t num_rows;
  int64_t elapsed_ns;
  int32_t status;
};

class FunctionTest : public testing::Test {
 protected:
  FunctionTest() {
    UdfDefinition definition;
    definition.name = "double_it";
    definition.mode = UdfMode::kRow;
    definition.arguments = arrow::schema({arrow::field("x", arrow::int64())});
    definition.result = arrow::field("r", arrow::int64());
    definition.payload_reference = "live:f";
    definition_ = EncodedDefinition::Encode(std::move(definition)).ValueOrDie();
  }

  Function Make(arrow::Status status = arrow::Status::OK()) {
    Observer observer;
    observer.log = [this](int32_t level, const std::string& message,
                          const std::string& name, const std::string& hash) {
      logs_.push_back({level, message, name, hash});
    };
    observer.metric = [this](const std::string& name, const std::string& hash,
                             int64_t num_rows, int64_t elapsed_ns, int32_t code) {
      metrics_.push_back({name, hash, num_rows, elapsed_ns, code});
    };
    return Function(definition_, std::make_shared<FakeFunction>(std::move(status)),
                    std::make_shared<const Observer>(std::move(observer)));
  }

  static std::shared_ptr<arrow::Array> Rows(int64_t num_rows) {
    return arrow::MakeArrayFromScalar(arrow::Int64Scalar(5), num_rows).ValueOrDie();
  }

  std::shared_ptr<const EncodedDefinition> definition_;
  CancelToken cancel_;
  std::vector<LogRecord> logs_;
  std::vector<MetricRecord> metrics_;
};

TEST_F(FunctionTest, PassesTheBatchOnAndCounts) {
  const Function function = Make();
  const auto rows = Rows(3);
  EXPECT_EQ(function.Invoke({{rows}, 3}, cancel_).ValueOrDie(), rows);
  EXPECT_TRUE(function.Invoke({{Rows(4)}, 4}, cancel_).ok());
  const auto metrics = function.metrics();
  EXPECT_EQ(metrics.num_loads, 1);
  EXPECT_EQ(metrics.num_calls, 2);
  EXPECT_EQ(metrics.num_rows, 7);
  EXPECT_EQ(metrics.num_errors, 0);
  EXPECT_GE(metrics.python_ns, 0);
  EXPECT_TRUE(logs_.empty());
}

TEST_F(FunctionTest, TellsTheFiguresOfEachCall) {
  const Function function = Make();
  ASSERT_TRUE(function.Invoke({{Rows(3)}, 3}, cancel_).ok());
  ASSERT_EQ(metrics_.size(), 1u);
  EXPECT_EQ(metrics_[0].udf_name, "double_it");
  EXPECT_EQ(metrics_[0].udf_hash, definition_->hash().ToHex());
  EXPECT_EQ(metrics_[0].num_rows, 3);
  EXPECT_EQ(metrics_[0].status, 0);
  EXPECT_EQ(metrics_[0].elapsed_ns, function.metrics().python_ns);
}

TEST_F(FunctionTest, RefusesABatchOfAnotherShape) {
  const Function function = Make();
  ExpectUdfError(function.Invoke({{}, 3}, cancel_).status(), UdfErrorCode::kInternal,
                 "wrong number of columns: 0, expected 1");
  ExpectUdfError(function.Invoke({{Rows(3), Rows(3)}, 3}, cancel_).status(),
                 UdfErrorCode::kInternal, "wrong number of columns: 2, expected 1");
  const auto info =
      ExpectUdfError(function.Invoke({{Rows(3)}, 4}, cancel_).status(),
                     UdfErrorCode::kInternal, "wrong length: 3, expected 4");
  EXPECT_EQ(info.udf_name, "double_it");
  EXPECT_EQ(function.metrics().num_errors, 3);
}

TEST_F(FunctionTest, ErrorsNameTheFunctionAndAreCountedAndLogged) {
  UdfErrorInfo raised;
  raised.code = UdfErrorCode::kExecution;
  raised.exception_type = "ValueError";
  raised.message = "not two";
  raised.row = 2;
  const Function function = Make(MakeUdfError(raised));
  const auto info = ExpectUdfError(function.Invoke({{Rows(3)}, 3}, cancel_).status(),
                                   UdfErrorCode::kExecution, "not two");
  EXPECT_EQ(info.udf_name, "double_it");
  EXPECT_EQ(info.row, 2);
  EXPECT_EQ(function.metrics().num_errors, 1);
  EXPECT_EQ(function.metrics().num_calls, 1);
  ASSERT_EQ(logs_.size(), 1u);
  EXPECT_EQ(logs_[0].level, 30);
  EXPECT_EQ(logs_[0].message, "call failed: ValueError: not two");
  EXPECT_EQ(logs_[0].udf_name, "double_it");
  EXPECT_EQ(logs_[0].udf_hash, definition_->hash().ToHex());
  ASSERT_EQ(metrics_.size(), 1u);
  EXPECT_EQ(metrics_[0].status, static_cast<int32_t>(UdfErrorCode::kExecution));
}

TEST_F(FunctionTest, AStopThatTheUserWantedIsLoggedQuietly) {
  for (const auto code : {UdfErrorCode::kCancelled, UdfErrorCode::kInterrupted}) {
    logs_.clear();
    const Function function = Make(MakeUdfError(code, "stopped"));
    ExpectUdfError(function.Invoke({{Rows(1)}, 1}, cancel_).status(), code, "stopped");
    ASSERT_EQ(logs_.size(), 1u);
    EXPECT_EQ(logs_[0].level, 10);
    EXPECT_EQ(logs_[0].message, "call failed: stopped");
  }
}

TEST_F(FunctionTest, AStatusWithoutDetailIsInternal) {
  const Function function = Make(arrow::Status::OutOfMemory("no room"));
  const auto info = ExpectUdfError(function.Invoke({{Rows(1)}, 1}, cancel_).status(),
                                   UdfErrorCode::kInternal, "Out of memory: no room");
  EXPECT_EQ(info.udf_name, "double_it");
}

TEST_F(FunctionTest, NobodyHasToListen) {
  const Function function(definition_, std::make_shared<FakeFunction>(),
                          std::make_shared<const Observer>());
  EXPECT_TRUE(function.Invoke({{Rows(1)}, 1}, cancel_).ok());
  EXPECT_FALSE(function.Invoke({{}, 1}, cancel_).ok());
  EXPECT_EQ(function.metrics().num_calls, 2);
}

TEST_F(FunctionTest, CountsOverAllThreads) {
  const Function function(definition_, std::make_shared<FakeFunction>(),
                          std::make_shared<const Observer>());
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([this, &function] {
      for (int call = 0; call < 250; ++call) {
        EXPECT_TRUE(function.Invoke({{Rows(2)}, 2}, cancel_).ok());
      }
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(function.metrics().num_calls, 1000);
  EXPECT_EQ(function.metrics().num_rows, 2000);
}

}  // namespace

}  // namespace springald
