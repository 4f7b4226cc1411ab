#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <nanobind/nanobind.h>

#include "springald/abi.h"

namespace springald::bindings {

/// `springald._springald.Workers`: what springald_sidecar_options says, as Python has it.
struct Workers {
  int64_t max_workers = 0;
  std::string python_executable{};
  std::vector<std::string> preload{};
  int64_t timeout_ms = 0;
  int64_t memory_limit_bytes = 0;
  int64_t cpu_limit_ms = 0;
  int64_t max_open_files = 0;
  int64_t max_result_bytes = 0;
  int64_t max_batches_per_worker = 0;
  int64_t idle_timeout_ms = 0;
};

/// The struct of the C ABI, which refers to a Workers.
class SidecarOptions {
 public:
  explicit SidecarOptions(const Workers& workers);
  SidecarOptions(const SidecarOptions&) = delete;
  SidecarOptions& operator=(const SidecarOptions&) = delete;

  const springald_sidecar_options* get() const { return &options_; }

 private:
  std::vector<const char*> preload_;
  springald_sidecar_options options_{};
};

void BindWorkers(nanobind::module_& module);

}  // namespace springald::bindings
