#include "springald/codec/definition_check.h"

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>

#include "springald/base/udf_error.h"
#include "springald/codec/text.h"

namespace springald {

namespace {

using arrow::Status;

struct KnownValue {
  int32_t number;
  const char* name;
};

template <typename Enumeration>
Status CheckEnumeration(std::string_view what, Enumeration value,
                        std::initializer_list<KnownValue> known) {
  const auto number = static_cast<int32_t>(value);
  std::string list;
  for (const KnownValue& k : known) {
    if (k.number == number) {
      return Status::OK();
    }
    list += (list.empty() ? "" : ", ") + std::to_string(k.number) + " (" + k.name + ")";
  }
  if (number == 0) {
    return Status::Invalid("The ", what, " is not given; known are ", list);
  }
  return Status::Invalid("Unknown ", what, ": ", number, "; this version knows ", list,
                         ". A newer springald may know it");
}

Status CheckEnumerations(const UdfDefinition& definition) {
  ARROW_RETURN_NOT_OK(CheckEnumeration("kind", definition.kind, {{1, "scalar"}}));
  ARROW_RETURN_NOT_OK(CheckEnumeration(
      "mode", definition.mode,
      {{1, "arrow"}, {2, "row"}, {3, "pandas"}, {4, "numpy"}, {5, "iterator"}}));
  ARROW_RETURN_NOT_OK(
      CheckEnumeration("volatility", definition.volatility,
                       {{1, "immutable"}, {2, "stable"}, {3, "volatile"}}));
  return CheckEnumeration("null handling", definition.null_handling,
                          {{1, "call"}, {2, "skip"}});
}

Status CheckSize(std::string_view what, std::size_t size, std::size_t limit,
                 std::string_view unit) {
  if (size > limit) {
    return Status::Invalid("The ", what, " is too large: ", size, " ", unit, ", at most ",
                           limit, " are accepted");
  }
  return Status::OK();
}

Status CheckString(std::string_view what, std::string_view text,
                   const DecodeLimits& limits) {
  ARROW_RETURN_NOT_OK(CheckSize(what, text.size(), limits.max_string_bytes, "bytes"));
  return CheckText("The " + std::string(what), text);
}

Status CheckName(const std::string& name, const DecodeLimits& limits) {
  if (name.empty()) {
    return Status::Invalid("The name is empty");
  }
  ARROW_RETURN_NOT_OK(CheckSize("name", name.size(), limits.max_name_bytes, "bytes"));
  return CheckText("The name", name);
}

Status CheckSignature(const UdfDefinition& definition, const DecodeLimits& limits) {
  if (definition.arguments == nullptr) {
    return Status::Invalid("The argument types are not given");
  }
  if (definition.result == nullptr) {
    return Status::Invalid("The result type is not given");
  }
  return CheckSize("list of arguments", definition.arguments->num_fields(),
                   limits.max_num_arguments, "arguments");
}

Status CheckEnvironment(const PythonEnvironment& environment,
                        const DecodeLimits& limits) {
  ARROW_RETURN_NOT_OK(
      CheckString("Python implementation", environment.implementation, limits));
  ARROW_RETURN_NOT_OK(CheckString("Python version", environment.version, limits));
  ARROW_RETURN_NOT_OK(
      CheckString("cloudpickle version", environment.cloudpickle_version, limits));
  return CheckString("pyarrow version", environment.pyarrow_version, limits);
}

Status CheckRequirements(const UdfDefinition& definition, const DecodeLimits& limits) {
  ARROW_RETURN_NOT_OK(CheckSize("list of requirements", definition.requirements.size(),
                                limits.max_num_requirements, "requirements"));
  for (const Requirement& requirement : definition.requirements) {
    if (requirement.module.empty()) {
      return Status::Invalid("A requirement names no module; its version is '",
                             requirement.version, "'");
    }
    ARROW_RETURN_NOT_OK(CheckString("required module", requirement.module, limits));
    ARROW_RETURN_NOT_OK(
        CheckString("version of a required module", requirement.version, limits));
  }
  return Status::OK();
}

Status CheckSource(const SourceText& source, const DecodeLimits& limits) {
  ARROW_RETURN_NOT_OK(CheckString("source file name", source.file_name, limits));
  ARROW_RETURN_NOT_OK(CheckString("source text", source.text, limits));
  if (source.first_line < 0) {
    return Status::Invalid("The source's first line is negative: ", source.first_line);
  }
  return Status::OK();
}

Status CheckPayload(const UdfDefinition& definition, const DecodeLimits& limits) {
  const std::string& reference = definition.payload_reference;
  if (definition.payload.empty() && reference.empty()) {
    return Status::Invalid("There is neither a payload nor a reference to one");
  }
  if (!definition.payload.empty() && !reference.empty()) {
    return Status::Invalid("There is both a payload, of ", definition.payload.size(),
                           " bytes, and a reference to one: '", reference,
                           "'; give one of them");
  }
  ARROW_RETURN_NOT_OK(CheckString("payload reference", reference, limits));
  if (!reference.empty() && !reference.starts_with(kLiveReferencePrefix) &&
      definition.payload_hash == ContentHash()) {
    return Status::Invalid("The hash of the referenced payload is not given: '",
                           reference, "'; only a reference that starts with '",
                           kLiveReferencePrefix, "' goes without");
  }
  return Status::OK();
}

Status CheckLimit(std::string_view what, int64_t value, std::string_view unit) {
  if (value < 0) {
    return Status::Invalid("The ", what, " is negative: ", value, " ", unit,
                           "; 0 sets none");
  }
  return Status::OK();
}

Status CheckLimits(const UdfLimits& limits) {
  ARROW_RETURN_NOT_OK(CheckLimit("timeout", limits.timeout_ms, "ms"));
  ARROW_RETURN_NOT_OK(CheckLimit("memory limit", limits.memory_limit_bytes, "bytes"));
  ARROW_RETURN_NOT_OK(CheckLimit("CPU limit", limits.cpu_limit_ms, "ms"));
  ARROW_RETURN_NOT_OK(CheckLimit("limit of open files", limits.max_open_files, "files"));
  return CheckLimit("limit of the result's size", limits.max_result_bytes, "bytes");
}

}  // namespace

Status CheckDefinition(const UdfDefinition& definition, const DecodeLimits& limits) {
  ARROW_RETURN_NOT_OK(CheckEnumerations(definition));
  ARROW_RETURN_NOT_OK(CheckName(definition.name, limits));
  ARROW_RETURN_NOT_OK(CheckSignature(definition, limits));
  ARROW_RETURN_NOT_OK(CheckEnvironment(definition.environment, limits));
  ARROW_RETURN_NOT_OK(CheckRequirements(definition, limits));
  if (definition.source.has_value()) {
    ARROW_RETURN_NOT_OK(CheckSource(*definition.source, limits));
  }
  ARROW_RETURN_NOT_OK(CheckLimits(definition.limits));
  return CheckPayload(definition, limits);
}

Status CheckPayloadHash(const UdfDefinition& definition) {
  if (definition.payload.empty()) {
    return Status::OK();
  }
  const ContentHash actual = ContentHash::Of(definition.payload);
  if (actual != definition.payload_hash) {
    return Status::Invalid("The payload does not match its hash: SHA-256 ",
                           actual.ToHex(), ", expected ",
                           definition.payload_hash.ToHex());
  }
  return Status::OK();
}

Status AsDefinitionError(const Status& status, const std::string& udf_name) {
  if (status.ok()) {
    return status;
  }
  UdfErrorInfo info;
  info.code = UdfErrorCode::kInvalidDefinition;
  // Only text may go on into messages, which become Python and C strings.
  info.udf_name = CheckText("The name", udf_name).ok() ? udf_name : std::string();
  info.message = status.message();
  return MakeUdfError(std::move(info));
}

}  // namespace springald
