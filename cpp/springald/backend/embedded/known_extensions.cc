#include "springald/backend/embedded/known_extensions.h"

#include <algorithm>

#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>

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

}  // namespace

arrow::Result<std::shared_ptr<const EncodedDefinition>> WithKnownExtensions(
    std::shared_ptr<const EncodedDefinition> definition) {
  const UdfDefinition& parts = definition->definition();
  if (!HaveUnknownExtensions(parts.arguments->fields()) &&
      !HaveUnknownExtensions({parts.result})) {
    return definition;
  }
  return EncodedDefinition::Decode(definition->bytes());
}

}  // namespace springald
