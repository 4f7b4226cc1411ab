#pragma once

#include <memory>
#include <string>
#include <string_view>

#include <arrow/result.h>

#include "springald/codec/content_hash.h"
#include "springald/codec/udf_definition.h"

namespace springald {

/// A definition with its exact bytes, whose hash is its identity. Immutable, so it
/// may be shared between threads.
class EncodedDefinition {
 public:
  /// Reads bytes as DecodeDefinition does, and keeps a copy of them as they are.
  static arrow::Result<std::shared_ptr<const EncodedDefinition>> Decode(
      std::string_view bytes);

  /// Writes `definition` as EncodeDefinition does.
  static arrow::Result<std::shared_ptr<const EncodedDefinition>> Encode(
      UdfDefinition definition);

  const UdfDefinition& definition() const { return definition_; }
  const std::string& bytes() const { return bytes_; }
  const ContentHash& hash() const { return hash_; }

 private:
  EncodedDefinition(UdfDefinition definition, std::string bytes);

  const UdfDefinition definition_;
  const std::string bytes_;
  const ContentHash hash_;
};

}  // namespace springald
