#pragma once

#include <memory>

#include <arrow/result.h>

#include "springald/codec/encoded_definition.h"

namespace springald {

/// Returns the definition with the extension types that are known now. Loading a function
/// may make some known: then it gets their arrays. The definition itself where it has no
/// type that was not known when it was read.
arrow::Result<std::shared_ptr<const EncodedDefinition>> WithKnownExtensions(
    std::shared_ptr<const EncodedDefinition> definition);

}  // namespace springald
