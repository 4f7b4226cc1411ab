#include "springald/python/interpreter_facts.h"

#include "springald/base/udf_error.h"
#include "springald/python/python_error.h"

namespace springald::python {

namespace {

/// Evaluates to what InterpreterFacts holds. Paths that are no text are none of ours.
constexpr char kFacts[] =
    "import os, sys\n"
    "executable = os.fsencode(sys.executable or '')\n"
    "path = [os.path.abspath(p) for p in sys.path if isinstance(p, str)]\n"
    "search_path = os.fsencode(os.pathsep.join(path))\n"
    "environment = [k + b'=' + v for k, v in os.environb.items()]\n";

std::string BytesOf(PyObject* bytes) {
  return bytes != nullptr && PyBytes_Check(bytes)
             ? std::string(PyBytes_AS_STRING(bytes),
                           static_cast<std::size_t>(PyBytes_GET_SIZE(bytes)))
             : std::string();
}

}  // namespace

arrow::Result<InterpreterFacts> GetInterpreterFacts() {
  const PyRef names = PyRef::Steal(PyDict_New());
  if (!names ||
      PyDict_SetItemString(names.get(), "__builtins__", PyEval_GetBuiltins()) != 0 ||
      !PyRef::Steal(PyRun_String(kFacts, Py_file_input, names.get(), names.get()))) {
    return TakeExceptionStatus(UdfErrorCode::kInternal, "");
  }
  InterpreterFacts facts;
  facts.executable = BytesOf(PyDict_GetItemString(names.get(), "executable"));
  facts.search_path = BytesOf(PyDict_GetItemString(names.get(), "search_path"));
  PyObject* const environment = PyDict_GetItemString(names.get(), "environment");
  for (Py_ssize_t i = 0; i < PyList_Size(environment); ++i) {
    facts.environment.push_back(BytesOf(PyList_GetItem(environment, i)));
  }
  return facts;
}

}  // namespace springald::python
