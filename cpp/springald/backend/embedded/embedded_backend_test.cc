#include "springald/backend/embedded/embedded_backend.h"

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>

#include <gtest/gtest.h>

#include "springald/backend/embedded/call_interrupt.h"
#include "springald/backend/python_backend_testing.h"
#include "springald/python/python_testing.h"

namespace springald {

namespace {

using python::DefinitionOf;
using python::GilEnter;
using python::GilRelease;
using python::PythonTest;

std::unique_ptr<BackendUnderTest> MakeEmbedded() {
  return std::make_unique<PythonBackendUnderTest<EmbeddedBackend>>();
}

INSTANTIATE_TEST_SUITE_P(Embedded, BackendConformance, testing::Values(&MakeEmbedded));

class EmbeddedBackendTest : public PythonTest {
 protected:
  static std::shared_ptr<const EncodedDefinition> LiveDefinition() {
    UdfDefinition definition =
        DefinitionOf(UdfMode::kRow, {arrow::int64()}, arrow::int64());
    definition.payload_reference = "live:f";
    return EncodedDefinition::Encode(std::move(definition)).ValueOrDie();
  }

  std::shared_ptr<const BackendFunction> Bind(const std::string& callable) {
    return backend_.Bind(LiveDefinition(), python_.Eval(callable)).ValueOrDie();
  }

  /// Says whether Python code of some length runs in this thread without an exception.
  bool PythonCodeRuns() {
    python_.Run("total = 0\nfor i in range(10_000): total += i");
    return python_.IsTrue("total == 49995000");
  }

  EmbeddedBackend backend_;
  CancelToken cancel_;
};

TEST_F(EmbeddedBackendTest, ABoundObjectIsCalledAsItIs) {
  python_.Run("seen = []");
  const auto function = Bind("seen.append");
  const Batch batch{{python_.Column("pa.array([1, 2])")}, 2};
  EXPECT_TRUE(function->Invoke(batch, cancel_).ok());
  EXPECT_TRUE(python_.IsTrue("seen == [1, 2]"));
}

TEST_F(EmbeddedBackendTest, ABoundObjectIsLetGoWithoutTheGil) {
  python_.Run("import sys\ndef f(x): return x\nbefore = sys.getrefcount(f)");
  auto function = Bind("f");
  EXPECT_TRUE(python_.IsTrue("sys.getrefcount(f) == before + 1"));
  {
    const GilRelease release;
    std::thread([function = std::move(function)]() mutable { function.reset(); }).join();
  }
  EXPECT_TRUE(python_.IsTrue("sys.getrefcount(f) == before"));
}

TEST_F(EmbeddedBackendTest, FunctionsOutliveTheBackend) {
  auto backend = std::make_unique<EmbeddedBackend>();
  const auto function =
      backend->Bind(LiveDefinition(), python_.Eval("lambda x: x")).ValueOrDie();
  backend.reset();
  const Batch batch{{python_.Column("pa.array([1, 2])")}, 2};
  EXPECT_TRUE(function->Invoke(batch, cancel_).ok());
}

TEST_F(EmbeddedBackendTest, AFunctionWithoutArgumentsIsCalledForEachRow) {
  UdfDefinition definition = DefinitionOf(UdfMode::kRow, {}, arrow::int64());
  definition.payload_reference = "live:f";
  const auto encoded = EncodedDefinition::Encode(std::move(definition)).ValueOrDie();
  python_.Run("import itertools\ncounter = itertools.count()");
  for (const char* function : {"lambda: next(counter)", "counter.__next__"}) {
    python_.Run("counter = itertools.count()");
    const auto bound = backend_.Bind(encoded, python_.Eval(function)).ValueOrDie();
    const auto column = bound->Invoke(Batch{{}, 300}, cancel_).ValueOrDie();
    ASSERT_EQ(column->length(), 300);
    EXPECT_EQ(static_cast<const arrow::Int64Array&>(*column).Value(299), 299);
    EXPECT_EQ(bound->Invoke(Batch{{}, 0}, cancel_).ValueOrDie()->length(), 0);
  }
}

TEST_F(EmbeddedBackendTest, AnArrowFunctionWithoutArgumentsIsRefused) {
  UdfDefinition definition = DefinitionOf(UdfMode::kArrow, {}, arrow::int64());
  definition.payload_reference = "live:f";
  const auto encoded = EncodedDefinition::Encode(std::move(definition)).ValueOrDie();
  ExpectUdfError(backend_.Bind(encoded, python_.Eval("abs")).status(),
                 UdfErrorCode::kInvalidDefinition, "a function without arguments");
}

TEST_F(EmbeddedBackendTest, AnInterruptedLoopLeavesNoExceptionInItsThread) {
  python_.Run("started = []\ndef f(x):\n    started.append(x)\n    while True: pass");
  const auto function = Bind("f");
  const Batch batch{{python_.Column("pa.array([1])")}, 1};
  arrow::Status status;
  bool has_exception = true;
  bool code_runs = false;
  {
    const GilRelease release;
    std::thread call([&] {
      const GilEnter gil;  // also while the thread itself holds the GIL
      status = function->Invoke(batch, cancel_).status();
      has_exception = PyErr_Occurred() != nullptr;
      code_runs = PythonCodeRuns();
    });
    for (bool has_started = false; !has_started;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      const GilEnter gil;
      has_started = python_.IsTrue("started");
    }
    EXPECT_EQ(cancel_.Cancel(), 1);
    call.join();
  }
  const auto info = ExpectUdfError(status, UdfErrorCode::kCancelled, "cancelled");
  EXPECT_EQ(info.exception, nullptr);
  EXPECT_FALSE(has_exception);
  EXPECT_TRUE(code_runs);
}

TEST_F(EmbeddedBackendTest, AnInterruptThatComesAtTheEndOfACallIsTakenBack) {
  {
    const CallInterrupt interrupt(cancel_);
    EXPECT_EQ(cancel_.Cancel(), 1);
    // Nothing runs here in which the exception could be raised.
  }
  EXPECT_TRUE(PythonCodeRuns());
}

TEST_F(EmbeddedBackendTest, AnInterruptThatComesAfterACallDoesNothing) {
  {
    const CallInterrupt interrupt(cancel_);
  }
  EXPECT_EQ(cancel_.Cancel(), 0);
  EXPECT_TRUE(PythonCodeRuns());
}

TEST_F(EmbeddedBackendTest, ManyCallsAndCancelsInterleaveWithoutALeftover) {
  const auto function = Bind("lambda x: sum(range(300))");
  const Batch batch{{python_.Column("pa.array(range(20))")}, 20};
  int num_unexpected = 0;
  {
    const GilRelease release;
    for (int i = 0; i < 100; ++i) {
      CancelToken cancel;
      std::thread call([&] {
        const auto status = function->Invoke(batch, cancel).status();
        num_unexpected +=
            !status.ok() && GetUdfErrorInfo(status).code != UdfErrorCode::kCancelled;
        const GilEnter gil;
        num_unexpected += PyErr_Occurred() != nullptr || !PythonCodeRuns();
      });
      std::this_thread::sleep_for(std::chrono::microseconds(i * 3));
      cancel.Cancel();
      call.join();
    }
  }
  EXPECT_EQ(num_unexpected, 0);
}

}  // namespace

}  // namespace springald
