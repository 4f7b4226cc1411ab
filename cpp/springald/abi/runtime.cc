#include <string>
#include <utility>

#include "springald/abi/boundary.h"
#include "springald/abi/handles.h"
#include "springald/abi/sized_struct.h"
#include "springald/runtime/runtime.h"

namespace springald::abi {

namespace {

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
