#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "springald/codec/definition_check.h"
#include "springald/codec/definition_codec.h"
#include "springald/codec/definition_fields.h"
#include "springald/codec/signature.h"
#include "springald/codec/wire_format.h"

namespace springald {

namespace {

using arrow::Result;
using arrow::Status;

/// Says which part of the definition `status` is about.
Status About(std::string_view part, const Status& status) {
  if (status.ok()) {
    return status;
  }
  return Status::Invalid("The ", part, " cannot be read: ", status.message());
}

Status ReadText(WireReader* reader, const WireTag& tag, std::size_t limit_bytes,
                std::string* out) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes, reader->ReadBytes(tag, limit_bytes));
  *out = bytes;
  return Status::OK();
}

/// Reads an int32 or an enumeration. `Value` may hold numbers that have no name.
template <typename Value>
Status ReadInt32(WireReader* reader, const WireTag& tag, Value* out) {
  ARROW_ASSIGN_OR_RAISE(const uint64_t bits, reader->ReadVarint(tag));
  const auto value = static_cast<int64_t>(bits);
  if (value < std::numeric_limits<int32_t>::min() ||
      value > std::numeric_limits<int32_t>::max()) {
    return Status::Invalid("Unknown value ", value, " at byte ", tag.offset);
  }
  *out = static_cast<Value>(value);
  return Status::OK();
}

Status ReadEnvironment(WireReader reader, const DecodeLimits& limits,
                       PythonEnvironment* out) {
  SeenFields seen;
  while (!reader.AtEnd()) {
    ARROW_ASSIGN_OR_RAISE(const WireTag tag, reader.ReadTag());
    std::string* text = nullptr;
    switch (tag.field_number) {
      case environment_field::kImplementation:
        text = &out->implementation;
        break;
      case environment_field::kVersion:
        text = &out->version;
        break;
      case environment_field::kCloudpickleVersion:
        text = &out->cloudpickle_version;
        break;
      case environment_field::kPyarrowVersion:
        text = &out->pyarrow_version;
        break;
      default:
        ARROW_RETURN_NOT_OK(reader.Skip(tag));
        continue;
    }
    ARROW_RETURN_NOT_OK(seen.Add(tag));
    ARROW_RETURN_NOT_OK(ReadText(&reader, tag, limits.max_string_bytes, text));
  }
  return Status::OK();
}

Status ReadRequirement(WireReader reader, const DecodeLimits& limits,
                       std::vector<Requirement>* out) {
  if (out->size() >= limits.max_num_requirements) {
    return Status::Invalid("There are too many: at most ", limits.max_num_requirements,
                           " are accepted");
  }
  Requirement requirement;
  SeenFields seen;
  while (!reader.AtEnd()) {
    ARROW_ASSIGN_OR_RAISE(const WireTag tag, reader.ReadTag());
    std::string* text = nullptr;
    switch (tag.field_number) {
      case requirement_field::kModule:
        text = &requirement.module;
        break;
      case requirement_field::kVersion:
        text = &requirement.version;
        break;
      default:
        ARROW_RETURN_NOT_OK(reader.Skip(tag));
        continue;
    }
    ARROW_RETURN_NOT_OK(seen.Add(tag));
    ARROW_RETURN_NOT_OK(ReadText(&reader, tag, limits.max_string_bytes, text));
  }
  out->push_back(std::move(requirement));
  return Status::OK();
}

Status ReadSource(WireReader reader, const DecodeLimits& limits, SourceText* out) {
  SeenFields seen;
  while (!reader.AtEnd()) {
    ARROW_ASSIGN_OR_RAISE(const WireTag tag, reader.ReadTag());
    if (tag.field_number > source_field::kText) {
      ARROW_RETURN_NOT_OK(reader.Skip(tag));
      continue;
    }
    ARROW_RETURN_NOT_OK(seen.Add(tag));
    if (tag.field_number == source_field::kFirstLine) {
      ARROW_RETURN_NOT_OK(ReadInt32(&reader, tag, &out->first_line));
    } else {
      const bool is_text = tag.field_number == source_field::kText;
      ARROW_RETURN_NOT_OK(ReadText(&reader, tag, limits.max_string_bytes,
                                   is_text ? &out->text : &out->file_name));
    }
  }
  return Status::OK();
}

/// Reads a number that is 0 or more.
Status ReadInt64(WireReader* reader, const WireTag& tag, int64_t* out) {
  ARROW_ASSIGN_OR_RAISE(const uint64_t value, reader->ReadVarint(tag));
  constexpr auto kMax = std::numeric_limits<int64_t>::max();
  if (value > static_cast<uint64_t>(kMax)) {
    return Status::Invalid("Field ", tag.field_number, " at byte ", tag.offset,
                           " is too large: ", value, ", at most ", kMax, " is accepted");
  }
  *out = static_cast<int64_t>(value);
  return Status::OK();
}

Status ReadLimits(WireReader reader, UdfLimits* out) {
  SeenFields seen;
  while (!reader.AtEnd()) {
    ARROW_ASSIGN_OR_RAISE(const WireTag tag, reader.ReadTag());
    int64_t* limit = nullptr;
    switch (tag.field_number) {
      case limits_field::kTimeoutMs:
        limit = &out->timeout_ms;
        break;
      case limits_field::kMemoryLimitBytes:
        limit = &out->memory_limit_bytes;
        break;
      case limits_field::kCpuLimitMs:
        limit = &out->cpu_limit_ms;
        break;
      case limits_field::kMaxOpenFiles:
        limit = &out->max_open_files;
        break;
      case limits_field::kMaxResultBytes:
        limit = &out->max_result_bytes;
        break;
      default:
        ARROW_RETURN_NOT_OK(reader.Skip(tag));
        continue;
    }
    ARROW_RETURN_NOT_OK(seen.Add(tag));
    ARROW_RETURN_NOT_OK(ReadInt64(&reader, tag, limit));
  }
  return Status::OK();
}

Result<std::shared_ptr<arrow::Schema>> ReadSchema(WireReader* reader, const WireTag& tag,
                                                  const DecodeLimits& limits) {
  ARROW_ASSIGN_OR_RAISE(const auto bytes,
                        reader->ReadBytes(tag, limits.max_signature_bytes));
  return DecodeSchema(bytes, {limits.max_signature_bytes});
}

Status ReadResult(WireReader* reader, const WireTag& tag, const DecodeLimits& limits,
                  std::shared_ptr<arrow::Field>* out) {
  ARROW_ASSIGN_OR_RAISE(const auto schema, ReadSchema(reader, tag, limits));
  if (schema->num_fields() != 1) {
    return Status::Invalid("It has ", schema->num_fields(), " fields, expected 1");
  }
  *out = schema->field(0);
  return Status::OK();
}

/// Reads the two versions, wherever they stand, and decides whether this library
/// understands the rest. So a definition from the future is refused for its version
/// and not for what came with it.
Status CheckVersions(std::string_view bytes) {
  uint64_t format_version = 0;
  uint64_t min_reader_version = 0;
  WireReader reader{ByteReader(bytes)};
  while (!reader.AtEnd()) {
    ARROW_ASSIGN_OR_RAISE(const WireTag tag, reader.ReadTag());
    if (tag.field_number == definition_field::kFormatVersion) {
      ARROW_ASSIGN_OR_RAISE(format_version, reader.ReadVarint(tag));
    } else if (tag.field_number == definition_field::kMinReaderVersion) {
      ARROW_ASSIGN_OR_RAISE(min_reader_version, reader.ReadVarint(tag));
    } else {
      ARROW_RETURN_NOT_OK(reader.Skip(tag));
    }
  }
  if (min_reader_version > kFormatVersion) {
    return Status::Invalid("The definition needs a reader of format version ",
                           min_reader_version, "; this one knows ", kFormatVersion,
                           ". Upgrade springald on this machine");
  }
  if (format_version == 0 || min_reader_version == 0) {
    return Status::Invalid(
        "The format version or the version of its oldest reader is "
        "not given: ",
        format_version, ", ", min_reader_version);
  }
  if (min_reader_version > format_version) {
    return Status::Invalid(
        "The version of the oldest reader is above the format "
        "version: ",
        min_reader_version, ", ", format_version);
  }
  return Status::OK();
}

/// Takes a definition apart. For one definition.
class DefinitionReader {
 public:
  DefinitionReader(const DecodeLimits& limits, UdfDefinition* definition)
      : limits_(limits), definition_(definition) {
    // What proto3 leaves out is "unspecified", which CheckDefinition refuses.
    definition_->kind = UdfKind{0};
    definition_->mode = UdfMode{0};
    definition_->volatility = Volatility{0};
    definition_->null_handling = NullHandling{0};
  }

  Status Read(std::string_view bytes) {
    if (bytes.size() > limits_.max_definition_bytes) {
      return Status::Invalid("The definition is too large: ", bytes.size(),
                             " bytes, at most ", limits_.max_definition_bytes,
                             " are accepted");
    }
    ARROW_RETURN_NOT_OK(CheckVersions(bytes));
    WireReader reader{ByteReader(bytes)};
    SeenFields seen;
    while (!reader.AtEnd()) {
      ARROW_ASSIGN_OR_RAISE(const WireTag tag, reader.ReadTag());
      if (tag.field_number <= definition_field::kLimits &&
          tag.field_number != definition_field::kRequirements) {
        ARROW_RETURN_NOT_OK(seen.Add(tag));
      }
      ARROW_RETURN_NOT_OK(ReadField(&reader, tag));
    }
    ARROW_RETURN_NOT_OK(CheckDefinition(*definition_, limits_));
    return CheckPayloadHash(*definition_);
  }

 private:
  Status ReadField(WireReader* reader, const WireTag& tag) {
    switch (tag.field_number) {
      case definition_field::kKind:
        return About("kind", ReadInt32(reader, tag, &definition_->kind));
      case definition_field::kName:
        return About("name",
                     ReadText(reader, tag, limits_.max_name_bytes, &definition_->name));
      case definition_field::kMode:
        return About("mode", ReadInt32(reader, tag, &definition_->mode));
      case definition_field::kArguments:
        return About("list of argument types",
                     ReadSchema(reader, tag, limits_).Value(&definition_->arguments));
      case definition_field::kResult:
        return About("result type",
                     ReadResult(reader, tag, limits_, &definition_->result));
      case definition_field::kVolatility:
        return About("volatility", ReadInt32(reader, tag, &definition_->volatility));
      case definition_field::kNullHandling:
        return About("null handling",
                     ReadInt32(reader, tag, &definition_->null_handling));
      default:
        return ReadMessageOrPayload(reader, tag);
    }
  }

  Status ReadMessageOrPayload(WireReader* reader, const WireTag& tag) {
    switch (tag.field_number) {
      case definition_field::kEnvironment: {
        ARROW_ASSIGN_OR_RAISE(const auto message, ReadMessage(reader, tag));
        return About("Python environment",
                     ReadEnvironment(message, limits_, &definition_->environment));
      }
      case definition_field::kRequirements: {
        ARROW_ASSIGN_OR_RAISE(const auto message, ReadMessage(reader, tag));
        return About("list of requirements",
                     ReadRequirement(message, limits_, &definition_->requirements));
      }
      case definition_field::kSource: {
        ARROW_ASSIGN_OR_RAISE(const auto message, ReadMessage(reader, tag));
        return About("source",
                     ReadSource(message, limits_, &definition_->source.emplace()));
      }
      case definition_field::kPayload:
        return About("payload", ReadText(reader, tag, limits_.max_definition_bytes,
                                         &definition_->payload));
      case definition_field::kPayloadReference:
        return About("payload reference", ReadText(reader, tag, limits_.max_string_bytes,
                                                   &definition_->payload_reference));
      case definition_field::kPayloadHash:
        return About("payload hash", ReadHash(reader, tag));
      case definition_field::kLimits: {
        ARROW_ASSIGN_OR_RAISE(const auto message, ReadMessage(reader, tag));
        return About("limits", ReadLimits(message, &definition_->limits));
      }
      default:
        return reader->Skip(tag);
    }
  }

  Result<WireReader> ReadMessage(WireReader* reader, const WireTag& tag) {
    return reader->ReadMessage(tag, limits_.max_definition_bytes);
  }

  Status ReadHash(WireReader* reader, const WireTag& tag) {
    ARROW_ASSIGN_OR_RAISE(const auto bytes,
                          reader->ReadBytes(tag, ContentHash::kNumBytes));
    if (bytes.size() != ContentHash::kNumBytes) {
      return Status::Invalid("It has ", bytes.size(), " bytes, expected ",
                             ContentHash::kNumBytes);
    }
    std::array<uint8_t, ContentHash::kNumBytes> hash;
    std::copy(bytes.begin(), bytes.end(), hash.begin());
    definition_->payload_hash = ContentHash(hash);
    return Status::OK();
  }

  const DecodeLimits& limits_;
  UdfDefinition* const definition_;
};

}  // namespace

Result<UdfDefinition> DecodeDefinition(std::string_view bytes,
                                       const DecodeLimits& limits) {
  UdfDefinition definition;
  const Status status = DefinitionReader(limits, &definition).Read(bytes);
  ARROW_RETURN_NOT_OK(AsDefinitionError(status, definition.name));
  return definition;
}

}  // namespace springald
