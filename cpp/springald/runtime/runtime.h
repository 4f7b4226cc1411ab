#pragma once

#include <cstddef>
#include <memory>

#include <arrow/result.h>

#include "springald/backend/embedded/embedded_backend.h"
#include "springald/registry/function_registry.h"
#include "springald/runtime/function.h"

namespace springald {

/// Owns the registry and the backends, and makes functions of definitions. Safe for
/// use from many threads. Functions may outlive it.
class Runtime {
 public:
  struct Options {
    Observer observer;
    /// See FunctionRegistry.
    std::size_t cache_capacity_bytes = std::size_t{256} << 20;
  };

  explicit Runtime(Options options);

  /// Loads the function that the definition carries, once for equal definitions.
  /// May be called with or without the GIL held; lets go of it while it waits.
  ///
  /// Fails as Backend::Load.
  arrow::Result<std::shared_ptr<const Function>> Load(
      std::shared_ptr<const EncodedDefinition> definition);

  /// Makes a function of a live object, which stays as long as the function.
  /// REQUIRES: the GIL.
  arrow::Result<std::shared_ptr<const Function>> Bind(
      std::shared_ptr<const EncodedDefinition> definition, python::PyRef callable);

 private:
  arrow::Result<std::shared_ptr<const Function>> MakeFunction(
      std::shared_ptr<const EncodedDefinition> definition,
      arrow::Result<std::shared_ptr<const BackendFunction>> loaded) const;

  const std::shared_ptr<const Observer> observer_;
  // These two synchronize themselves.
  EmbeddedBackend embedded_;
  FunctionRegistry registry_;
};

}  // namespace springald
