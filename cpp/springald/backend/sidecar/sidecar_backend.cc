#include "springald/backend/sidecar/sidecar_backend.h"

#include <utility>

#include "springald/backend/embedded/embedded_function.h"
#include "springald/backend/payload_check.h"
#include "springald/base/udf_error.h"
#include "springald/python/gil.h"

namespace springald {

SidecarBackend::SidecarBackend(PoolOptions options, SidecarLog log)
    : pool_(WorkerPool::Make(std::move(options))),
      log_(std::make_shared<const SidecarLog>(std::move(log))) {}

arrow::Result<std::shared_ptr<const BackendFunction>> SidecarBackend::Load(
    std::shared_ptr<const EncodedDefinition> definition) {
  ARROW_RETURN_NOT_OK(CheckHasPayload(definition->definition()));
  ARROW_RETURN_NOT_OK(EmbeddedFunction::CheckSignature(definition->definition()));
  if (!pool_->has_interpreter()) {
    if (!python::IsPythonRunning()) {
      return MakeUdfError(UdfErrorCode::kInternal,
                          "no Python interpreter runs in this process");
    }
    const python::GilEnter gil;
    ARROW_ASSIGN_OR_RAISE(auto facts, python::GetInterpreterFacts());
    pool_->SetInterpreter(std::move(facts));
  }
  auto function = std::make_shared<SidecarFunction>(std::move(definition), pool_, log_);
  ARROW_RETURN_NOT_OK(function->LoadOnce());
  return function;
}

}  // namespace springald
