#include "springald/codec/udf_definition.h"

#include <tuple>

namespace springald {

namespace {

/// Everything that `==` compares rightly.
auto Values(const UdfDefinition& d) {
  return std::tie(d.kind, d.name, d.mode, d.volatility, d.null_handling, d.environment,
                  d.requirements, d.source, d.payload, d.payload_reference,
                  d.payload_hash, d.limits);
}

template <typename Type>
bool SameType(const std::shared_ptr<Type>& left, const std::shared_ptr<Type>& right) {
  if (left == nullptr || right == nullptr) {
    return left == right;
  }
  return left->Equals(*right, /*check_metadata=*/true);
}

}  // namespace

bool UdfDefinition::Equals(const UdfDefinition& other) const {
  return Values(*this) == Values(other) && SameType(arguments, other.arguments) &&
         SameType(result, other.result);
}

}  // namespace springald
