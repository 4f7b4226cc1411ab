#include "springald/codec/encoded_definition.h"

#include <utility>

#include "springald/codec/definition_codec.h"

namespace springald {

EncodedDefinition::EncodedDefinition(UdfDefinition definition, std::string bytes)
    : definition_(std::move(definition)),
      bytes_(std::move(bytes)),
      hash_(ContentHash::Of(bytes_)) {}

arrow::Result<std::shared_ptr<const EncodedDefinition>> EncodedDefinition::Decode(
    std::string_view bytes) {
  ARROW_ASSIGN_OR_RAISE(auto definition, DecodeDefinition(bytes));
  return std::shared_ptr<const EncodedDefinition>(
      new EncodedDefinition(std::move(definition), std::string(bytes)));
}

arrow::Result<std::shared_ptr<const EncodedDefinition>> EncodedDefinition::Encode(
    UdfDefinition definition) {
  ARROW_ASSIGN_OR_RAISE(auto bytes, EncodeDefinition(definition));
  if (!definition.payload.empty()) {
    definition.payload_hash = ContentHash::Of(definition.payload);
  }
  return std::shared_ptr<const EncodedDefinition>(
      new EncodedDefinition(std::move(definition), std::move(bytes)));
}

}  // namespace springald
