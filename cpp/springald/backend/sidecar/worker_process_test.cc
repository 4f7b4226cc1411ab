#include "springald/backend/sidecar/worker_process.h"

#include <chrono>
#include <memory>
#include <string>
#include <utility>

#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

#include "springald/backend/sidecar/sidecar_function.h"
#include "springald/base/open_fds_testing.h"
#include "springald/base/udf_error_testing.h"
#include "springald/codec/definition_testing.h"

// What becomes of workers that misbehave. They are those of hostile_worker.cc.

namespace springald {

namespace {

using Column = std::shared_ptr<arrow::Array>;
using std::chrono::milliseconds;

class HostileWorkers {
 public:
  /// \param what What the workers do, one after the other.
  explicit HostileWorkers(const std::string& what, UdfLimits limits = {},
                          Volatility volatility = Volatility::kVolatile)
      : pool_(WorkerPool::Make(PoolOptions{.max_workers = 1, .limits = limits})) {
    pool_->SetInterpreter({HOSTILE_WORKER, "", {"HOSTILE=" + what}});
    UdfDefinition definition = TinyDefinition();
    definition.mode = UdfMode::kArrow;
    definition.arguments = arrow::schema({arrow::field("x", arrow::int64())});
    definition.result = arrow::field("r", arrow::utf8(), /*nullable=*/false);
    definition.volatility = volatility;
    function_ = std::make_unique<SidecarFunction>(
        EncodedDefinition::Encode(std::move(definition)).ValueOrDie(), pool_,
        std::make_shared<const SidecarLog>());
  }

  arrow::Result<Column> Invoke() {
    CancelToken cancel;
    const auto column =
        arrow::json::ArrayFromJSONString(arrow::int64(), "[1, 2, 3]").ValueOrDie();
    return function_->Invoke(Batch{.columns = {column}, .num_rows = 3}, cancel);
  }

  WorkerPool& pool() { return *pool_; }
  const SidecarFunction& function() const { return *function_; }

 private:
  std::shared_ptr<WorkerPool> pool_;
  std::unique_ptr<SidecarFunction> function_;
};

Column ExpectedTexts() {
  return arrow::json::ArrayFromJSONString(
             arrow::utf8(),
             R"(["the text of row 0", "the text of row 1", "the text of row 2"])")
      .ValueOrDie();
}

void ExpectTexts(const arrow::Result<Column>& column) {
  ASSERT_TRUE(column.ok()) << column.status().ToString();
  EXPECT_TRUE((*column)->Equals(ExpectedTexts())) << (*column)->ToString();
}

/// Expects that the worker is given up, and that the next one does the work.
void ExpectLost(const std::string& what, const std::string& piece) {
  SCOPED_TRACE(what);
  const int before = NumOpenFds();
  {
    HostileWorkers workers(what + ",honest");
    ExpectUdfError(workers.Invoke().status(), UdfErrorCode::kWorkerLost, piece);
    ExpectTexts(workers.Invoke());
    EXPECT_EQ(workers.pool().figures().num_started, 2);
  }
  EXPECT_EQ(NumOpenFds(), before);
}

TEST(WorkerProcess, GivesTheColumnOfAnHonestWorker) {
  HostileWorkers workers("honest");
  ExpectTexts(workers.Invoke());
  ExpectTexts(workers.Invoke());
  EXPECT_EQ(workers.pool().figures().num_started, 1);
}

TEST(WorkerProcess, GivesAColumnThatIsAMessage) {
  HostileWorkers workers("message_honest");
  ExpectTexts(workers.Invoke());
}

TEST(WorkerProcess, RefusesWhatIsNoFrame) {
  ExpectLost("bad_magic", "sent what is no answer (what came is no frame");
  ExpectLost("bad_version", "a frame is of version 9, and this is 1");
  ExpectLost("too_long", "a frame is longer than 163840 bytes");
  ExpectLost("empty_packet", "closed its socket while it ran a batch of 3 rows");
}

TEST(WorkerProcess, RefusesWhatIsNoAnswer) {
  ExpectLost("another_kind", "a frame of kind 32");
  ExpectLost("unknown_kind", "a frame of kind 999");
  ExpectLost("cut_off", "sent what is no answer");
  ExpectLost("another_request", "an answer to another request");
  ExpectLost("unknown_code", "an error has the unknown code 99");
  ExpectLost("failure_of_another_request", "an answer to another request");
}

TEST(WorkerProcess, RefusesWhatIsNoAnswerToALoad) {
  for (const std::string what :
       {"load_of_another_request", "load_of_another_kind", "load_cut_off"}) {
    SCOPED_TRACE(what);
    HostileWorkers workers(what);
    ExpectUdfError(workers.Invoke().status(), UdfErrorCode::kWorkerLost,
                   "loaded the function and sent what is no answer");
    // Nothing of the batch was done, so that another worker may do it.
    HostileWorkers others(what + ",honest");
    ExpectTexts(others.Invoke());
    EXPECT_EQ(others.pool().figures().num_retried, 1);
  }
}

TEST(WorkerProcess, RefusesAnAnswerThatCameBeforeItWasAsked) {
  ExpectLost("answers_before_it_is_asked", "sent what is no answer");
}

TEST(WorkerProcess, RefusesASecondAnswer) {
  HostileWorkers workers("answers_twice,honest");
  ExpectTexts(workers.Invoke());
  ExpectUdfError(workers.Invoke().status(), UdfErrorCode::kWorkerLost,
                 "an answer to another request");
  ExpectTexts(workers.Invoke());
}

TEST(WorkerProcess, RefusesAResultThatIsInNoSegment) {
  ExpectLost("no_segment", "a result that is in no segment");
  ExpectLost("not_sealed", "is not sealed");
  ExpectLost("may_shrink", "is not sealed");
  ExpectLost("no_memory_file", "is not sealed");
  ExpectLost("a_pipe", "is not sealed");
}

TEST(WorkerProcess, RefusesAResultOutsideOfItsSegment) {
  ExpectLost("place_past_end", "outside of its segment: 1 bytes at byte 4096 of 4096");
  ExpectLost("place_far_past_end", "a result that is in no segment");
  ExpectLost("place_that_wraps_around", "a result that is in no segment");
  ExpectLost("too_many_bytes", "a result that is in no segment");
}

TEST(WorkerProcess, RefusesAResultThatIsAnnouncedLargerThanItMayBe) {
  HostileWorkers workers("as_many_bytes_as_it_likes,honest",
                         {.max_result_bytes = 1 << 20});
  ExpectUdfError(workers.Invoke().status(), UdfErrorCode::kWorkerLost,
                 "a result of 1099511627776 bytes");
  ExpectTexts(workers.Invoke());
}

TEST(WorkerProcess, RefusesAColumnThatIsMalformed) {
  ExpectLost("zeros", "not in the form that is accepted here");
  ExpectLost("cut_column", "the columns are cut off");
  ExpectLost("message_cut_column", "not in the form that is accepted here");
  ExpectLost("message_nulls_that_it_counts_wrong", "sent what is no answer");
  for (const std::string form : {"", "message_"}) {
    ExpectLost(form + "another_type", "sent what is no answer");
    ExpectLost(form + "more_rows", "wrong length: 4 rows, expected 3");
    ExpectLost(form + "fewer_rows", "wrong length: 2 rows, expected 3");
  }
}

TEST(WorkerProcess, RefusesAColumnThatOnlyAFullLookShowsToBeWrong) {
  for (const std::string form : {"", "message_"}) {
    ExpectLost(form + "offsets_past_end", "Offset invariant failure");
    ExpectLost(form + "offsets_that_fall", "Offset invariant failure");
    ExpectLost(form + "no_utf8", "Invalid UTF8");
  }
}

TEST(WorkerProcess, RefusesNullsThatTheFunctionMayNotReturn) {
  HostileWorkers workers("nulls");
  ExpectUdfError(workers.Invoke().status(), UdfErrorCode::kResult, "null");
}

TEST(WorkerProcess, TakesNoMoreThanOneOfManyDescriptors) {
  const int before = NumOpenFds();
  {
    HostileWorkers workers("many_descriptors");
    ExpectTexts(workers.Invoke());
    const int once = NumOpenFds();
    for (int i = 0; i < 10; ++i) {
      ExpectTexts(workers.Invoke());
    }
    EXPECT_EQ(NumOpenFds(), once);
  }
  EXPECT_EQ(NumOpenFds(), before);
}

TEST(WorkerProcess, GivesColumnsThatDoNotChangeAfterwards) {
  HostileWorkers workers("overwrites");
  const auto first = workers.Invoke();
  ExpectTexts(workers.Invoke());
  ExpectTexts(first);
}

TEST(WorkerProcess, SurvivesAWorkerThatChangesItsMemoryAllTheTime) {
  HostileWorkers workers("keeps_writing");
  for (int i = 0; i < 20; ++i) {
    const auto column = workers.Invoke();
    if (column.ok()) {
      EXPECT_TRUE((*column)->ValidateFull().ok());
      EXPECT_EQ((*column)->length(), 3);
    } else {
      const auto code = GetUdfErrorInfo(column.status()).code;
      EXPECT_TRUE(code == UdfErrorCode::kWorkerLost || code == UdfErrorCode::kResult)
          << column.status().ToString();
    }
  }
}

TEST(WorkerProcess, TakesAFailureThatIsNoText) {
  HostileWorkers workers("failure_that_is_no_text");
  const auto info =
      ExpectUdfError(workers.Invoke().status(), UdfErrorCode::kExecution, "no text");
  EXPECT_EQ(info.message.find('\0'), std::string::npos);
}

TEST(WorkerProcess, SaysHowAWorkerEnded) {
  ExpectLost("closes", "closed its socket while it ran a batch of 3 rows");
  ExpectLost("exits", "exited with status 3 while it ran a batch of 3 rows");
  ExpectLost("aborts", "was ended by signal 6 (SIGABRT)");
  HostileWorkers workers("exits");
  EXPECT_EQ(GetUdfErrorInfo(workers.Invoke().status()).traceback,
            "The last lines of its stderr:\nmy last words\n");
}

TEST(WorkerProcess, EndsAWorkerThatNeverAnswers) {
  HostileWorkers workers("never_answers,honest", {.timeout_ms = 300});
  const auto start = std::chrono::steady_clock::now();
  ExpectUdfError(workers.Invoke().status(), UdfErrorCode::kTimeout, "timeout of 0.3 s");
  EXPECT_LT(std::chrono::steady_clock::now() - start, milliseconds(5000));
  ExpectTexts(workers.Invoke());
  EXPECT_EQ(workers.pool().figures().num_killed, 1);
}

TEST(WorkerProcess, IsFollowedByAnotherOneWhereTheBatchMayBeRepeated) {
  HostileWorkers workers("bad_magic,offsets_past_end,honest", {}, Volatility::kImmutable);
  ExpectTexts(workers.Invoke());
  EXPECT_EQ(workers.pool().figures().num_started, 3);
  EXPECT_EQ(workers.pool().figures().num_retried, 2);
}

TEST(WorkerProcess, IsNotFollowedForEver) {
  HostileWorkers workers("bad_magic", {}, Volatility::kImmutable);
  ExpectUdfError(workers.Invoke().status(), UdfErrorCode::kWorkerLost,
                 "it was tried 3 times");
}

}  // namespace

}  // namespace springald
