#include "workers_binding.h"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;

namespace springald::bindings {

SidecarOptions::SidecarOptions(const Workers& workers) {
  for (const std::string& module : workers.preload) {
    preload_.push_back(module.c_str());
  }
  options_ = {
      sizeof(options_),
      workers.max_workers,
      workers.python_executable.empty() ? nullptr : workers.python_executable.c_str(),
      preload_.data(),
      preload_.size(),
      workers.timeout_ms,
      workers.memory_limit_bytes,
      workers.cpu_limit_ms,
      workers.max_open_files,
      workers.max_result_bytes,
      workers.max_batches_per_worker,
      workers.idle_timeout_ms};
}

void BindWorkers(nb::module_& module) {
  nb::class_<Workers>(
      module, "Workers",
      "The worker processes of a runtime; 0 is the default of a limit, -1 "
      "is none.")
      .def(nb::init<>())
      .def_rw("max_workers", &Workers::max_workers)
      .def_rw("python_executable", &Workers::python_executable)
      .def_rw("preload", &Workers::preload)
      .def_rw("timeout_ms", &Workers::timeout_ms)
      .def_rw("memory_limit_bytes", &Workers::memory_limit_bytes)
      .def_rw("cpu_limit_ms", &Workers::cpu_limit_ms)
      .def_rw("max_open_files", &Workers::max_open_files)
      .def_rw("max_result_bytes", &Workers::max_result_bytes)
      .def_rw("max_batches_per_worker", &Workers::max_batches_per_worker)
      .def_rw("idle_timeout_ms", &Workers::idle_timeout_ms);
}

}  // namespace springald::bindings
