#include "springald/backend/embedded/embedded_backend.h"

#include <algorithm>
#include <utility>

#include <arrow/util/key_value_metadata.h>

#include "springald/backend/embedded/embedded_function.h"
#include "springald/backend/payload_check.h"
#include "springald/base/udf_error.h"
#include "springald/python/calendar.h"
#include "springald/python/pyarrow_bridge.h"
#include "springald/python/unpickle.h"

namespace springald {

namespace {

constexpr char kExtensionKey[] = "ARROW:extension:name";

/// Whether a type of the fields is the storage of an extension type that was not known
/// where they were read.
bool HaveUnknownExtensions(const arrow::FieldVector& fields) {
  return std::any_of(fields.begin(), fields.end(), [](const auto& field) {
    return (field->HasMetadata() && field->metadata()->Contains(kExtensionKey)) ||
           HaveUnknownExtensions(field->type()->fields());
  });
}

/// Loading a function may make its extension types known: then it gets their arrays.
arrow::Result<std::shared_ptr<const EncodedDefinition>> WithKnownExtensions(
    std::shared_ptr<const EncodedDefinition> definition) {
  const UdfDefinition& parts = definition->definition();
  if (!HaveUnknownExtensions(parts.arguments->fields()) &&
      !HaveUnknownExtensions({parts.result})) {
    return definition;
  }
  return EncodedDefinition::Decode(definition->bytes());
}

}  // namespace

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
