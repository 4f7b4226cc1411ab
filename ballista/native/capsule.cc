#include "capsule.h"

namespace nb = nanobind;

namespace springald::cluster {

namespace {

const FFI_TaskContextProvider* ProviderIn(nb::handle capsule) {
  const void* pointer =
      PyCapsule_GetPointer(capsule.ptr(), "datafusion_task_context_provider");
  if (pointer == nullptr) {
    nb::raise_python_error();
  }
  return static_cast<const FFI_TaskContextProvider*>(pointer);
}

}  // namespace

TaskContextProvider::TaskContextProvider(nb::handle session)
    : capsule_(session.attr("__datafusion_task_context_provider__")()),
      provider_(ProviderIn(capsule_)) {}

}  // namespace springald::cluster
