#include "springald/runtime/runtime.h"

#include <future>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "springald/python/python_testing.h"

namespace springald {

namespace {

using python::DefinitionOf;
using python::GilEnter;
using python::GilRelease;
using python::PythonTest;

class RuntimeTest : public PythonTest {
 protected:
  RuntimeTest() { python_.Run("import cloudpickle, sys\nsys.num_unpickled = 0"); }

  std::unique_ptr<Runtime> MakeRuntime(std::size_t cache_capacity_bytes = std::size_t{1}
                                                                          << 20) {
    Runtime::Options options;
    options.cache_capacity_bytes = cache_capacity_bytes;
    options.observer.log = [this](int32_t level, const std::string& message,
                                  const std::string& name, const std::string& hash) {
      const std::lock_guard lock(mutex_);
      logs_.push_back(std::to_string(level) + " " + message + " " + name + " " + hash);
    };
    return std::make_unique<Runtime>(std::move(options));
  }

  /// A definition of `function`, an expression. Unpickling counts in
  /// `sys.num_unpickled` and takes a moment in which it lends the GIL.
  std::shared_ptr<const EncodedDefinition> Pickled(const std::string& function) {
    python_.Run(
        "def load(function):\n"
        "    import sys, time\n"
        "    time.sleep(0.02)\n"
        "    sys.num_unpickled += 1\n"
        "    return function\n"
        "class Slow:\n"
        "    def __reduce__(self): return load, (function,)\n"
        "function = " +
        function);
    UdfDefinition definition =
        DefinitionOf(UdfMode::kRow, {arrow::int64()}, arrow::int64());
    definition.payload = python_.Bytes("cloudpickle.dumps(Slow())");
    return EncodedDefinition::Encode(std::move(definition)).ValueOrDie();
  }

  bool NumUnpickledIs(int expected) {
    return python_.IsTrue("sys.num_unpickled == " + std::to_string(expected));
  }

  arrow::Status Invoke(const Function& function) {
    CancelToken cancel;
    return function.Invoke({{python_.Column("pa.array([1, 2])")}, 2}, cancel).status();
  }

  std::mutex mutex_;
  std::vector<std::string> logs_;  // guarded by mutex_
};

TEST_F(RuntimeTest, LoadsEqualDefinitionsOnce) {
  const auto runtime = MakeRuntime();
  const auto definition = Pickled("lambda x: x");
  const auto same = EncodedDefinition::Decode(definition->bytes()).ValueOrDie();
  const auto first = runtime->Load(definition).ValueOrDie();
  const auto second = runtime->Load(same).ValueOrDie();
  EXPECT_EQ(first, second);
  EXPECT_TRUE(NumUnpickledIs(1));
  EXPECT_EQ(first->metrics().num_loads, 1);
  EXPECT_EQ(first->metrics().num_calls, 0);
  ASSERT_EQ(logs_.size(), 1u);
  EXPECT_EQ(logs_[0], "10 loaded f " + definition->hash().ToHex());
}

TEST_F(RuntimeTest, LoadsOtherDefinitionsApart) {
  const auto runtime = MakeRuntime();
  const auto first = runtime->Load(Pickled("lambda x: x")).ValueOrDie();
  const auto second = runtime->Load(Pickled("lambda x: x + 1")).ValueOrDie();
  EXPECT_NE(first, second);
  EXPECT_TRUE(NumUnpickledIs(2));
}

TEST_F(RuntimeTest, EachRuntimeLoadsForItself) {
  const auto definition = Pickled("lambda x: x");
  const auto first = MakeRuntime()->Load(definition).ValueOrDie();
  const auto second = MakeRuntime()->Load(definition).ValueOrDie();
  EXPECT_NE(first, second);
  EXPECT_TRUE(NumUnpickledIs(2));
}

TEST_F(RuntimeTest, EightThreadsLoadOnceWithAndWithoutTheGil) {
  const auto runtime = MakeRuntime();
  const auto definition = Pickled("lambda x: x");
  std::vector<std::future<std::shared_ptr<const Function>>> functions;
  for (int i = 0; i < 8; ++i) {
    functions.push_back(std::async(std::launch::async, [i, &runtime, &definition] {
      if (i % 2 == 0) {
        return runtime->Load(definition).ValueOrDie();
      }
      const GilEnter gil;
      return runtime->Load(definition).ValueOrDie();
    }));
  }
  // This thread has the GIL, and asks as well.
  const auto function = runtime->Load(definition).ValueOrDie();
  EXPECT_EQ(PyGILState_Check(), 1);
  for (auto& future : functions) {
    const GilRelease release;
    EXPECT_EQ(future.get(), function);
  }
  EXPECT_TRUE(NumUnpickledIs(1));
}

TEST_F(RuntimeTest, AFailedLoadNamesTheFunctionAndIsRetried) {
  const auto runtime = MakeRuntime();
  UdfDefinition described = DefinitionOf(UdfMode::kRow, {arrow::int64()}, arrow::int64());
  described.payload = "cspringald_late\nf\n.";  // the pickle of springald_late.f
  const auto definition = EncodedDefinition::Encode(described).ValueOrDie();
  const auto info =
      ExpectUdfError(runtime->Load(definition).status(), UdfErrorCode::kDependency,
                     "No module named 'springald_late'");
  EXPECT_EQ(info.udf_name, "f");
  EXPECT_TRUE(logs_.empty());
  python_.Run(
      "import types\n"
      "sys.modules['springald_late'] = types.SimpleNamespace(f=lambda x: x)\n");
  EXPECT_TRUE(runtime->Load(definition).ok());
  EXPECT_EQ(logs_.size(), 1u);
}

TEST_F(RuntimeTest, AnErrorInTheSignatureNamesTheFunction) {
  UdfDefinition described =
      DefinitionOf(UdfMode::kRow, {arrow::month_interval()}, arrow::int64());
  described.payload_reference = "live:f";
  const auto definition = EncodedDefinition::Encode(described).ValueOrDie();
  const auto info = ExpectUdfError(
      MakeRuntime()->Bind(definition, python_.Eval("abs")).status(),
      UdfErrorCode::kInvalidDefinition, "argument 'a0' has the type month_interval");
  EXPECT_EQ(info.udf_name, "f");
}

TEST_F(RuntimeTest, ForgetsFunctionsOverItsCapacity) {
  const auto runtime = MakeRuntime(/*cache_capacity_bytes=*/1);
  const auto first = Pickled("lambda x: x");
  const auto second = Pickled("lambda x: x + 1");
  const auto used = runtime->Load(first).ValueOrDie();
  ASSERT_TRUE(runtime->Load(second).ok());
  ASSERT_TRUE(runtime->Load(first).ok());
  EXPECT_TRUE(NumUnpickledIs(3));
  EXPECT_TRUE(Invoke(*used).ok());
}

TEST_F(RuntimeTest, FunctionsOutliveTheRuntime) {
  auto runtime = MakeRuntime();
  const auto function = runtime->Load(Pickled("lambda x: x")).ValueOrDie();
  runtime.reset();
  EXPECT_TRUE(Invoke(*function).ok());
  EXPECT_EQ(function->metrics().num_calls, 1);
}

TEST_F(RuntimeTest, BindsALiveObjectForAsLongAsTheFunction) {
  UdfDefinition described = DefinitionOf(UdfMode::kRow, {arrow::int64()}, arrow::int64());
  described.payload_reference = "live:f";
  const auto definition = EncodedDefinition::Encode(described).ValueOrDie();
  const auto runtime = MakeRuntime();
  python_.Run("calls = []\ndef f(x): calls.append(x)\nbefore = sys.getrefcount(f)");
  auto function = runtime->Bind(definition, python_.Eval("f")).ValueOrDie();
  EXPECT_TRUE(Invoke(*function).ok());
  EXPECT_TRUE(python_.IsTrue("calls == [1, 2]"));
  function.reset();
  EXPECT_TRUE(python_.IsTrue("sys.getrefcount(f) == before"));
}

}  // namespace

}  // namespace springald
