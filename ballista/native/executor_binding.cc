#include "executor_binding.h"

#include <string>
#include <vector>

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "interrupt_default.h"
#include "springald/ballista.h"

namespace nb = nanobind;

namespace springald::cluster {

namespace {

/// Returns what this interpreter is, as the JSON that clients compare with theirs.
std::string EnvironmentJson() {
  const auto import = [](const char* name) { return nb::module_::import_(name); };
  nb::dict environment;
  environment["python"] = import("platform").attr("python_version")();
  environment["implementation"] = import("sys").attr("implementation").attr("name");
  environment["pyarrow"] = import("pyarrow").attr("__version__");
  environment["cloudpickle"] = import("cloudpickle").attr("__version__");
  return nb::cast<std::string>(import("json").attr("dumps")(environment));
}

int32_t RunExecutor(const std::vector<std::string>& arguments) {
  if (arguments.empty()) {
    throw nb::value_error("the arguments are empty: the first is the program's name");
  }
  const std::string environment = EnvironmentJson();
  std::vector<const char*> argv;
  for (const std::string& argument : arguments) {
    argv.push_back(argument.c_str());
  }
  argv.push_back(nullptr);
  const InterruptDefault interrupt_default;
  const nb::gil_scoped_release release;
  return springald_ballista_run_executor(static_cast<int>(arguments.size()), argv.data(),
                                         environment.c_str());
}

}  // namespace

void BindExecutor(nb::module_& module) {
  module.def(
      "run_executor", RunExecutor, nb::arg("arguments"),
      "Run an executor until SIGTERM or SIGINT and return its exit status.\n\n"
      "Functions run in worker processes with this interpreter's packages, or in this "
      "interpreter: the flags say which. The calling thread waits without the "
      "interpreter's lock. `arguments[0]` is the program's name. Call it from the main "
      "thread of a process of its own: it takes over the handling of signals.");
}

}  // namespace springald::cluster
