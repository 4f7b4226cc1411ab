#include "springald/abi.h"

#include <string>
#include <thread>

#include <gtest/gtest.h>

#include "springald/abi/abi_c_test.h"
#include "springald/python/gil.h"

namespace springald {

namespace {

using python::GilRelease;

constexpr const char* kPickle = R"(
import cloudpickle, platform
def f(n):
    if n == 13: raise ValueError('unlucky')
    return n * 2
payload = cloudpickle.dumps(f)
version = platform.python_version()
)";

struct Pickled {
  std::string payload;
  std::string version;
};

Pickled PickleFunction() {
  PyObject* names = PyDict_New();
  PyDict_SetItemString(names, "__builtins__", PyEval_GetBuiltins());
  PyObject* main = PyUnicode_FromString("__main__");
  PyDict_SetItemString(names, "__name__", main);
  Py_DECREF(main);
  PyObject* done = PyRun_String(kPickle, Py_file_input, names, names);
  EXPECT_NE(done, nullptr);
  Py_XDECREF(done);
  PyObject* payload = PyDict_GetItemString(names, "payload");
  PyObject* version = PyDict_GetItemString(names, "version");
  const Pickled pickled{std::string(PyBytes_AsString(payload),
                                    static_cast<std::size_t>(PyBytes_Size(payload))),
                        PyUnicode_AsUTF8(version)};
  Py_DECREF(names);
  return pickled;
}

const char* LoadAndInvoke(const Pickled& pickled) {
  return ::LoadAndInvoke(reinterpret_cast<const uint8_t*>(pickled.payload.data()),
                         pickled.payload.size(), pickled.version.c_str());
}

TEST(Abi, ACProgramMakesAndReadsDefinitions) {
  EXPECT_STREQ(RoundTripDefinition(), nullptr);
}

TEST(Abi, ACProgramLoadsAndInvokesWithTheGil) {
  EXPECT_STREQ(LoadAndInvoke(PickleFunction()), nullptr);
  EXPECT_EQ(PyErr_Occurred(), nullptr);
}

TEST(Abi, ACProgramLoadsAndInvokesWithoutTheGil) {
  const Pickled pickled = PickleFunction();
  const GilRelease release;
  EXPECT_STREQ(LoadAndInvoke(pickled), nullptr);
  std::thread([&pickled] { EXPECT_STREQ(LoadAndInvoke(pickled), nullptr); }).join();
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

}  // namespace

}  // namespace springald
