#include "springald/backend/conformance.h"

#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/util.h>
#include <arrow/scalar.h>

#include "springald/base/udf_error_testing.h"

namespace springald {

UdfDefinition BackendConformance::Define(
    UdfMode mode, const std::string& statements,
    const std::vector<std::shared_ptr<arrow::DataType>>& arguments,
    std::shared_ptr<arrow::DataType> result) {
  UdfDefinition definition;
  definition.name = "f";
  definition.mode = mode;
  arrow::FieldVector fields;
  for (const auto& type : arguments) {
    fields.push_back(arrow::field("a" + std::to_string(fields.size()), type));
  }
  definition.arguments = arrow::schema(fields);
  definition.result = arrow::field("r", std::move(result));
  definition.environment = subject_->environment();
  definition.payload = subject_->Pickle(statements, "f");
  return definition;
}

arrow::Result<BackendConformance::Function> BackendConformance::Load(
    const UdfDefinition& definition) {
  ARROW_ASSIGN_OR_RAISE(auto encoded, EncodedDefinition::Encode(definition));
  return subject_->backend().Load(std::move(encoded));
}

BackendConformance::Function BackendConformance::MustLoad(
    UdfMode mode, const std::string& statements,
    const std::vector<std::shared_ptr<arrow::DataType>>& arguments,
    std::shared_ptr<arrow::DataType> result) {
  return Load(Define(mode, statements, arguments, std::move(result))).ValueOrDie();
}

arrow::Result<BackendConformance::Column> BackendConformance::Invoke(
    const Function& function, const arrow::ArrayVector& columns) {
  const Batch batch{columns, columns.at(0)->length()};
  return function->Invoke(batch, cancel_);
}

arrow::Status BackendConformance::InvokeAndCancel(const Function& function) {
  arrow::Status status;
  subject_->Wait([&] {
    std::thread call([&] {
      const auto row = arrow::MakeArrayFromScalar(arrow::Int64Scalar(1), 1).ValueOrDie();
      status = Invoke(function, {row}).status();
    });
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    cancel_.Cancel();
    call.join();
  });
  return status;
}

namespace {

const auto kRow = UdfMode::kRow;
const auto kArrow = UdfMode::kArrow;

std::shared_ptr<arrow::Array> Integers(const std::vector<int64_t>& values,
                                       const std::vector<bool>& is_valid = {}) {
  arrow::Int64Builder builder;
  EXPECT_TRUE((is_valid.empty() ? builder.AppendValues(values)
                                : builder.AppendValues(values, is_valid))
                  .ok());
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Texts(const std::vector<std::string>& values) {
  arrow::StringBuilder builder;
  EXPECT_TRUE(builder.AppendValues(values).ok());
  return builder.Finish().ValueOrDie();
}

std::vector<std::shared_ptr<arrow::DataType>> EveryType() {
  return {arrow::boolean(),
          arrow::int8(),
          arrow::int16(),
          arrow::int32(),
          arrow::int64(),
          arrow::uint8(),
          arrow::uint16(),
          arrow::uint32(),
          arrow::uint64(),
          arrow::float32(),
          arrow::float64(),
          arrow::utf8(),
          arrow::large_utf8(),
          arrow::utf8_view(),
          arrow::binary(),
          arrow::large_binary(),
          arrow::binary_view(),
          arrow::date32(),
          arrow::timestamp(arrow::TimeUnit::SECOND),
          arrow::timestamp(arrow::TimeUnit::MILLI, "UTC"),
          arrow::timestamp(arrow::TimeUnit::MICRO, "Europe/Zurich"),
          arrow::timestamp(arrow::TimeUnit::NANO)};
}

/// 70 rows of `type` with a null in every third: more than one block of any loop.
std::shared_ptr<arrow::Array> ColumnOf(const std::shared_ptr<arrow::DataType>& type) {
  auto builder = arrow::MakeBuilder(type).ValueOrDie();
  for (int i = 0; i < 70; ++i) {
    if (i % 3 == 1) {
      EXPECT_TRUE(builder->AppendNull().ok());
      continue;
    }
    const std::string text = type->id() == arrow::Type::BOOL ? (i % 2 ? "true" : "false")
                             : type->id() == arrow::Type::DATE32 ? "2024-02-29"
                             : type->id() == arrow::Type::TIMESTAMP
                                 ? "2024-02-29 12:00:00"
                                 : std::to_string(i + 50);
    // Bytes are not parsed.
    const auto scalar =
        arrow::is_base_binary_like(type->id()) || arrow::is_binary_view_like(type->id())
            ? arrow::MakeScalar(type, arrow::Buffer::FromString(text))
            : arrow::Scalar::Parse(type, text);
    EXPECT_TRUE(scalar.ok()) << scalar.status().ToString();
    EXPECT_TRUE(builder->AppendScalar(**scalar).ok());
  }
  return builder->Finish().ValueOrDie();
}

TEST_P(BackendConformance, ARowFunctionIsCalledPerRow) {
  const auto function = MustLoad(kRow, "def f(n, t): return t * n",
                                 {arrow::int64(), arrow::utf8()}, arrow::utf8());
  const auto column = Invoke(function, {Integers({0, 1, 2}), Texts({"a", "b", "ç"})});
  ASSERT_TRUE(column.ok()) << column.status().ToString();
  EXPECT_TRUE((*column)->Equals(Texts({"", "b", "çç"})));
}

TEST_P(BackendConformance, AnArrowFunctionIsCalledPerBatch) {
  const auto function = MustLoad(kArrow, "def f(a): return pa.array([len(a)] * len(a))",
                                 {arrow::int64()}, arrow::int64());
  const auto column = Invoke(function, {Integers({7, 8, 9})});
  ASSERT_TRUE(column.ok()) << column.status().ToString();
  EXPECT_TRUE((*column)->Equals(Integers({3, 3, 3})));
}

TEST_P(BackendConformance, EveryTypeGoesThroughUnchanged) {
  for (const auto& type : EveryType()) {
    const auto column = ColumnOf(type);
    for (const auto mode : {kRow, kArrow}) {
      const auto function = MustLoad(mode, "def f(x): return x", {type}, type);
      for (const int64_t offset : {0, 1, 9}) {
        const auto slice = column->Slice(offset);
        const auto returned = Invoke(function, {slice});
        ASSERT_TRUE(returned.ok()) << returned.status().ToString();
        EXPECT_TRUE((*returned)->Equals(slice)) << type->ToString() << " at " << offset;
        EXPECT_TRUE((*returned)->type()->Equals(type)) << type->ToString();
      }
    }
  }
}

TEST_P(BackendConformance, AnEmptyBatchGivesAnEmptyColumn) {
  for (const auto mode : {kRow, kArrow}) {
    const auto function =
        MustLoad(mode, "def f(x): return x", {arrow::utf8()}, arrow::utf8());
    const auto column = Invoke(function, {Texts({})});
    ASSERT_TRUE(column.ok()) << column.status().ToString();
    EXPECT_TRUE((*column)->Equals(Texts({})));
  }
}

TEST_P(BackendConformance, NullsSkipTheCallWhereTheyAreNotTaken) {
  UdfDefinition definition = Define(kRow, "def f(x, y): return x if y is None else x + y",
                                    {arrow::int64(), arrow::int64()}, arrow::int64());
  definition.null_handling = NullHandling::kSkip;
  definition.arguments = arrow::schema(
      {arrow::field("x", arrow::int64(), false), arrow::field("y", arrow::int64())});
  definition.result = arrow::field("r", arrow::int64(), false);
  const auto function = Load(definition).ValueOrDie();
  const auto column = Invoke(function, {Integers({1, 0, 3}, {true, false, true}),
                                        Integers({10, 20, 0}, {true, true, false})});
  ASSERT_TRUE(column.ok()) << column.status().ToString();
  EXPECT_TRUE((*column)->Equals(Integers({11, 0, 3}, {true, false, true})));
}

TEST_P(BackendConformance, OtherEncodingsOfTheResultAreConverted) {
  const auto function =
      MustLoad(kArrow, "def f(x): return x.cast(pa.large_string()).dictionary_encode()",
               {arrow::utf8()}, arrow::utf8());
  const auto column = Invoke(function, {Texts({"a", "b", "a"})});
  ASSERT_TRUE(column.ok()) << column.status().ToString();
  EXPECT_TRUE((*column)->Equals(Texts({"a", "b", "a"})));
}

TEST_P(BackendConformance, WrongResultsAreRefused) {
  const auto refused = [this](UdfMode mode, const char* body, const char* piece) {
    const auto function = MustLoad(mode, std::string("def f(x): return ") + body,
                                   {arrow::int64()}, arrow::int64());
    return ExpectUdfError(Invoke(function, {Integers({1, 2, 3})}).status(),
                          UdfErrorCode::kResult, piece);
  };
  refused(kArrow, "x.slice(1)", "wrong length: 2, expected 3");
  refused(kArrow, "x.cast('int32')", "wrong type: int32, expected int64");
  refused(kArrow, "5", "this one returned 5 (int)");
  refused(kArrow, "['a', 'b', 'c']", "not an array of int64");
  const auto info = refused(kRow, "'a' if x == 2 else x", "returned 'a' (str)");
  EXPECT_EQ(info.row, 1);
  EXPECT_EQ(info.arguments, "(2,)");
}

TEST_P(BackendConformance, ANullIsRefusedWhereNoneIsPromised) {
  for (const auto mode : {kRow, kArrow}) {
    UdfDefinition definition =
        Define(mode,
               mode == kRow ? "def f(x): return None if x == 3 else x"
                            : "def f(x): return pa.array([1, 2, None])",
               {arrow::int64()}, arrow::int64());
    definition.result = arrow::field("r", arrow::int64(), false);
    const auto info = ExpectUdfError(
        Invoke(Load(definition).ValueOrDie(), {Integers({1, 2, 3})}).status(),
        UdfErrorCode::kResult, "returned a null");
    EXPECT_EQ(info.row, 2);
    EXPECT_EQ(info.arguments, mode == kRow ? "(3,)" : "");
  }
}

TEST_P(BackendConformance, AnExceptionCarriesTypeMessageTracebackAndRow) {
  const auto function = MustLoad(kRow,
                                 "class Refused(ValueError): pass\n"
                                 "def f(x):\n"
                                 "    if x == 2: raise Refused('not two')\n"
                                 "    return x\n",
                                 {arrow::int64()}, arrow::int64());
  for (int i = 0; i < 2; ++i) {  // a function is still of use after an error
    const auto info = ExpectUdfError(Invoke(function, {Integers({1, 2, 3})}).status(),
                                     UdfErrorCode::kExecution, "not two");
    EXPECT_EQ(info.exception_type, "Refused");
    EXPECT_NE(info.traceback.find("line 3, in f"), std::string::npos) << info.traceback;
    EXPECT_EQ(info.row, 1);
    EXPECT_EQ(info.arguments, "(2,)");
    EXPECT_FALSE(info.retryable);
    EXPECT_TRUE(Invoke(function, {Integers({1, 3})}).ok());
  }
}

TEST_P(BackendConformance, AnExceptionOfAnArrowFunctionHasNoRow) {
  const auto function =
      MustLoad(kArrow, "def f(x): return 1 / 0", {arrow::int64()}, arrow::int64());
  const auto info = ExpectUdfError(Invoke(function, {Integers({1})}).status(),
                                   UdfErrorCode::kExecution, "division by zero");
  EXPECT_EQ(info.exception_type, "ZeroDivisionError");
  EXPECT_FALSE(info.row.has_value());
}

TEST_P(BackendConformance, SystemExitAndStopIterationAreErrors) {
  for (const char* exception : {"SystemExit", "StopIteration", "GeneratorExit"}) {
    for (const auto mode : {kRow, kArrow}) {
      const auto function =
          MustLoad(mode, std::string("def f(x): raise ") + exception + "('so')",
                   {arrow::int64()}, arrow::int64());
      const auto info = ExpectUdfError(Invoke(function, {Integers({1})}).status(),
                                       UdfErrorCode::kExecution, "so");
      EXPECT_EQ(info.exception_type, exception);
    }
  }
}

TEST_P(BackendConformance, APayloadThatIsNoFunctionIsRefused) {
  UdfDefinition definition =
      Define(kRow, "def f(x): return x", {arrow::int64()}, arrow::int64());
  definition.payload = subject_->Pickle("", "'text'");
  ExpectUdfError(Load(definition).status(), UdfErrorCode::kInvalidDefinition,
                 "not a function but a str");
  definition.payload = "no pickle";
  ExpectUdfError(Load(definition).status(), UdfErrorCode::kInvalidDefinition,
                 "cannot be unpickled");
}

TEST_P(BackendConformance, APayloadThatIsElsewhereIsRefused) {
  UdfDefinition definition =
      Define(kRow, "def f(x): return x", {arrow::int64()}, arrow::int64());
  definition.payload.clear();
  definition.payload_reference = "live:5";
  ExpectUdfError(Load(definition).status(), UdfErrorCode::kInvalidDefinition, "live:5");
}

TEST_P(BackendConformance, AMissingModuleIsADependencyError) {
  UdfDefinition definition =
      Define(kRow, "def f(x): return x", {arrow::int64()}, arrow::int64());
  definition.payload = "cspringald_absent\nf\n.";  // the pickle of springald_absent.f
  const auto info = ExpectUdfError(Load(definition).status(), UdfErrorCode::kDependency,
                                   "No module named 'springald_absent'");
  EXPECT_EQ(info.exception_type, "ModuleNotFoundError");
}

TEST_P(BackendConformance, AnotherPythonIsAVersionMismatch) {
  UdfDefinition definition =
      Define(kRow, "def f(x): return x", {arrow::int64()}, arrow::int64());
  definition.environment.version = "3.5.1";
  ExpectUdfError(Load(definition).status(), UdfErrorCode::kVersionMismatch,
                 "pickled by cpython 3.5 and");
}

TEST_P(BackendConformance, TypesThatAreNotSupportedAreRefusedWhenLoading) {
  const auto either = arrow::dense_union({arrow::field("a", arrow::int8())});
  const auto refused = [this](const auto& argument, const auto& result) {
    const auto definition =
        Define(kRow, "def f(x): return x", {arrow::int64(), argument}, result);
    return Load(definition).status();
  };
  ExpectUdfError(
      refused(arrow::int64(), either), UdfErrorCode::kInvalidDefinition,
      "the result has the type dense_union<a: int8=0>, which is not supported");
  ExpectUdfError(
      refused(arrow::int64(), arrow::struct_({arrow::field("s", arrow::list(either))})),
      UdfErrorCode::kInvalidDefinition, "because of the dense_union<a: int8=0> inside");
}

TEST_P(BackendConformance, TypesThatPyarrowHasNoArraysOfAreRefusedInEveryMode) {
  for (const auto& type : {arrow::month_interval(), arrow::list(arrow::month_interval()),
                           arrow::day_time_interval()}) {
    for (const auto mode : {kRow, kArrow}) {
      ExpectUdfError(
          Load(Define(mode, "def f(x): return x", {type}, arrow::int64())).status(),
          UdfErrorCode::kInvalidDefinition, "use month_day_nano_interval");
      ExpectUdfError(
          Load(Define(mode, "def f(x): return x", {arrow::int64()}, type)).status(),
          UdfErrorCode::kInvalidDefinition, "use month_day_nano_interval");
    }
  }
}

TEST_P(BackendConformance, AnArrowFunctionGetsAndReturnsEveryType) {
  const auto either = arrow::dense_union({arrow::field("a", arrow::int8())});
  for (const auto& type :
       {arrow::null(), arrow::month_day_nano_interval(), either, arrow::list(either),
        arrow::decimal256(50, 2), arrow::map(arrow::int8(), either),
        arrow::fixed_size_list(arrow::utf8_view(), 2),
        arrow::run_end_encoded(arrow::int16(), arrow::utf8()),
        arrow::dictionary(arrow::int8(), arrow::utf8())}) {
    const auto function = MustLoad(kArrow, "def f(x): return x", {type}, type);
    const auto column = arrow::MakeArrayOfNull(type, 3).ValueOrDie();
    const auto returned = Invoke(function, {column});
    ASSERT_TRUE(returned.ok()) << returned.status().ToString();
    EXPECT_TRUE((*returned)->Equals(column)) << type->ToString();
  }
}

TEST_P(BackendConformance, CancellingEndsAPythonLoop) {
  for (const auto mode : {kRow, kArrow}) {
    const auto function = MustLoad(mode, "def f(x):\n    while True: pass",
                                   {arrow::int64()}, arrow::int64());
    ExpectUdfError(InvokeAndCancel(function), UdfErrorCode::kCancelled, "cancelled");
  }
}

TEST_P(BackendConformance, ACancelledTokenStartsNoCall) {
  cancel_.Cancel();
  for (const auto mode : {kRow, kArrow}) {
    for (const char* body : {"return x", "\n    while True: pass"}) {
      const auto function = MustLoad(mode, std::string("def f(x): ") + body,
                                     {arrow::int64()}, arrow::int64());
      ExpectUdfError(Invoke(function, {Integers({1})}).status(), UdfErrorCode::kCancelled,
                     "cancelled");
    }
  }
}

TEST_P(BackendConformance, CancellingOneCallLeavesOthersAlone) {
  const auto endless =
      MustLoad(kRow, "def f(x):\n    while True: pass", {arrow::int64()}, arrow::int64());
  const auto function =
      MustLoad(kRow, "def f(x): return x", {arrow::int64()}, arrow::int64());
  ExpectUdfError(InvokeAndCancel(endless), UdfErrorCode::kCancelled, "cancelled");
  CancelToken other;
  EXPECT_TRUE(function->Invoke({{Integers({1})}, 1}, other).ok());
  EXPECT_EQ(other.Cancel(), 0) << "a call that has ended is still registered";
}

TEST_P(BackendConformance, FourThreadsMayCallAtOnce) {
  const auto function = MustLoad(kRow, "def f(x): return x * 2 if x % 100 else 1 // x",
                                 {arrow::int64()}, arrow::int64());
  std::vector<std::future<int>> num_right;
  subject_->Wait([&] {
    for (int64_t thread = 0; thread < 4; ++thread) {
      num_right.push_back(std::async(std::launch::async, [&, thread] {
        int right = 0;
        for (int64_t i = 0; i < 50; ++i) {
          const int64_t value = 1000 * thread + i;
          const auto column = Invoke(function, {Integers({value, value, value})});
          right += value == 0 ? !column.ok()
                              : column.ok() && (*column)->Equals(Integers(std::vector(
                                                   3, value % 100 ? value * 2 : 0)));
        }
        return right;
      }));
    }
    for (const auto& future : num_right) {
      future.wait();
    }
  });
  for (auto& future : num_right) {
    EXPECT_EQ(future.get(), 50);
  }
}

}  // namespace

}  // namespace springald
