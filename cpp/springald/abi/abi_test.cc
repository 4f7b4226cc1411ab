#include "springald/abi.h"

#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "springald/abi/abi_c_test.h"
#include "springald/python/gil.h"

namespace springald {

namespace {

using python::GilRelease;

constexpr const char* kTalking = R"(
def f(n):
    if n == 13:
        print('no', n); raise ValueError('unlucky')
    return n * 2
)";

// What the C programs double an int with; the traceback is to name line 4.
constexpr const char* kDoubleIt = R"(
def f(n):
    if n == 13:
        raise ValueError('unlucky')
    return n * 2
)";

// Says that it runs, and never ends.
constexpr const char* kEndless = R"(
def f(n):
    import os
    os.write(n, b'x')
    while True:
        pass
)";

constexpr const char* kPickle = R"(
import cloudpickle, platform
payload = cloudpickle.dumps(f)
version = platform.python_version()
)";

/// A function in the form that the C programs take.
class Pickled {
 public:
  /// `source` defines a function `f`.
  explicit Pickled(const std::string& source) {
    PyObject* names = PyDict_New();
    PyDict_SetItemString(names, "__builtins__", PyEval_GetBuiltins());
    PyObject* main = PyUnicode_FromString("__main__");
    PyDict_SetItemString(names, "__name__", main);
    Py_DECREF(main);
    PyObject* done =
        PyRun_String((source + kPickle).c_str(), Py_file_input, names, names);
    EXPECT_NE(done, nullptr);
    Py_XDECREF(done);
    PyObject* payload = PyDict_GetItemString(names, "payload");
    payload_.assign(PyBytes_AsString(payload),
                    static_cast<std::size_t>(PyBytes_Size(payload)));
    version_ = PyUnicode_AsUTF8(PyDict_GetItemString(names, "version"));
    Py_DECREF(names);
    view_ = {reinterpret_cast<const uint8_t*>(payload_.data()), payload_.size(),
             version_.c_str()};
  }
  Pickled(const Pickled&) = delete;
  Pickled& operator=(const Pickled&) = delete;

  const pickled_function* get() const { return &view_; }

 private:
  std::string payload_;
  std::string version_;
  pickled_function view_;
};

TEST(Abi, ACProgramMakesAndReadsDefinitions) {
  EXPECT_STREQ(RoundTripDefinition(), nullptr);
}

TEST(Abi, ACProgramRefersToAPayloadByHash) {
  EXPECT_STREQ(ReferToPayloadByHash(), nullptr);
}

TEST(Abi, ACProgramLoadsAndInvokesWithTheGil) {
  EXPECT_STREQ(LoadAndInvoke(Pickled(kDoubleIt).get()), nullptr);
  EXPECT_EQ(PyErr_Occurred(), nullptr);
}

TEST(Abi, ACProgramLoadsAndInvokesWithoutTheGil) {
  const Pickled pickled(kDoubleIt);
  const GilRelease release;
  EXPECT_STREQ(LoadAndInvoke(pickled.get()), nullptr);
  std::thread([&pickled] { EXPECT_STREQ(LoadAndInvoke(pickled.get()), nullptr); }).join();
}

TEST(Abi, ACProgramIsToldWhyALoadFails) {
  EXPECT_STREQ(RefuseToLoad(Pickled(kDoubleIt).get()), nullptr);
  EXPECT_EQ(PyErr_Occurred(), nullptr);
}

TEST(Abi, StructsThatAreReadMayBeOfAnotherVersion) {
  EXPECT_STREQ(GiveStructsOfAnySize(), nullptr);
}

TEST(Abi, StructsThatAreWrittenMayBeOfAnotherVersion) {
  EXPECT_STREQ(TakeStructsOfAnySize(Pickled(kDoubleIt).get()), nullptr);
}

TEST(Abi, ACallerOfThePreviousVersionNeedsNoChange) {
  EXPECT_STREQ(RunPreviousCaller(Pickled(kDoubleIt).get()), nullptr);
  EXPECT_EQ(PyErr_Occurred(), nullptr);
}

TEST(Abi, ManyThreadsInvokeOneFunction) {
  const Pickled pickled(kDoubleIt);
  const GilRelease release;
  EXPECT_STREQ(InvokeFromManyThreads(pickled.get()), nullptr);
}

TEST(Abi, ManyThreadsLoadOneDefinitionOnce) {
  const Pickled pickled(kDoubleIt);
  const GilRelease release;
  EXPECT_STREQ(LoadFromManyThreads(pickled.get()), nullptr);
}

TEST(Abi, AnotherThreadCancelsACallThatLoops) {
  const Pickled pickled(kEndless);
  const GilRelease release;
  EXPECT_STREQ(CancelFromAnotherThread(pickled.get()), nullptr);
}

TEST(Abi, ACProgramInvokesBatches) {
  PyObject* two = PyLong_FromLong(2);
  PyObject* double_it = PyObject_GetAttrString(two, "__mul__");
  springald_runtime* runtime = nullptr;
  springald_definition* definition = nullptr;
  springald_function* function = nullptr;
  ASSERT_EQ(springald_runtime_create(nullptr, &runtime, nullptr), SPRINGALD_OK);
  ASSERT_EQ(CreateLiveDefinition(&definition), SPRINGALD_OK);
  ASSERT_EQ(springald_runtime_bind(runtime, definition, double_it, &function, nullptr),
            SPRINGALD_OK);
  EXPECT_STREQ(InvokeBatches(function), nullptr);
  springald_function_release(function);
  springald_definition_release(definition);
  springald_runtime_release(runtime);
  Py_DECREF(double_it);
  Py_DECREF(two);
}

TEST(Abi, ACProgramRunsAFunctionInWorkers) {
  const Pickled pickled(kTalking);
  EXPECT_STREQ(RunInWorkers(pickled.get()), nullptr);
  EXPECT_EQ(PyErr_Occurred(), nullptr);
  const GilRelease release;
  EXPECT_STREQ(RunInWorkers(pickled.get()), nullptr);
}

TEST(Abi, BindingCallsTheObjectItself) {
  PyObject* callable = PyDict_GetItemString(PyEval_GetBuiltins(), "abs");
  const auto num_references = Py_REFCNT(callable);
  springald_runtime* runtime = nullptr;
  ASSERT_EQ(springald_runtime_create(nullptr, &runtime, nullptr), SPRINGALD_OK);
  springald_definition* definition = nullptr;
  ASSERT_EQ(CreateLiveDefinition(&definition), SPRINGALD_OK);
  springald_function* function = nullptr;
  ASSERT_EQ(springald_runtime_bind(runtime, definition, callable, &function, nullptr),
            SPRINGALD_OK);
  EXPECT_EQ(Py_REFCNT(callable), num_references + 1);
  EXPECT_EQ(InvokeOnce(function, -5), 5);
  springald_function_release(function);
  EXPECT_EQ(Py_REFCNT(callable), num_references);

  springald_error error{};
  EXPECT_EQ(springald_runtime_load(runtime, definition, &function, &error),
            SPRINGALD_INVALID_DEFINITION);
  EXPECT_STREQ(error.udf_name, "double_it");
  error.release(&error);
  springald_definition_release(definition);
  springald_runtime_release(runtime);
}

/// A function of `pyarrow.Array` objects: of a definition of int64 to int64 and what
/// `source` calls `f`.
class ArrayFunction {
 public:
  explicit ArrayFunction(const std::string& source) : names_(PyDict_New()) {
    PyDict_SetItemString(names_, "__builtins__", PyEval_GetBuiltins());
    Py_XDECREF(PyRun_String(("import pyarrow as pa\n" + source).c_str(), Py_file_input,
                            names_, names_));
    springald_runtime* runtime = nullptr;
    springald_definition* definition = nullptr;
    EXPECT_EQ(springald_runtime_create(nullptr, &runtime, nullptr), SPRINGALD_OK);
    EXPECT_EQ(CreateLiveDefinition(&definition), SPRINGALD_OK);
    EXPECT_EQ(
        springald_runtime_bind(runtime, definition, PyDict_GetItemString(names_, "f"),
                               &function_, nullptr),
        SPRINGALD_OK);
    springald_definition_release(definition);
    springald_runtime_release(runtime);
  }
  ~ArrayFunction() {
    springald_function_release(function_);
    Py_DECREF(names_);
  }
  ArrayFunction(const ArrayFunction&) = delete;
  ArrayFunction& operator=(const ArrayFunction&) = delete;

  /// Evaluates `expression`, which gives a new reference.
  PyObject* Eval(const char* expression) {
    return PyRun_String(expression, Py_eval_input, names_, names_);
  }

  /// Calls the function, and says in `text` what came of it: the list of the result's
  /// values, or the error's message.
  int32_t Call(const std::vector<PyObject*>& arguments, std::string* text,
               springald_cancel_token* cancel = nullptr) {
    PyObject* out = nullptr;
    springald_error error{};
    const int32_t code = springald_function_call(function_, arguments.data(),
                                                 arguments.size(), cancel, &out, &error);
    EXPECT_EQ(PyErr_Occurred(), nullptr);
    if (code == SPRINGALD_OK) {
      EXPECT_EQ(Py_REFCNT(out), 1);
      PyDict_SetItemString(names_, "out", out);
      Py_DECREF(out);
      PyObject* shown = Eval("f'{type(out).__name__} {out.to_pylist()}'");
      *text = PyUnicode_AsUTF8(shown);
      Py_DECREF(shown);
      PyDict_DelItemString(names_, "out");
      return code;
    }
    EXPECT_EQ(out, nullptr);
    *text = error.message;
    error.release(&error);
    return code;
  }

 private:
  PyObject* const names_;
  springald_function* function_ = nullptr;
};

TEST(Abi, CallsWithArraysOfPyarrow) {
  ArrayFunction function("def f(n):\n  return 6 // n");
  PyObject* good = function.Eval("pa.array([1, None, 4], pa.int64()).slice(0, 1)");
  PyObject* zero = function.Eval("pa.array([1, 0], pa.int64())");
  PyObject* text = function.Eval("pa.array(['a'])");
  std::string got;
  EXPECT_EQ(function.Call({good}, &got), SPRINGALD_OK);
  EXPECT_EQ(got, "Int64Array [6]");
  EXPECT_EQ(function.Call({zero}, &got), SPRINGALD_USER_ERROR);
  EXPECT_EQ(got, "integer division or modulo by zero");
  EXPECT_EQ(function.Call({text}, &got), SPRINGALD_INTERNAL);
  EXPECT_NE(got.find("wrong type"), std::string::npos) << got;
  EXPECT_EQ(function.Call({good, good}, &got), SPRINGALD_INTERNAL);
  EXPECT_EQ(function.Call({Py_None}, &got), SPRINGALD_INTERNAL);

  springald_cancel_token* token = nullptr;
  ASSERT_EQ(springald_cancel_token_create(&token, nullptr), SPRINGALD_OK);
  springald_cancel_token_fire(token);
  EXPECT_EQ(function.Call({good}, &got, token), SPRINGALD_CANCELLED);
  springald_cancel_token_release(token);
  for (PyObject* argument : {good, zero, text}) {
    EXPECT_EQ(Py_REFCNT(argument), 1) << "a reference was kept";
    Py_DECREF(argument);
  }
}

}  // namespace

}  // namespace springald
