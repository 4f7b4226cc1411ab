#include <algorithm>
#include <array>
#include <memory>
#include <string>
#include <utility>

#include <arrow/c/abi.h>
#include <arrow/c/bridge.h>

#include "springald/abi/boundary.h"
#include "springald/abi/handles.h"
#include "springald/abi/sized_struct.h"
#include "springald/base/udf_error.h"
#include "springald/codec/definition_check.h"

namespace springald::abi {

namespace {

std::string TextOf(const char* text) { return text == nullptr ? "" : text; }

constexpr const char* kFieldsName = "struct springald_definition_fields";

ContentHash HashOf(const uint8_t* bytes) {
  std::array<uint8_t, ContentHash::kNumBytes> hash;
  std::copy_n(bytes, hash.size(), hash.begin());
  return ContentHash(hash);
}

arrow::Result<UdfDefinition> FromFields(const springald_definition_fields& given) {
  ARROW_ASSIGN_OR_RAISE(const auto fields,
                        ReadStruct(given, kFieldsName, UdfErrorCode::kInvalidDefinition));
  UdfDefinition definition;
  definition.name = TextOf(fields.name);
  definition.mode = static_cast<UdfMode>(fields.mode);
  definition.volatility = static_cast<Volatility>(fields.volatility);
  definition.null_handling = static_cast<NullHandling>(fields.null_handling);
  definition.environment = {
      TextOf(fields.python_implementation), TextOf(fields.python_version),
      TextOf(fields.cloudpickle_version), TextOf(fields.pyarrow_version)};
  for (std::size_t i = 0; i < fields.num_requirements; ++i) {
    definition.requirements.push_back(
        {TextOf(fields.requirements[i].module), TextOf(fields.requirements[i].version)});
  }
  if (fields.source_text != nullptr) {
    definition.source = SourceText{TextOf(fields.source_file), fields.source_first_line,
                                   fields.source_text};
  }
  if (fields.payload != nullptr) {
    definition.payload.assign(reinterpret_cast<const char*>(fields.payload),
                              fields.payload_size);
  }
  definition.payload_reference = TextOf(fields.payload_reference);
  if (fields.payload_hash != nullptr) {
    definition.payload_hash = HashOf(fields.payload_hash);
    ARROW_RETURN_NOT_OK(AsDefinitionError(CheckPayloadHash(definition), definition.name));
  }
  definition.limits = {.timeout_ms = fields.timeout_ms,
                       .memory_limit_bytes = fields.memory_limit_bytes,
                       .cpu_limit_ms = fields.cpu_limit_ms,
                       .max_open_files = fields.max_open_files,
                       .max_result_bytes = fields.max_result_bytes};
  return definition;
}

springald_definition* NewHandle(std::shared_ptr<const EncodedDefinition> encoded) {
  auto handle = std::make_unique<springald_definition>();
  for (const auto& requirement : encoded->definition().requirements) {
    handle->requirements.push_back(
        {requirement.module.c_str(), requirement.version.c_str()});
  }
  handle->definition = std::move(encoded);
  return handle.release();
}

arrow::Status Create(const springald_definition_fields& fields, ArrowSchema* arguments,
                     ArrowSchema* result, springald_definition** out) {
  // Both are moved from before anything can fail.
  auto argument_schema = arrow::ImportSchema(arguments);
  auto result_field = arrow::ImportField(result);
  ARROW_ASSIGN_OR_RAISE(auto definition, FromFields(fields));
  ARROW_ASSIGN_OR_RAISE(definition.arguments, std::move(argument_schema));
  ARROW_ASSIGN_OR_RAISE(definition.result, std::move(result_field));
  ARROW_ASSIGN_OR_RAISE(auto encoded, EncodedDefinition::Encode(std::move(definition)));
  *out = NewHandle(std::move(encoded));
  return arrow::Status::OK();
}

arrow::Status Describe(const springald_definition& handle,
                       springald_definition_fields* out) {
  ARROW_RETURN_NOT_OK(CheckStructSize<springald_definition_fields>(
      out->struct_size, kFieldsName, UdfErrorCode::kInternal));
  const UdfDefinition& definition = handle.definition->definition();
  springald_definition_fields fields{};
  fields.name = definition.name.c_str();
  fields.mode = static_cast<int32_t>(definition.mode);
  fields.volatility = static_cast<int32_t>(definition.volatility);
  fields.null_handling = static_cast<int32_t>(definition.null_handling);
  fields.python_implementation = definition.environment.implementation.c_str();
  fields.python_version = definition.environment.version.c_str();
  fields.cloudpickle_version = definition.environment.cloudpickle_version.c_str();
  fields.pyarrow_version = definition.environment.pyarrow_version.c_str();
  fields.requirements = handle.requirements.data();
  fields.num_requirements = handle.requirements.size();
  if (definition.source.has_value()) {
    fields.source_file = definition.source->file_name.c_str();
    fields.source_first_line = definition.source->first_line;
    fields.source_text = definition.source->text.c_str();
  }
  if (definition.payload_reference.empty()) {
    fields.payload = reinterpret_cast<const uint8_t*>(definition.payload.data());
    fields.payload_size = definition.payload.size();
  } else {
    fields.payload_reference = definition.payload_reference.c_str();
  }
  if (definition.payload_hash != ContentHash()) {
    fields.payload_hash = definition.payload_hash.bytes().data();
  }
  fields.timeout_ms = definition.limits.timeout_ms;
  fields.memory_limit_bytes = definition.limits.memory_limit_bytes;
  fields.cpu_limit_ms = definition.limits.cpu_limit_ms;
  fields.max_open_files = definition.limits.max_open_files;
  fields.max_result_bytes = definition.limits.max_result_bytes;
  WriteStruct(fields, out);
  return arrow::Status::OK();
}

}  // namespace

}  // namespace springald::abi

using springald::abi::AtBoundary;

uint32_t springald_abi_version(void) { return SPRINGALD_ABI_VERSION_4; }

const char* springald_version(void) { return SPRINGALD_VERSION; }

int32_t springald_definition_create(const springald_definition_fields* fields,
                                    ArrowSchema* arguments, ArrowSchema* result,
                                    springald_definition** out, springald_error* error) {
  return AtBoundary(
      error, [&] { return springald::abi::Create(*fields, arguments, result, out); });
}

int32_t springald_definition_decode(const uint8_t* bytes, size_t size,
                                    springald_definition** out, springald_error* error) {
  return AtBoundary(error, [&]() -> arrow::Status {
    ARROW_ASSIGN_OR_RAISE(auto encoded,
                          springald::EncodedDefinition::Decode(
                              {reinterpret_cast<const char*>(bytes), size}));
    *out = springald::abi::NewHandle(std::move(encoded));
    return arrow::Status::OK();
  });
}

void springald_definition_bytes(const springald_definition* definition,
                                const uint8_t** bytes, size_t* size,
                                const uint8_t** hash) {
  const auto& encoded = *definition->definition;
  if (bytes != nullptr) {
    *bytes = reinterpret_cast<const uint8_t*>(encoded.bytes().data());
  }
  if (size != nullptr) {
    *size = encoded.bytes().size();
  }
  if (hash != nullptr) {
    *hash = encoded.hash().bytes().data();
  }
}

int32_t springald_definition_describe(const springald_definition* definition,
                                      springald_definition_fields* out,
                                      springald_error* error) {
  return AtBoundary(error, [&] { return springald::abi::Describe(*definition, out); });
}

int32_t springald_definition_signature(const springald_definition* definition,
                                       ArrowSchema* arguments, ArrowSchema* result,
                                       springald_error* error) {
  return AtBoundary(error, [&]() -> arrow::Status {
    const auto& described = definition->definition->definition();
    ARROW_RETURN_NOT_OK(arrow::ExportSchema(*described.arguments, arguments));
    const auto exported = arrow::ExportField(*described.result, result);
    if (!exported.ok()) {
      arguments->release(arguments);
    }
    return exported;
  });
}

void springald_definition_release(springald_definition* definition) { delete definition; }
