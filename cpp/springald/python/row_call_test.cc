#include "springald/python/row_call.h"

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "springald/python/python_testing.h"

namespace springald::python {

namespace {

// Columns of 75 rows are more than two blocks of the row loop, and no multiple of one.
class RowCall : public PythonTest {
 protected:
  RowCall() {
    python_.Run(
        "import gc, sys\n"
        "from datetime import datetime\n"
        "def column(values, type_): return pa.array(values, type_)\n"
        "reals = pa.array([i + 0.5 for i in range(75)])\n"
        "integers = pa.array([i * 1000 for i in range(75)])\n"
        "texts = pa.array([f'text {i}' for i in range(75)])\n");
  }

  static UdfDefinition DefinitionFor(const arrow::ArrayVector& columns,
                                     std::shared_ptr<arrow::DataType> result) {
    std::vector<std::shared_ptr<arrow::DataType>> types;
    for (const auto& column : columns) {
      types.push_back(column->type());
    }
    return DefinitionOf(UdfMode::kRow, types, std::move(result));
  }

  arrow::Result<std::shared_ptr<arrow::Array>> Call(
      const std::string& function, const arrow::ArrayVector& columns,
      std::shared_ptr<arrow::DataType> result) {
    return Call(function, columns, DefinitionFor(columns, std::move(result)));
  }

  arrow::Result<std::shared_ptr<arrow::Array>> Call(const std::string& function,
                                                    const arrow::ArrayVector& columns,
                                                    const UdfDefinition& definition) {
    const PyRef callable = python_.Eval(function);
    const auto num_references = Py_REFCNT(callable.get());
    auto returned = CallRows(definition, callable.get(), columns,
                             columns.empty() ? 3 : columns[0]->length(), cancel_);
    // What was raised keeps its frames, and so the function, alive.
    ARROW_RETURN_NOT_OK(returned);
    EXPECT_EQ(Py_REFCNT(callable.get()), num_references) << function;
    return returned->column;
  }

  /// Runs `call` (which drops its result), and then expects that of all that
  /// `f` put into the list `kept`, and of `f`, nobody else holds references.
  template <typename Body>
  void ExpectKeepsNoReferences(const Body& call) {
    python_.Run("kept = []; before = sys.getrefcount(f)");
    call();
    python_.Run(
        "gc.collect()\n"
        "alone = sys.getrefcount([object()][0]) + 1\n"
        "counts = {sys.getrefcount(kept[i]) for i in range(len(kept))}\n");
    EXPECT_TRUE(python_.IsTrue("len(kept) > 0 and counts == {alone}"))
        << python_.Text("len(kept), counts, alone");
    EXPECT_TRUE(python_.IsTrue("sys.getrefcount(f) == before"));
  }

  CancelToken cancel_;
};

TEST_F(RowCall, GivesWhatAListOfCallsGives) {
  const auto reals = python_.Column("reals");
  const auto integers = python_.Column("integers");
  const auto texts = python_.Column("texts");
  EXPECT_TRUE(Call("lambda: 5", {}, arrow::int64())
                  .ValueOrDie()
                  ->Equals(python_.Column("pa.array([5] * 3)")));
  EXPECT_TRUE(
      Call("lambda x: x * 2", {reals}, arrow::float64())
          .ValueOrDie()
          ->Equals(python_.Column("pa.array([x * 2 for x in reals.to_pylist()])")));
  EXPECT_TRUE(
      Call("lambda x, n: x + n", {reals, integers}, arrow::float64())
          .ValueOrDie()
          ->Equals(python_.Column("pa.array([x + n for x, n in "
                                  "zip(reals.to_pylist(), integers.to_pylist())])")));
  EXPECT_TRUE(
      Call("lambda *a: f'{a}'", {reals, integers, texts}, arrow::utf8())
          .ValueOrDie()
          ->Equals(python_.Column("pa.array([f'{a}' for a in zip(reals.to_pylist(), "
                                  "integers.to_pylist(), texts.to_pylist())])")));
}

TEST_F(RowCall, CallsEveryKindOfCallable) {
  python_.Run(
      "import functools, math, operator\n"
      "class Adder:\n"
      "    def __call__(self, x): return x + 1\n"
      "    def method(self, x): return x + 1\n"
      "class Metaclass(type):\n"
      "    def __call__(cls, x): return x + 1\n"
      "class OfMetaclass(metaclass=Metaclass): pass\n");
  const auto expected = python_.Column("pa.array([x + 1 for x in reals.to_pylist()])");
  for (const char* function : {"lambda x: x + 1", "Adder()", "Adder().method",
                               "functools.partial(operator.add, 1)", "(1.0).__add__",
                               "OfMetaclass", "functools.lru_cache(lambda x: x + 1)"}) {
    const auto column = Call(function, {python_.Column("reals")}, arrow::float64());
    ASSERT_TRUE(column.ok()) << function << ": " << column.status().ToString();
    EXPECT_TRUE((*column)->Equals(expected)) << function;
  }
}

TEST_F(RowCall, NoRowsAreNoCalls) {
  const auto column = Call("lambda x: 1 / 0",
                           {python_.Column("pa.array([], pa.int64())")}, arrow::utf8());
  EXPECT_TRUE((*column)->Equals(python_.Column("pa.array([], pa.utf8())")));
}

TEST_F(RowCall, RowsWithANullThatIsNotTakenAreSkipped) {
  python_.Run("seen = []\ndef f(x, y): seen.append((x, y)); return x");
  const auto x = python_.Column("pa.array([1, None, 3, None] * 20)");
  const auto y = python_.Column("pa.array([None, 'b', 'c', None] * 20)");
  UdfDefinition definition = DefinitionFor({x, y}, arrow::int64());
  definition.null_handling = NullHandling::kSkip;
  definition.arguments = arrow::schema(
      {arrow::field("x", arrow::int64(), false), arrow::field("y", arrow::utf8())});
  const auto column = Call("f", {x, y}, definition).ValueOrDie();
  EXPECT_TRUE(column->Equals(x));
  EXPECT_TRUE(python_.IsTrue("seen == [(1, None), (3, 'c')] * 20"));
}

TEST_F(RowCall, WithoutSkippingNullsAreNone) {
  python_.Run("seen = []\ndef f(x): seen.append(x); return 0 if x is None else x");
  const auto x = python_.Column("pa.array([1, None, 3] * 20)");
  UdfDefinition definition = DefinitionFor({x}, arrow::int64());
  definition.arguments = arrow::schema({arrow::field("x", arrow::int64(), false)});
  const auto column = Call("f", {x}, definition).ValueOrDie();
  EXPECT_TRUE(column->Equals(python_.Column("pa.array([1, 0, 3] * 20)")));
  EXPECT_TRUE(python_.IsTrue("seen == [1, None, 3] * 20"));
}

TEST_F(RowCall, ArgumentsThatAreKeptNeverChange) {
  python_.Run(
      "kept = []\n"
      "def f(*row): kept.append(row); return row[0]\n"
      "values = [0, 5, 256, 257, -6, 2**30 - 1, 2**30, 2**62, -2**31, None] * 20\n"
      "wide = pa.array(values)\n"
      "real = pa.array([None if v is None else v / 3 for v in values])\n");
  const auto wide = python_.Column("wide");
  const auto real = python_.Column("real");
  ASSERT_TRUE(Call("f", {wide, real}, arrow::int64()).ok());
  EXPECT_TRUE(python_.IsTrue(
      "repr(kept) == repr(list(zip(wide.to_pylist(), real.to_pylist())))"));
}

TEST_F(RowCall, ArgumentsThatAreKeptNowAndThenNeverChange) {
  // A value may be made over only in the rows between those that are kept.
  python_.Run(
      "kept = []\n"
      "def f(i, x):\n"
      "    if i % 7 == 0: kept.append((i, x))\n"
      "    return x\n"
      "numbers = pa.array(range(1000, 2000))\n"
      "real = pa.array([i / 7 for i in range(1000, 2000)])\n");
  const auto column =
      Call("f", {python_.Column("numbers"), python_.Column("real")}, arrow::float64());
  EXPECT_TRUE((*column)->Equals(python_.Column("real")));
  EXPECT_TRUE(
      python_.IsTrue("kept == [(i, i / 7) for i in range(1000, 2000) if i % 7 == 0]"));
}

TEST_F(RowCall, ValuesOfEachClassThatAreKeptNowAndThenNeverChange) {
  python_.Run(
      "import datetime as dt, random\n"
      "chance = random.Random(5)\n"
      "start = dt.datetime(1890, 1, 1)\n"
      "moments = [start + dt.timedelta(microseconds=chance.randrange(10**16))\n"
      "           for _ in range(1000)]\n"
      "columns = [\n"
      "    pa.array([chance.randrange(-2**62, 2**62) >> chance.randrange(62)\n"
      "              for _ in range(1000)]),\n"
      "    pa.array(['x' * chance.randrange(80) + str(i) * (i % 5) for i in "
      "range(1000)]),\n"
      "    pa.array([('x\u00e9'[i % 9 == 0:] or '') * (i % 40) for i in range(1000)]),\n"
      "    pa.array(moments, pa.timestamp('us')),\n"
      "    pa.array([moment.date() for moment in moments], pa.date32()),\n"
      "]\n"
      "def f(i, x):\n"
      "    hash(x)\n"
      "    if i % 7 == 0: kept.append((i, x))\n"
      "    return i\n");
  for (int i = 0; i < 5; ++i) {
    python_.Run("kept = []; column = columns[" + std::to_string(i) + "]");
    ASSERT_TRUE(Call("f",
                     {python_.Column("pa.array(range(1000))"), python_.Column("column")},
                     arrow::int64())
                    .ok());
    EXPECT_TRUE(
        python_.IsTrue("kept == [(i, column[i].as_py()) for i in range(0, 1000, 7)] "
                       "and all(hash(x) == hash(column[i].as_py()) for i, x in kept)"))
        << i << python_.Text("kept[:20]");
  }
}

TEST_F(RowCall, StringsThatPythonInternsNeverChange) {
  // The table of interned strings has references that are not counted.
  python_.Run(
      "import sys\n"
      "class Record: pass\n"
      "record, names = Record(), []\n"
      "def f(s):\n"
      "    sys.intern(s)\n"
      "    setattr(record, 'attribute_' + s, 1)\n"
      "    return s\n"
      "strings = [f'name_{i:03}' for i in range(500)]\n");
  ASSERT_TRUE(Call("f", {python_.Column("pa.array(strings)")}, arrow::utf8()).ok());
  EXPECT_TRUE(python_.IsTrue("all(sys.intern(s + '') == s for s in strings)"));
  EXPECT_TRUE(
      python_.IsTrue("list(vars(record)) == ['attribute_' + s for s in strings]"));
}

TEST_F(RowCall, ArgumentsInClosuresAndGeneratorsNeverChange) {
  python_.Run(
      "later = []\n"
      "def f(x):\n"
      "    later.append(lambda: x)\n"
      "    later.append((y for y in [x]).__next__)\n"
      "    return x\n");
  ASSERT_TRUE(Call("f", {python_.Column("reals")}, arrow::float64()).ok());
  EXPECT_TRUE(python_.IsTrue(
      "[g() for g in later] == [x for x in reals.to_pylist() for _ in range(2)]"));
}

TEST_F(RowCall, NumbersOfTheInterpreterNeverChange) {
  const auto before =
      python_.Text("[id(i) for i in range(-5, 257)], list(range(-5, 257))");
  ASSERT_TRUE(
      Call("lambda x: None",
           {python_.Column("pa.array([*range(-5, 257), *range(1000, 1300)] * 3)")},
           arrow::int64())
          .ok());
  EXPECT_EQ(python_.Text("[id(i) for i in range(-5, 257)], list(range(-5, 257))"),
            before);
}

TEST_F(RowCall, KeepsNoReferencesAfterSuccess) {
  python_.Run("def f(x): kept.append(x); return x");
  ExpectKeepsNoReferences(
      [this] { EXPECT_TRUE(Call("f", {python_.Column("texts")}, arrow::utf8()).ok()); });
  ExpectKeepsNoReferences([this] {
    EXPECT_TRUE(Call("f", {python_.Column("reals")}, arrow::float64()).ok());
  });
}

TEST_F(RowCall, KeepsNoReferencesWhereTheFunctionRaises) {
  python_.Run(
      "def f(x, t):\n"
      "    kept.append(x); kept.append(t)\n"
      "    if x == 70.5: raise ValueError(x)\n"
      "    return t\n");
  ExpectKeepsNoReferences([this] {
    EXPECT_FALSE(
        Call("f", {python_.Column("reals"), python_.Column("texts")}, arrow::utf8())
            .ok());
  });
}

TEST_F(RowCall, KeepsNoReferencesWhereAResultIsRefused) {
  python_.Run(
      "def f(x):\n"
      "    result = [x] if x == 40.5 else x * 2\n"
      "    kept.append(result)\n"
      "    return result\n");
  ExpectKeepsNoReferences([this] {
    EXPECT_FALSE(Call("f", {python_.Column("reals")}, arrow::float64()).ok());
  });
}

TEST_F(RowCall, KeepsNoReferencesWhereAnArgumentCannotBeMade) {
  python_.Run(
      "def f(t, moment): kept.append(t); return t\n"
      "moments = pa.array([i * 1000 + (i == 50) for i in range(75)], "
      "pa.timestamp('ns'))\n");
  ExpectKeepsNoReferences([this] {
    EXPECT_FALSE(
        Call("f", {python_.Column("texts"), python_.Column("moments")}, arrow::utf8())
            .ok());
  });
}

TEST_F(RowCall, KeepsNoReferencesWhereItIsCancelled) {
  python_.Run("def f(x): kept.append(x); return x");
  cancel_.Cancel();
  ExpectKeepsNoReferences(
      [this] { EXPECT_FALSE(Call("f", {python_.Column("texts")}, arrow::utf8()).ok()); });
}

TEST_F(RowCall, ErrorsOfTheFunctionNameTheRowAndItsArguments) {
  python_.Run(
      "def f(x, t):\n"
      "    if x == 40.5: raise ValueError('bad ' + t)\n"
      "    return 1\n");
  const auto info = ExpectUdfError(
      Call("f", {python_.Column("reals"), python_.Column("texts")}, arrow::int64())
          .status(),
      UdfErrorCode::kExecution, "bad text 40");
  EXPECT_EQ(info.row, 40);
  EXPECT_EQ(info.arguments, "(40.5, 'text 40')");
  EXPECT_EQ(info.exception_type, "ValueError");
  EXPECT_NE(info.traceback.find("line 2, in f"), std::string::npos);
  EXPECT_NE(info.exception, nullptr);
}

TEST_F(RowCall, ErrorsOfResultsNameTheRowAndItsArguments) {
  const auto info = ExpectUdfError(
      Call("lambda x: 'text' if x == 70.5 else 5", {python_.Column("reals")},
           arrow::int64())
          .status(),
      UdfErrorCode::kResult, "the function returned 'text' (str), which is not a int64");
  EXPECT_EQ(info.row, 70);
  EXPECT_EQ(info.arguments, "(70.5,)");
}

TEST_F(RowCall, WhatIsRaisedComesBeforeWhatIsRefused) {
  // As it would in pa.array([f(x) for x in column]).
  const auto info = ExpectUdfError(Call("lambda x: 'text' if x < 70 else 1 / 0",
                                        {python_.Column("reals")}, arrow::int64())
                                       .status(),
                                   UdfErrorCode::kExecution, "division by zero");
  EXPECT_EQ(info.row, 70);
}

TEST_F(RowCall, RowsBeforeAnArgumentThatCannotBeMadeAreCalled) {
  python_.Run(
      "calls = []\n"
      "moments = pa.array([i * 1000 + (i == 50) for i in range(75)], "
      "pa.timestamp('ns'))\n");
  const auto moments = python_.Column("moments");
  const auto info =
      ExpectUdfError(Call("lambda n, m: calls.append(n)",
                          {python_.Column("integers"), moments}, arrow::int64())
                         .status(),
                     UdfErrorCode::kExecution,
                     "argument a1 cannot be made a Python value: timestamp[ns]");
  EXPECT_EQ(info.row, 50);
  EXPECT_TRUE(python_.IsTrue("calls == integers.to_pylist()[:50]"));
}

TEST_F(RowCall, KeyboardInterruptIsTheUsers) {
  python_.Run("def f(x): raise KeyboardInterrupt");
  const auto status = Call("f", {python_.Column("reals")}, arrow::int64()).status();
  ExpectUdfError(status, UdfErrorCode::kInterrupted, "");
}

TEST_F(RowCall, StopIterationCutsNothingShort) {
  python_.Run("source = iter(range(40))");
  const auto info = ExpectUdfError(
      Call("lambda x: next(source)", {python_.Column("reals")}, arrow::int64()).status(),
      UdfErrorCode::kExecution, "");
  EXPECT_EQ(info.exception_type, "StopIteration");
  EXPECT_EQ(info.row, 40);
}

TEST_F(RowCall, ACancelledTokenEndsItAfterARow) {
  python_.Run("calls = []");
  cancel_.Cancel();
  ExpectUdfError(
      Call("lambda x: calls.append(x)", {python_.Column("reals")}, arrow::int64())
          .status(),
      UdfErrorCode::kCancelled, "cancelled");
  EXPECT_TRUE(python_.IsTrue("len(calls) <= 1"));
  ExpectUdfError(Call("calls.append", {python_.Column("reals")}, arrow::int64()).status(),
                 UdfErrorCode::kCancelled, "cancelled");
  EXPECT_TRUE(python_.IsTrue("len(calls) <= 2"));
}

TEST_F(RowCall, OtherThreadsGetTheGilBetweenRowsOfACFunction) {
  const auto column = python_.Column("pa.array(['x' * 200] * 300_000)");
  std::atomic<bool> has_entered{false};
  std::thread other;
  {
    // The other thread asks for the GIL while this one has it.
    std::atomic<bool> is_asking{false};
    other = std::thread([&has_entered, &is_asking] {
      is_asking = true;
      const GilEnter gil;
      has_entered = true;
    });
    while (!is_asking) {
      std::this_thread::yield();
    }
    EXPECT_TRUE(Call("str.isascii", {column}, arrow::boolean()).ok());
    EXPECT_TRUE(Call("hash", {column}, arrow::int64()).ok());
  }
  EXPECT_TRUE(has_entered);
  const GilRelease release;
  other.join();
}

TEST_F(RowCall, DescribesArgumentsWithinBounds) {
  const auto numbers = python_.Column("pa.array([1, None])");
  EXPECT_EQ(DescribeArguments({}, 0), "()");
  EXPECT_EQ(DescribeArguments({numbers}, 1), "(None,)");
  EXPECT_EQ(DescribeArguments({numbers, python_.Column("pa.array(['a', 'b'])")}, 1),
            "(None, 'b')");
  const auto long_text = python_.Column("pa.array(['é' * 1000])");
  const std::string one = DescribeArguments({long_text}, 0);
  EXPECT_LT(one.size(), 220u);
  EXPECT_EQ(one.substr(one.size() - 7), "é...,)");
  const std::string many = DescribeArguments(arrow::ArrayVector(100, long_text), 0);
  EXPECT_LT(many.size(), 2500u);
  EXPECT_EQ(many.substr(many.size() - 6), ", ...)");
}

TEST_F(RowCall, DescribesArgumentsThatCannotBeMade) {
  EXPECT_EQ(
      DescribeArguments(
          {python_.Column("pa.array([1], pa.timestamp('ns'))"),
           python_.Column("pa.array([5])"),
           python_.Column("pa.nulls(1, pa.dense_union([pa.field('a', pa.int8())]))")},
          0),
      "(?, 5, ?)");
}

}  // namespace

}  // namespace springald::python
