#include <arrow/python/pyarrow.h>
#include <nanobind/nanobind.h>

#include "definition_binding.h"
#include "function_binding.h"
#include "springald/abi.h"
#include "workers_binding.h"

namespace nb = nanobind;

NB_MODULE(_springald, module) {
  if (arrow::py::import_pyarrow() != 0) {
    nb::raise_python_error();
  }
  // A decorated function of a module and its Udf refer to each other through the engine,
  // where the garbage collector cannot look: both live as long as the process.
  nb::set_leak_warnings(false);
  module.doc() = "The C++ runtime behind springald, through its C ABI.";
  module.attr("__version__") = springald_version();
  module.attr("abi_version") = springald_abi_version();
  springald::bindings::BindDefinition(module);
  springald::bindings::BindWorkers(module);
  springald::bindings::BindFunctions(module);
}
