#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "springald/abi/boundary.h"
#include "springald/abi/handles.h"
#include "springald/abi/sized_struct.h"
#include "springald/runtime/runtime.h"

namespace springald::abi {

namespace {

/// The limit that a field asks for: 0 is the default, a negative number is none.
int64_t LimitOf(int64_t given, int64_t by_default) {
  return given == 0 ? by_default : std::max<int64_t>(given, 0);
}

arrow::Result<PoolOptions> FromSidecarOptions(const springald_sidecar_options* given) {
  PoolOptions options;
  springald_sidecar_options known{};
  if (given != nullptr) {
    ARROW_ASSIGN_OR_RAISE(known, ReadStruct(*given, "struct springald_sidecar_options",
                                            UdfErrorCode::kInternal));
  }
  const int64_t num_processors = std::max(1U, std::thread::hardware_concurrency());
  options.max_workers = known.max_workers > 0 ? known.max_workers : num_processors;
  if (known.python_executable != nullptr) {
    options.python_executable = known.python_executable;
  }
  for (size_t i = 0; i < known.num_preload; ++i) {
    options.preload.emplace_back(known.preload[i]);
  }
  UdfLimits& limits = options.limits;
  limits.timeout_ms = LimitOf(known.timeout_ms, limits.timeout_ms);
  limits.memory_limit_bytes =
      LimitOf(known.memory_limit_bytes, limits.memory_limit_bytes);
  limits.cpu_limit_ms = LimitOf(known.cpu_limit_ms, limits.cpu_limit_ms);
  limits.max_open_files = LimitOf(known.max_open_files, limits.max_open_files);
  limits.max_result_bytes = LimitOf(known.max_result_bytes, limits.max_result_bytes);
  options.max_batches_per_worker =
      LimitOf(known.max_batches_per_worker, options.max_batches_per_worker);
  options.idle_timeout = std::chrono::milliseconds(
      LimitOf(known.idle_timeout_ms, options.idle_timeout.count()));
  return options;
}

arrow::Result<std::optional<PoolOptions>> WorkersOf(
    const springald_runtime_options& options) {
  if (options.backend == SPRINGALD_BACKEND_EMBEDDED) {
    return std::nullopt;
  }
  if (options.backend != SPRINGALD_BACKEND_SIDECAR) {
    return MakeUdfError(UdfErrorCode::kInternal, "there is no backend of number " +
                                                     std::to_string(options.backend) +
                                                     "; see enum springald_backend");
  }
  ARROW_ASSIGN_OR_RAISE(auto workers, FromSidecarOptions(options.sidecar));
  return workers;
}

arrow::Result<Runtime::Options> FromOptions(const springald_runtime_options* given) {
  Runtime::Options options;
  springald_runtime_options known{};
  if (given != nullptr) {
    ARROW_ASSIGN_OR_RAISE(known, ReadStruct(*given, "struct springald_runtime_options",
                                            UdfErrorCode::kInternal));
  }
  if (known.log != nullptr) {
    options.observer.log = [log = known.log, context = known.log_context](
                               int32_t level, const std::string& message,
                               const std::string& name, const std::string& hash) {
      log(context, level, message.c_str(), name.c_str(), hash.c_str());
    };
  }
  if (known.metric != nullptr) {
    options.observer.metric = [metric = known.metric, context = known.metric_context](
                                  const std::string& name, const std::string& hash,
                                  int64_t num_rows, int64_t elapsed_ns, int32_t status) {
      metric(context, name.c_str(), hash.c_str(), num_rows, elapsed_ns, status);
    };
  }
  if (known.cache_capacity_bytes != 0) {
    options.cache_capacity_bytes = known.cache_capacity_bytes;
  }
  ARROW_ASSIGN_OR_RAISE(options.workers, WorkersOf(known));
  return options;
}

arrow::Status Hand(arrow::Result<std::shared_ptr<const Function>> function,
                   springald_function** out) {
  ARROW_RETURN_NOT_OK(function);
  *out = new springald_function{function.MoveValueUnsafe()};
  return arrow::Status::OK();
}

}  // namespace

}  // namespace springald::abi

using springald::abi::AtBoundary;

int32_t springald_runtime_create(const springald_runtime_options* options,
                                 springald_runtime** out, springald_error* error) {
  return AtBoundary(error, [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(auto checked, springald::abi::FromOptions(options));
    *out =
        new springald_runtime{std::make_shared<springald::Runtime>(std::move(checked))};
    return arrow::Status::OK();
  });
}

void springald_runtime_release(springald_runtime* runtime) { delete runtime; }

void springald_runtime_shutdown(springald_runtime* runtime) {
  AtBoundary(nullptr, [&] {
    runtime->runtime->Shutdown();
    return arrow::Status::OK();
  });
}

void springald_runtime_workers(const springald_runtime* runtime,
                               springald_worker_figures* out) {
  AtBoundary(nullptr, [&] {
    const auto figures = runtime->runtime->workers();
    springald::abi::WriteStruct(
        springald_worker_figures{
            out->struct_size, figures.max_workers, figures.num_workers, figures.num_busy,
            figures.num_started, figures.num_retired, figures.num_lost,
            figures.num_killed, figures.num_retried, figures.shared_bytes,
            figures.last_start_us, figures.fork_server_pid},
        out);
    return arrow::Status::OK();
  });
}

int32_t springald_runtime_load(springald_runtime* runtime,
                               const springald_definition* definition,
                               springald_function** out, springald_error* error) {
  return AtBoundary(error, [&] {
    return springald::abi::Hand(runtime->runtime->Load(definition->definition), out);
  });
}

int32_t springald_runtime_bind(springald_runtime* runtime,
                               const springald_definition* definition,
                               struct _object* callable, springald_function** out,
                               springald_error* error) {
  return AtBoundary(error, [&] {
    return springald::abi::Hand(
        runtime->runtime->Bind(definition->definition,
                               springald::python::PyRef::Borrow(callable)),
        out);
  });
}
