#pragma once

#include <memory>
#include <string>

#include <arrow/type.h>
#include <nanobind/nanobind.h>

#include "springald/abi.h"

namespace springald::bindings {

struct ReleaseDefinition {
  void operator()(springald_definition* definition) const {
    springald_definition_release(definition);
  }
};

/// `springald._springald.Definition`: a definition behind the C ABI.
struct Definition {
  std::unique_ptr<springald_definition, ReleaseDefinition> handle;
};

/// The type of the result.
std::shared_ptr<arrow::DataType> ResultTypeOf(const Definition& definition);

std::string NameOf(const Definition& definition);

/// Returns the SHA-256 of the definition's bytes as 64 hexadecimal digits.
std::string HashOf(const Definition& definition);

void BindDefinition(nanobind::module_& module);

}  // namespace springald::bindings
