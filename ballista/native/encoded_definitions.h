#pragma once

#include <cstdint>
#include <vector>

#include <nanobind/nanobind.h>

namespace springald::cluster {

/// Encoded definitions, in the form that the glue's functions take them. Borrows the
/// bytes.
struct EncodedDefinitions {
  explicit EncodedDefinitions(const std::vector<nanobind::bytes>& definitions) {
    for (const nanobind::bytes& definition : definitions) {
      data.push_back(static_cast<const uint8_t*>(definition.data()));
      sizes.push_back(definition.size());
    }
  }

  std::vector<const uint8_t*> data;
  std::vector<std::size_t> sizes;  ///< in bytes
};

}  // namespace springald::cluster
