// Constants and streams, on every backend.

#include <arrow/json/from_string.h>

#include "springald/backend/conformance.h"
#include "springald/base/udf_error_testing.h"

namespace springald {

namespace {

using arrow::json::ArrayFromJSONString;

std::shared_ptr<arrow::Array> Integers(const std::string& json) {
  return ArrayFromJSONString(arrow::int64(), json).ValueOrDie();
}

std::shared_ptr<arrow::Array> Texts(const std::string& json) {
  return ArrayFromJSONString(arrow::utf8(), json).ValueOrDie();
}

}  // namespace

TEST_P(BackendConformance, EachRowGetsTheValueOfAConstant) {
  const auto f = MustLoad(UdfMode::kRow, "def f(n, s): return f'{s}{id(s)}'",
                          {arrow::int64(), arrow::utf8()}, arrow::utf8());
  const Batch batch{{Integers("[1, 2, 3]"), Texts(R"(["text"])")}, 3, {false, true}};
  const auto column = f->Invoke(batch, cancel_).ValueOrDie();
  // The rows differ in nothing, so they got one object.
  EXPECT_TRUE(column->Slice(0, 1)->Equals(column->Slice(1, 1)));
  EXPECT_TRUE(column->Slice(0, 1)->Equals(column->Slice(2, 1)));
}

TEST_P(BackendConformance, OtherModesGetColumnsForConstants) {
  const auto f = MustLoad(UdfMode::kArrow,
                          "import pyarrow.compute as pc\n"
                          "def f(n, s):\n"
                          "  assert len(n) == len(s) == 3\n"
                          "  return pc.binary_join_element_wise(s, s, '-')",
                          {arrow::int64(), arrow::utf8()}, arrow::utf8());
  const Batch batch{{Integers("[1, 2, 3]"), Texts(R"(["a"])")}, 3, {false, true}};
  EXPECT_TRUE(
      f->Invoke(batch, cancel_).ValueOrDie()->Equals(Texts(R"(["a-a", "a-a", "a-a"])")));
}

TEST_P(BackendConformance, ANullConstantSkipsEveryRow) {
  auto definition = Define(UdfMode::kRow, "def f(n, s): raise AssertionError",
                           {arrow::int64(), arrow::utf8()}, arrow::int64());
  definition.null_handling = NullHandling::kSkip;
  definition.arguments = arrow::schema(
      {arrow::field("n", arrow::int64(), true), arrow::field("s", arrow::utf8(), false)});
  definition.result = definition.result->WithNullable(false);
  const auto f = Load(definition).ValueOrDie();
  const Batch batch{{Integers("[1, 2]"), Texts("[null]")}, 2, {false, true}};
  EXPECT_EQ(f->Invoke(batch, cancel_).ValueOrDie()->null_count(), 2);
}

TEST_P(BackendConformance, AnErrorShowsTheConstantOfItsRow) {
  const auto f = MustLoad(UdfMode::kRow,
                          "def f(n, s):\n"
                          "  if n == 3: raise ValueError('three')\n"
                          "  return n",
                          {arrow::int64(), arrow::utf8()}, arrow::int64());
  const Batch batch{{Integers("[1, 2, 3]"), Texts(R"(["a"])")}, 3, {false, true}};
  const auto info = GetUdfErrorInfo(f->Invoke(batch, cancel_).status());
  EXPECT_EQ(info.code, UdfErrorCode::kExecution);
  EXPECT_EQ(info.row, 2);
  EXPECT_EQ(info.arguments, "(3, 'a')");
}

TEST_P(BackendConformance, AStreamIsKeptUntilItEnds) {
  const auto f =
      MustLoad(UdfMode::kArrow,
               "class F:\n"
               "  def __init__(self): self.sums, self.ended = {}, []\n"
               "  def __call__(self, n): return pa.array([len(self.sums),\n"
               "      *(i * 10 + b for i, b in self.ended)])\n"
               "  def call_stream(self, stream, arrays):\n"
               "    (n,) = arrays\n"
               "    self.sums[stream] = self.sums.get(stream, 0) + n[0].as_py()\n"
               "    return pa.array([self.sums[stream]])\n"
               "  def end_stream(self, stream, failed):\n"
               "    if self.sums.pop(stream) == 100: raise ValueError('late')\n"
               "    self.ended.append((stream, failed))\n"
               "f = F()",
               {arrow::int64()}, arrow::int64());
  const auto call = [&](int64_t stream, const std::string& row) {
    return f->Invoke(Batch{{Integers(row)}, 1, {}, stream}, cancel_).ValueOrDie();
  };
  EXPECT_TRUE(call(5, "[1]")->Equals(Integers("[1]")));
  EXPECT_TRUE(call(6, "[10]")->Equals(Integers("[10]")));
  EXPECT_TRUE(call(5, "[2]")->Equals(Integers("[3]")));
  EXPECT_TRUE(f->EndStream(5, true).ok());
  const auto rows = Integers("[0, 0]");
  const auto seen = f->Invoke(Batch{{rows}, 2}, cancel_).ValueOrDie();
  EXPECT_TRUE(seen->Equals(Integers("[1, 51]"))) << seen->ToString();
  call(7, "[100]");
  const auto info = GetUdfErrorInfo(f->EndStream(7, false));
  EXPECT_EQ(info.code, UdfErrorCode::kExecution);
  EXPECT_EQ(info.exception_type, "ValueError");
}

TEST_P(BackendConformance, AFunctionThatKeepsNothingHasNoStreams) {
  const auto f =
      MustLoad(UdfMode::kArrow, "def f(n): return n", {arrow::int64()}, arrow::int64());
  const Batch batch{{Integers("[1]")}, 1, {}, 9};
  EXPECT_TRUE(f->Invoke(batch, cancel_).ok());
  EXPECT_TRUE(f->EndStream(9, false).ok());
}

}  // namespace springald
