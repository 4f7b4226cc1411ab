#include "springald/python/unpickle.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "springald/python/python_testing.h"

namespace springald::python {

namespace {

class UnpickleTest : public PythonTest {
 protected:
  UnpickleTest() {
    python_.Run("import cloudpickle, linecache, sys, types");
    // From 3.1.3 on, cloudpickle itself leaves the name of a function's file out.
    python_.Run(
        "def named(function, file_name):\n"
        "    function.__code__ = function.__code__.replace(co_filename=file_name)\n"
        "    return function\n"
        "class Named:\n"
        "    def __init__(self, function): self.function = function\n"
        "    def __reduce__(self):\n"
        "        return named, (self.function, self.function.__code__.co_filename)\n");
  }

  /// A definition with the pickle of what `expression` gives.
  UdfDefinition Pickled(const std::string& expression) {
    UdfDefinition definition =
        DefinitionOf(UdfMode::kRow, {arrow::int64()}, arrow::int64());
    definition.payload = python_.Bytes("cloudpickle.dumps(" + expression + ")");
    return definition;
  }

  /// Pickles a function whose source stands in a file that is not here.
  UdfDefinition PickledFromFile(const std::string& file_name, int32_t first_line) {
    const int64_t num_lines_before =
        first_line > 0 && first_line < 1000 ? first_line - 1 : 0;
    python_.Run("source = 'def f(x):\\n    return 1 / x\\n'");
    python_.Run("names = {}; exec(compile('\\n' * " + std::to_string(num_lines_before) +
                " + source, '" + file_name + "', 'exec'), names)");
    UdfDefinition definition = Pickled("Named(names['f'])");
    definition.source = SourceText{file_name, first_line, python_.Text("source")};
    return definition;
  }

  std::string TracebackOf(const UdfDefinition& definition) {
    const auto callable = Unpickle(definition);
    EXPECT_TRUE(callable.ok()) << callable.status().ToString();
    const PyRef zero = python_.Eval("0");
    EXPECT_FALSE(PyRef::Steal(PyObject_CallOneArg(callable->get(), zero.get())));
    return TakeException(UdfErrorCode::kExecution).traceback;
  }
};

TEST_F(UnpickleTest, MakesTheFunction) {
  const PyRef callable = Unpickle(Pickled("lambda x: x + 1")).ValueOrDie();
  const PyRef two = python_.Eval("2");
  const PyRef three = PyRef::Steal(PyObject_CallOneArg(callable.get(), two.get()));
  EXPECT_EQ(BoundedRepr(three.get(), 10), "3");
}

TEST_F(UnpickleTest, AnyCallableWillDo) {
  python_.Run(
      "class Adder:\n"
      "    def __call__(self, x): return x\n");
  EXPECT_TRUE(Unpickle(Pickled("Adder()")).ok());
  EXPECT_TRUE(Unpickle(Pickled("abs")).ok());
}

TEST_F(UnpickleTest, NamesBothVersionsThatDoNotMatch) {
  UdfDefinition definition = Pickled("abs");
  const std::string ours = python_.Text("'cpython %d.%d' % sys.version_info[:2]");
  definition.environment.version = "3.10.4";
  ExpectUdfError(Unpickle(definition).status(), UdfErrorCode::kVersionMismatch,
                 "pickled by cpython 3.10 and cannot be run by " + ours + ";");
  definition.environment.version = "3.1";
  ExpectUdfError(Unpickle(definition).status(), UdfErrorCode::kVersionMismatch,
                 "pickled by cpython 3.1 and");
  definition.environment.version = "";
  ExpectUdfError(Unpickle(definition).status(), UdfErrorCode::kVersionMismatch,
                 "pickled by cpython  and");
}

TEST_F(UnpickleTest, NamesAnotherImplementation) {
  UdfDefinition definition = Pickled("abs");
  definition.environment.implementation = "pypy";
  ExpectUdfError(Unpickle(definition).status(), UdfErrorCode::kVersionMismatch,
                 "pickled by pypy 3.");
}

TEST_F(UnpickleTest, AnotherPatchVersionWillDo) {
  UdfDefinition definition = Pickled("abs");
  definition.environment.version = python_.Text("'%d.%d.99rc1' % sys.version_info[:2]");
  EXPECT_TRUE(Unpickle(definition).ok());
  definition.environment.version = python_.Text("'%d.%d' % sys.version_info[:2]");
  EXPECT_TRUE(Unpickle(definition).ok());
}

TEST_F(UnpickleTest, ChecksTheVersionBeforeItRunsThePickle) {
  python_.Run(
      "class Runs:\n"
      "    def __reduce__(self): return exec, ('import sys; sys.ran = True',)\n");
  UdfDefinition definition = Pickled("Runs()");
  definition.environment.version = "2.7.18";
  EXPECT_FALSE(Unpickle(definition).ok());
  EXPECT_FALSE(python_.IsTrue("hasattr(sys, 'ran')"));
}

TEST_F(UnpickleTest, AMissingModuleIsADependency) {
  python_.Run(
      "module = types.ModuleType('springald_absent')\n"
      "exec('def f(x): return x', module.__dict__)\n"
      "sys.modules['springald_absent'] = module\n"
      "module.f.__module__ = 'springald_absent'\n");
  const UdfDefinition definition = Pickled("module.f");
  python_.Run("del sys.modules['springald_absent']");
  const auto info =
      ExpectUdfError(Unpickle(definition).status(), UdfErrorCode::kDependency,
                     "No module named 'springald_absent'; install the");
  EXPECT_EQ(info.udf_name, "f");
  EXPECT_EQ(info.exception_type, "ModuleNotFoundError");
}

TEST_F(UnpickleTest, RefusesWhatIsNoCallable) {
  ExpectUdfError(Unpickle(Pickled("[1, 2]")).status(), UdfErrorCode::kInvalidDefinition,
                 "the payload is not a function but a list");
}

TEST_F(UnpickleTest, RefusesBrokenBytes) {
  UdfDefinition definition = Pickled("abs");
  definition.payload.resize(definition.payload.size() / 2);
  const auto info =
      ExpectUdfError(Unpickle(definition).status(), UdfErrorCode::kInvalidDefinition,
                     "the function cannot be unpickled: ");
  EXPECT_EQ(info.udf_name, "f");
  definition.payload = std::string("no pickle \0 at all", 18);
  ExpectUdfError(Unpickle(definition).status(), UdfErrorCode::kInvalidDefinition,
                 "the function cannot be unpickled: ");
}

TEST_F(UnpickleTest, TracebacksShowTheSourceThatTravelsAlong) {
  const auto definition = PickledFromFile("/absent/springald_source.py", 41);
  python_.Run("linecache.clearcache()");
  const std::string traceback = TracebackOf(definition);
  EXPECT_NE(traceback.find("springald_source.py\", line 42, in f"), std::string::npos)
      << traceback;
  EXPECT_NE(traceback.find("return 1 / x"), std::string::npos) << traceback;
}

TEST_F(UnpickleTest, ASourceWithoutALineNumberWillDo) {
  const auto definition = PickledFromFile("/absent/springald_unnumbered.py", 0);
  EXPECT_NE(TracebackOf(definition).find("line 2, in f"), std::string::npos);
}

TEST_F(UnpickleTest, AnAbsurdLineNumberTakesNoMemory) {
  const auto definition =
      PickledFromFile("/absent/springald_far.py", std::numeric_limits<int32_t>::max());
  EXPECT_NE(TracebackOf(definition).find("ZeroDivisionError"), std::string::npos);
  EXPECT_FALSE(python_.IsTrue("'/absent/springald_far.py' in linecache.cache"));
}

TEST_F(UnpickleTest, SourceThatStandsInAFileIsReadFromThere) {
  UdfDefinition definition = Pickled("lambda x: x");
  const std::string file_name = python_.Text("linecache.__file__");
  definition.source = SourceText{file_name, 1, "not what stands there"};
  ASSERT_TRUE(Unpickle(definition).ok());
  python_.Set("file_name", PyRef::Steal(PyUnicode_FromString(file_name.c_str())).get());
  EXPECT_FALSE(python_.IsTrue("'not what' in linecache.getline(file_name, 1)"));
}

}  // namespace

}  // namespace springald::python
