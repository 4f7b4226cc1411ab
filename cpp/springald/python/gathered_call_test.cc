#include "springald/python/gathered_call.h"

#include <chrono>
#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "springald/python/python_testing.h"

namespace springald::python {

namespace {

class GatheredCall : public PythonTest {
 protected:
  GatheredCall() {
    python_.Run(
        "import asyncio, sys\n"
        "from springald.async_rows import AsyncRows\n"
        "async def double(x):\n"
        "    await asyncio.sleep(0)\n"
        "    return x * 2\n");
  }

  static UdfDefinition DefinitionFor(const arrow::ArrayVector& columns) {
    std::vector<std::shared_ptr<arrow::DataType>> types;
    for (const auto& column : columns) {
      types.push_back(column->type());
    }
    return DefinitionOf(UdfMode::kRow, types, arrow::int64());
  }

  arrow::Result<std::shared_ptr<arrow::Array>> Call(const std::string& form,
                                                    const arrow::ArrayVector& columns) {
    return Call(form, columns, DefinitionFor(columns));
  }

  arrow::Result<std::shared_ptr<arrow::Array>> Call(const std::string& form,
                                                    const arrow::ArrayVector& columns,
                                                    const UdfDefinition& definition) {
    const GatheredRows rows = GatheredRows::Of(python_.Eval(form).get());
    EXPECT_TRUE(rows) << form;
    return rows.Call(definition, columns, columns.empty() ? 3 : columns[0]->length(),
                     &cancel_);
  }

  CancelToken cancel_;
};

TEST_F(GatheredCall, KnowsItsFormAndNoOther) {
  EXPECT_TRUE(GatheredRows::Of(python_.Eval("AsyncRows(double)").get()));
  EXPECT_FALSE(GatheredRows::Of(python_.Eval("double").get()));
  EXPECT_FALSE(GatheredRows::Of(python_.Eval("print").get()));
  EXPECT_FALSE(GatheredRows());
  const GatheredRows rows = GatheredRows::Of(python_.Eval("AsyncRows(double, 7)").get());
  EXPECT_NE(rows.reason().find("at most 7 at once"), std::string::npos) << rows.reason();
}

TEST_F(GatheredCall, GivesTheResultsInTheOrderOfTheRows) {
  python_.Run(
      "async def f(x):\n"
      "    await asyncio.sleep((300 - x) % 7 / 1000)\n"
      "    return x * 2\n");
  const auto column = Call("AsyncRows(f)", {python_.Column("pa.array(range(300))")});
  ASSERT_TRUE(column.ok()) << column.status().ToString();
  EXPECT_TRUE((*column)->Equals(python_.Column("pa.array([x * 2 for x in range(300)])")));
}

TEST_F(GatheredCall, TakesNoArgumentsAndNoRows) {
  python_.Run("async def f(): return 5");
  EXPECT_TRUE(
      Call("AsyncRows(f)", {}).ValueOrDie()->Equals(python_.Column("pa.array([5] * 3)")));
  EXPECT_TRUE(Call("AsyncRows(double)", {python_.Column("pa.array([], pa.int64())")})
                  .ValueOrDie()
                  ->Equals(python_.Column("pa.array([], pa.int64())")));
}

TEST_F(GatheredCall, RowsWithANullThatIsNotTakenAreSkipped) {
  python_.Run("seen = []\nasync def f(x, y): seen.append((x, y)); return x");
  const auto x = python_.Column("pa.array([1, None, 3, None])");
  const auto y = python_.Column("pa.array([None, 'b', 'c', None])");
  UdfDefinition definition = DefinitionFor({x, y});
  definition.null_handling = NullHandling::kSkip;
  definition.arguments = arrow::schema(
      {arrow::field("x", arrow::int64(), false), arrow::field("y", arrow::utf8())});
  EXPECT_TRUE(Call("AsyncRows(f)", {x, y}, definition).ValueOrDie()->Equals(x));
  EXPECT_TRUE(python_.IsTrue("seen == [(1, None), (3, 'c')]"));
  const auto nulls = python_.Column("pa.array([None, None], pa.int64())");
  EXPECT_TRUE(
      Call("AsyncRows(f)", {nulls, nulls}, definition).ValueOrDie()->Equals(nulls));
  EXPECT_TRUE(python_.IsTrue("len(seen) == 2"));
}

TEST_F(GatheredCall, AnErrorIsThatOfItsRow) {
  python_.Run(
      "async def f(x):\n"
      "    await asyncio.sleep(0)\n"
      "    if x and x % 3 == 0: raise ValueError(f'bad {x}')\n"
      "    return x\n");
  const auto x = python_.Column("pa.array([None, None, 1, 2, 3, 4, 6, 9])");
  UdfDefinition definition = DefinitionFor({x});
  definition.null_handling = NullHandling::kSkip;
  definition.arguments = arrow::schema({arrow::field("x", arrow::int64(), false)});
  const auto info = ExpectUdfError(Call("AsyncRows(f)", {x}, definition).status(),
                                   UdfErrorCode::kExecution, "bad 3");
  EXPECT_EQ(info.row, 4);
  EXPECT_EQ(info.arguments, "(3,)");
  EXPECT_EQ(info.exception_type, "ValueError");
  EXPECT_NE(info.traceback.find("in f\n"), std::string::npos) << info.traceback;
  EXPECT_EQ(info.traceback.find("async_rows"), std::string::npos) << info.traceback;
  python_.Run("async def g(x): return 'text' if x == 2 else x");
  const auto wrong =
      ExpectUdfError(Call("AsyncRows(g)", {x}).status(), UdfErrorCode::kResult, "text");
  EXPECT_EQ(wrong.row, 3);
  EXPECT_EQ(wrong.arguments, "(2,)");
}

TEST_F(GatheredCall, RowsBeforeOneThatCannotBeBoxedAreCalled) {
  python_.Run("seen = []\nasync def f(x): seen.append(x); return 1");
  const auto x = python_.Column("pa.array([0, 1000, 1001], pa.timestamp('ns'))");
  const auto info = ExpectUdfError(Call("AsyncRows(f)", {x}).status(),
                                   UdfErrorCode::kExecution, "cannot be made a Python");
  EXPECT_EQ(info.row, 2);
  EXPECT_TRUE(python_.IsTrue("len(seen) == 2"));
}

TEST_F(GatheredCall, FiringTheTokenEndsCallsThatWait) {
  python_.Run(
      "started = []; ended = []\n"
      "async def f(x):\n"
      "    started.append(x)\n"
      "    try:\n"
      "        await asyncio.sleep(1000)\n"
      "    finally:\n"
      "        ended.append(x)\n");
  const auto x = python_.Column("pa.array(range(10))");
  std::thread canceller([this] {
    for (bool has_started = false; !has_started;) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      const GilEnter gil;
      has_started = python_.IsTrue("len(started) == 4");
    }
    EXPECT_EQ(cancel_.Cancel(), 1);
  });
  const auto status = Call("AsyncRows(f, 4)", {x}).status();
  {
    const GilRelease release;
    canceller.join();
  }
  ExpectUdfError(status, UdfErrorCode::kCancelled, "cancelled");
  EXPECT_TRUE(python_.IsTrue("started == [0, 1, 2, 3] and sorted(ended) == started"));
}

TEST_F(GatheredCall, ATokenThatIsFiredAlreadyCallsNothing) {
  python_.Run("seen = []\nasync def f(x): seen.append(x); return 1");
  cancel_.Cancel();
  ExpectUdfError(Call("AsyncRows(f)", {python_.Column("pa.array([1])")}).status(),
                 UdfErrorCode::kCancelled, "cancelled");
  EXPECT_TRUE(python_.IsTrue("seen == []"));
}

TEST_F(GatheredCall, KeepsNoReferences) {
  python_.Run(
      "class Value: pass\n"
      "kept = []\n"
      "async def f(text): kept.append(text); return len(text)\n"
      "form = AsyncRows(f)\n"
      "texts = pa.array([f'a text of its own {i}' for i in range(20)])\n"
      "before = sys.getrefcount(form)\n");
  EXPECT_TRUE(Call("form", {python_.Column("texts")}).ok());
  python_.Run(
      "import gc, time\n"
      "gc.collect(); time.sleep(0.05)\n"
      "alone = sys.getrefcount([object()][0]) + 1\n"
      "counts = {sys.getrefcount(kept[i]) for i in range(len(kept))}\n");
  EXPECT_TRUE(python_.IsTrue("len(kept) == 20 and counts == {alone}"))
      << python_.Text("counts, alone");
  EXPECT_TRUE(python_.IsTrue("sys.getrefcount(form) == before"));
}

}  // namespace

}  // namespace springald::python
