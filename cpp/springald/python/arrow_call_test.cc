#include "springald/python/arrow_call.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "springald/python/python_testing.h"

namespace springald::python {

namespace {

class ArrowCall : public PythonTest {
 protected:
  /// Calls the function that `function` gives with `columns`, for int64 results.
  arrow::Result<std::shared_ptr<arrow::Array>> Call(
      const std::string& function, const arrow::ArrayVector& columns = {}) {
    const auto definition = DefinitionOf(UdfMode::kArrow, {}, arrow::int64());
    const PyRef callable = python_.Eval(function);
    std::vector<PyRef> arrays;
    std::vector<PyObject*> borrowed;
    for (const auto& column : columns) {
      arrays.push_back(WrapArray(column).ValueOrDie());
      borrowed.push_back(arrays.back().get());
    }
    ARROW_ASSIGN_OR_RAISE(auto returned, CallArrow(definition, callable.get(), borrowed));
    return returned.column;
  }

  void ExpectReturns(const std::string& function, const std::string& expected) {
    const auto column = Call(function);
    ASSERT_TRUE(column.ok()) << function << ": " << column.status().ToString();
    EXPECT_TRUE((*column)->Equals(python_.Column(expected))) << function;
  }

  UdfErrorInfo ExpectRefused(const std::string& function, const std::string& piece) {
    return ExpectUdfError(Call(function).status(), UdfErrorCode::kResult, piece);
  }
};

TEST_F(ArrowCall, GivesOneArrayPerArgument) {
  python_.Run("def f(*columns):\n    global seen; seen = columns; return columns[0]");
  const auto first = python_.Column("pa.array([1, None, 3, 4])")->Slice(1, 2);
  const auto second = python_.Column("pa.array(['a', 'b'])");
  const auto column = Call("f", {first, second}).ValueOrDie();
  EXPECT_TRUE(python_.IsTrue("[c.to_pylist() for c in seen] == [[None, 3], ['a', 'b']]"));
  EXPECT_TRUE(column->Equals(first));
  EXPECT_EQ(column->data()->buffers[1], first->data()->buffers[1]) << "was copied";
}

TEST_F(ArrowCall, CallsWithoutArguments) {
  ExpectReturns("lambda: pa.array([5])", "pa.array([5])");
}

TEST_F(ArrowCall, TakesChunkedArrays) {
  ExpectReturns("lambda: pa.chunked_array([[1], [], [2, None]])",
                "pa.array([1, 2, None])");
  ExpectReturns("lambda: pa.chunked_array([[1, 2]])", "pa.array([1, 2])");
  ExpectReturns("lambda: pa.chunked_array([], pa.int64())", "pa.array([], pa.int64())");
}

TEST_F(ArrowCall, ConvertsListsAndTuplesToTheResultType) {
  ExpectReturns("lambda: [1, None]", "pa.array([1, None], pa.int64())");
  ExpectReturns("lambda: (1, 2.0)", "pa.array([1, 2], pa.int64())");
  ExpectReturns("lambda: []", "pa.array([], pa.int64())");
}

TEST_F(ArrowCall, TakesWhatExportsItselfAsAnArrowArray) {
  python_.Run(
      "class Exports:\n"
      "    def __arrow_c_array__(self, requested_schema=None):\n"
      "        return pa.array([7, 8]).__arrow_c_array__(requested_schema)\n");
  ExpectReturns("Exports", "pa.array([7, 8])");
}

TEST_F(ArrowCall, AnExportThatRaisesIsAResultError) {
  python_.Run(
      "class Rude:\n"
      "    def __arrow_c_array__(self, requested_schema=None):\n"
      "        raise RuntimeError('not today')\n");
  const UdfErrorInfo info = ExpectRefused("Rude", "not today");
  EXPECT_EQ(info.exception_type, "RuntimeError");
}

TEST_F(ArrowCall, LeavesTheTypeToBeCheckedLater) {
  ExpectReturns("lambda: pa.array(['a'])", "pa.array(['a'])");
}

TEST_F(ArrowCall, RefusesAListOfOtherValues) {
  const UdfErrorInfo info = ExpectRefused(
      "lambda: [1, 'two']", "the function returned a list that is not an array of int64");
  EXPECT_EQ(info.exception_type, "pyarrow.lib.ArrowInvalid");
  EXPECT_TRUE(info.traceback.empty());
  ExpectRefused("lambda: (object(),)", "the function returned a tuple that is not");
}

TEST_F(ArrowCall, RefusesWhatIsNoColumn) {
  python_.Run("import numpy as np");
  ExpectRefused("lambda: 5", "this one returned 5 (int)");
  ExpectRefused("lambda: None", "this one returned None (NoneType)");
  ExpectRefused("lambda: 'text'", "this one returned 'text' (str)");
  ExpectRefused("lambda: pa.scalar(5)", "(pyarrow.lib.Int64Scalar)");
  ExpectRefused("lambda: np.array([1])", "(numpy.ndarray). Wrap it with pyarrow.array");
  ExpectRefused("lambda: pa.table({'a': [1]})", "(pyarrow.lib.Table)");
  ExpectRefused("lambda: {'x' * 1000: 1}", "xxx... (dict)");
}

TEST_F(ArrowCall, CarriesWhatTheFunctionRaises) {
  python_.Run("def f():\n    raise ValueError('wrong unit')");
  const auto info =
      ExpectUdfError(Call("f").status(), UdfErrorCode::kExecution, "wrong unit");
  EXPECT_EQ(info.udf_name, "f");
  EXPECT_EQ(info.exception_type, "ValueError");
  EXPECT_NE(info.traceback.find("line 2, in f"), std::string::npos);
  EXPECT_FALSE(info.row.has_value());
  EXPECT_NE(info.exception, nullptr);
}

TEST_F(ArrowCall, AWrongNumberOfParametersIsAnErrorOfTheFunction) {
  const auto info = ExpectUdfError(
      Call("lambda: 5", {python_.Column("pa.array([1])")}).status(),
      UdfErrorCode::kExecution, "takes 0 positional arguments but 1 was given");
  EXPECT_EQ(info.exception_type, "TypeError");
}

TEST_F(ArrowCall, KeepsNoReferences) {
  python_.Run(
      "import gc, weakref\n"
      "seen = []\n"
      "def keep(c): seen.append(weakref.ref(c)); return c\n"
      "def fail(c): seen.append(weakref.ref(c)); raise ValueError\n"
      "def refuse(c): seen.append(weakref.ref(c)); return 5\n");
  const auto column = python_.Column("pa.array([1, 2])");
  const auto num_users = column.use_count();
  for (const char* function : {"keep", "fail", "refuse"}) {
    const PyRef callable = python_.Eval(function);
    const auto num_references = Py_REFCNT(callable.get());
    static_cast<void>(Call(function, {column}));
    EXPECT_EQ(Py_REFCNT(callable.get()), num_references) << function;
  }
  python_.Run("gc.collect()");
  EXPECT_TRUE(python_.IsTrue("[r() for r in seen] == [None] * 3"));
  EXPECT_EQ(column.use_count(), num_users);
}

}  // namespace

}  // namespace springald::python
