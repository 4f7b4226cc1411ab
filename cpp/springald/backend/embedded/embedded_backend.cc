#include "springald/backend/embedded/embedded_backend.h"

#include <utility>

#include "springald/backend/embedded/embedded_function.h"
#include "springald/backend/embedded/known_extensions.h"
#include "springald/backend/payload_check.h"
#include "springald/base/udf_error.h"
#include "springald/python/calendar.h"
#include "springald/python/pyarrow_bridge.h"
#include "springald/python/unpickle.h"

namespace springald {

arrow::Result<std::shared_ptr<const BackendFunction>> EmbeddedBackend::Load(
    std::shared_ptr<const EncodedDefinition> definition) {
  if (!python::IsPythonRunning()) {
    return MakeUdfError(UdfErrorCode::kInternal,
                        "no Python interpreter runs in this process");
  }
  ARROW_RETURN_NOT_OK(CheckHasPayload(definition->definition()));
  const python::GilEnter gil;
  ARROW_ASSIGN_OR_RAISE(auto callable, python::Unpickle(definition->definition()));
  ARROW_ASSIGN_OR_RAISE(definition, WithKnownExtensions(std::move(definition)));
  return Bind(std::move(definition), std::move(callable));
}

arrow::Result<std::shared_ptr<const BackendFunction>> EmbeddedBackend::Bind(
    std::shared_ptr<const EncodedDefinition> definition, python::PyRef callable) {
  ARROW_RETURN_NOT_OK(python::InitializeCalendar());
  ARROW_RETURN_NOT_OK(python::InitializePyArrow());
  ARROW_RETURN_NOT_OK(EmbeddedFunction::CheckSignature(definition->definition()));
  return std::make_shared<const EmbeddedFunction>(std::move(definition),
                                                  std::move(callable));
}

}  // namespace springald
