#include <string>

#include "springald/codec/definition_check.h"
#include "springald/codec/definition_codec.h"
#include "springald/codec/definition_fields.h"
#include "springald/codec/signature.h"
#include "springald/codec/wire_format.h"

namespace springald {

namespace {

std::string_view AsBytes(const ContentHash& hash) {
  return {reinterpret_cast<const char*>(hash.bytes().data()), ContentHash::kNumBytes};
}

std::string EncodeEnvironment(const PythonEnvironment& environment) {
  WireWriter writer;
  writer.WriteBytes(environment_field::kImplementation, environment.implementation);
  writer.WriteBytes(environment_field::kVersion, environment.version);
  writer.WriteBytes(environment_field::kCloudpickleVersion,
                    environment.cloudpickle_version);
  writer.WriteBytes(environment_field::kPyarrowVersion, environment.pyarrow_version);
  return writer.Finish();
}

std::string EncodeRequirement(const Requirement& requirement) {
  WireWriter writer;
  writer.WriteBytes(requirement_field::kModule, requirement.module);
  writer.WriteBytes(requirement_field::kVersion, requirement.version);
  return writer.Finish();
}

std::string EncodeSource(const SourceText& source) {
  WireWriter writer;
  writer.WriteBytes(source_field::kFileName, source.file_name);
  writer.WriteVarint(source_field::kFirstLine, static_cast<uint64_t>(source.first_line));
  writer.WriteBytes(source_field::kText, source.text);
  return writer.Finish();
}

std::string EncodeLimits(const UdfLimits& limits) {
  WireWriter writer;
  const auto write = [&writer](uint32_t number, int64_t value) {
    writer.WriteVarint(number, static_cast<uint64_t>(value));
  };
  write(limits_field::kTimeoutMs, limits.timeout_ms);
  write(limits_field::kMemoryLimitBytes, limits.memory_limit_bytes);
  write(limits_field::kCpuLimitMs, limits.cpu_limit_ms);
  write(limits_field::kMaxOpenFiles, limits.max_open_files);
  write(limits_field::kMaxResultBytes, limits.max_result_bytes);
  return writer.Finish();
}

/// Encodes a schema that a decoder will accept.
arrow::Result<std::string> EncodeSignature(const arrow::Schema& schema,
                                           const DecodeLimits& limits) {
  ARROW_ASSIGN_OR_RAISE(std::string bytes, EncodeSchema(schema));
  if (bytes.size() > limits.max_signature_bytes) {
    return arrow::Status::Invalid("The types are too large: ", bytes.size(),
                                  " bytes, at most ", limits.max_signature_bytes,
                                  " are accepted");
  }
  ARROW_RETURN_NOT_OK(DecodeSchema(bytes, {limits.max_signature_bytes}));
  return bytes;
}

void WritePayload(const UdfDefinition& definition, WireWriter* writer) {
  writer->WriteBytes(definition_field::kPayload, definition.payload);
  writer->WriteBytes(definition_field::kPayloadReference, definition.payload_reference);
  const bool is_inline = !definition.payload.empty();
  const ContentHash hash =
      is_inline ? ContentHash::Of(definition.payload) : definition.payload_hash;
  if (is_inline || hash != ContentHash()) {
    writer->WriteBytes(definition_field::kPayloadHash, AsBytes(hash));
  }
}

arrow::Result<std::string> Encode(const UdfDefinition& definition,
                                  const DecodeLimits& limits) {
  ARROW_RETURN_NOT_OK(CheckDefinition(definition, limits));
  ARROW_ASSIGN_OR_RAISE(const std::string arguments,
                        EncodeSignature(*definition.arguments, limits));
  ARROW_ASSIGN_OR_RAISE(const std::string result,
                        EncodeSignature(arrow::Schema({definition.result}), limits));

  // A definition keeps its bytes, and so its identity, while it uses no addition.
  const bool has_limits = definition.limits != UdfLimits();
  WireWriter writer;
  writer.WriteVarint(definition_field::kFormatVersion,
                     has_limits ? kFormatVersionWithLimits : kFormatVersionWithoutLimits);
  writer.WriteVarint(definition_field::kMinReaderVersion, kMinReaderVersion);
  writer.WriteVarint(definition_field::kKind, static_cast<uint64_t>(definition.kind));
  writer.WriteBytes(definition_field::kName, definition.name);
  writer.WriteVarint(definition_field::kMode, static_cast<uint64_t>(definition.mode));
  writer.WriteBytes(definition_field::kArguments, arguments);
  writer.WriteBytes(definition_field::kResult, result);
  writer.WriteVarint(definition_field::kVolatility,
                     static_cast<uint64_t>(definition.volatility));
  writer.WriteVarint(definition_field::kNullHandling,
                     static_cast<uint64_t>(definition.null_handling));
  writer.WriteBytes(definition_field::kEnvironment,
                    EncodeEnvironment(definition.environment));
  for (const Requirement& requirement : definition.requirements) {
    writer.WriteMessage(definition_field::kRequirements, EncodeRequirement(requirement));
  }
  if (definition.source.has_value()) {
    writer.WriteMessage(definition_field::kSource, EncodeSource(*definition.source));
  }
  WritePayload(definition, &writer);
  writer.WriteBytes(definition_field::kLimits, EncodeLimits(definition.limits));

  if (writer.bytes().size() > limits.max_definition_bytes) {
    return arrow::Status::Invalid("The definition is too large: ", writer.bytes().size(),
                                  " bytes, at most ", limits.max_definition_bytes,
                                  " are accepted");
  }
  return writer.Finish();
}

}  // namespace

arrow::Result<std::string> EncodeDefinition(const UdfDefinition& definition) {
  auto bytes = Encode(definition, DecodeLimits());
  ARROW_RETURN_NOT_OK(AsDefinitionError(bytes.status(), definition.name));
  return bytes;
}

}  // namespace springald
