#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/python/pyarrow.h>
#include <gtest/gtest.h>

#include "springald/base/udf_error_testing.h"
#include "springald/codec/udf_definition.h"
#include "springald/python/calendar.h"
#include "springald/python/py_ref.h"
#include "springald/python/pyarrow_bridge.h"
#include "springald/python/python_error.h"

namespace springald::python {

/// A module of its own for a test: Python text in, objects out. Text that raises fails
/// the test with its traceback. Needs the GIL.
class PythonModule {
 public:
  PythonModule() : names_(PyRef::Steal(PyDict_New())) {
    PyDict_SetItemString(names_.get(), "__builtins__", PyEval_GetBuiltins());
    PyDict_SetItemString(names_.get(), "__name__",
                         PyRef::Steal(PyUnicode_FromString("__main__")).get());
    Run("import pyarrow as pa");
  }

  void Run(const std::string& statements) { Interpret(statements, Py_file_input); }

  PyRef Eval(const std::string& expression) {
    return Interpret(expression, Py_eval_input);
  }

  /// Evaluates `expression` and says whether it is true.
  bool IsTrue(const std::string& expression) {
    const PyRef value = Eval(expression);
    return value && PyObject_IsTrue(value.get()) == 1;
  }

  /// `str()` of what `expression` gives.
  std::string Text(const std::string& expression) {
    const PyRef value = Eval(expression);
    return TextOf(value ? PyRef::Steal(PyObject_Str(value.get())).get() : nullptr);
  }

  /// The bytes of a bytes object.
  std::string Bytes(const std::string& expression) {
    const PyRef value = Eval(expression);
    return value ? std::string(PyBytes_AsString(value.get()),
                               static_cast<std::size_t>(PyBytes_Size(value.get())))
                 : "";
  }

  std::shared_ptr<arrow::Array> Column(const std::string& expression) {
    const PyRef value = Eval(expression);
    return value ? UnwrapArray(value.get()) : nullptr;
  }

  std::shared_ptr<arrow::DataType> Type(const std::string& expression) {
    const PyRef value = Eval(expression);
    return value ? arrow::py::unwrap_data_type(value.get()).ValueOrDie() : nullptr;
  }

  void Set(const char* name, PyObject* object) {
    PyDict_SetItemString(names_.get(), name, object);
  }

  void Set(const char* name, const std::shared_ptr<arrow::Array>& column) {
    Set(name, WrapArray(column).ValueOrDie().get());
  }

 private:
  PyRef Interpret(const std::string& text, int start) {
    PyRef value =
        PyRef::Steal(PyRun_String(text.c_str(), start, names_.get(), names_.get()));
    if (!value) {
      ADD_FAILURE() << TakeException(UdfErrorCode::kInternal).traceback;
    }
    return value;
  }

  PyRef names_;
};

/// A test that runs Python, and leaves no exception set. The thread holds the GIL.
class PythonTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    ASSERT_TRUE(InitializeCalendar().ok());
    ASSERT_TRUE(InitializePyArrow().ok());
  }
  void TearDown() override {
    EXPECT_EQ(PyErr_Occurred(), nullptr) << "an exception was left";
    PyErr_Clear();
  }

  PythonModule python_;
};

/// A definition of `f` with a nullable argument of each type, named `a0`, `a1`, ...
inline UdfDefinition DefinitionOf(
    UdfMode mode, const std::vector<std::shared_ptr<arrow::DataType>>& arguments,
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
  definition.environment = {
      "cpython",
      std::to_string(PY_MAJOR_VERSION) + "." + std::to_string(PY_MINOR_VERSION) + ".0",
      "", ""};
  return definition;
}

}  // namespace springald::python
