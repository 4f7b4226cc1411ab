#include "executor_binding.h"

#include <string>
#include <vector>

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "error_binding.h"
#include "interrupt_default.h"
#include "springald/ballista.h"

namespace nb = nanobind;

namespace springald::cluster {

namespace {

/// The runtime in which an executor's functions run.
class Runtime {
 public:
  Runtime() {
    bindings::Error error;
    if (springald_runtime_create(nullptr, &handle_, &error) != 0) {
      bindings::Raise(error);
    }
  }
  ~Runtime() { springald_runtime_release(handle_); }
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;
  springald_runtime* get() const { return handle_; }

 private:
  springald_runtime* handle_ = nullptr;
};

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
  const Runtime runtime;
  const InterruptDefault interrupt_default;
  const nb::gil_scoped_release release;
  return springald_ballista_run_executor(static_cast<int>(arguments.size()), argv.data(),
                                         runtime.get(), environment.c_str());
}

}  // namespace

void BindExecutor(nb::module_& module) {
  module.def(
      "run_executor", RunExecutor, nb::arg("arguments"),
      "Run an executor until SIGTERM or SIGINT and return its exit status.\n\n"
      "Functions run in this interpreter; the calling thread waits without its "
      "lock. `arguments[0]` is the program's name. Call it from the main thread of "
      "a process of its own: it takes over the handling of signals.");
}

}  // namespace springald::cluster
