#pragma once

#include <memory>
#include <vector>

#include "springald/abi.h"
#include "springald/base/cancel_token.h"
#include "springald/codec/encoded_definition.h"

// What the opaque structs of abi.h are. Each is a shared reference, so that releasing
// one handle takes nothing away from another.

struct springald_definition {
  std::shared_ptr<const springald::EncodedDefinition> definition;
  std::vector<springald_requirement> requirements;  ///< lent by _describe
};

struct springald_cancel_token {
  std::shared_ptr<springald::CancelToken> token;
};

namespace springald {

class Function;
class Runtime;

}  // namespace springald

struct springald_runtime {
  std::shared_ptr<springald::Runtime> runtime;
};

struct springald_function {
  std::shared_ptr<const springald::Function> function;
};
