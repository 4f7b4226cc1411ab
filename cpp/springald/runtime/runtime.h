#pragma once

#include <cstddef>
#include <memory>
#include <optional>

#include <arrow/result.h>

#include "springald/backend/embedded/embedded_backend.h"
#include "springald/backend/sidecar/sidecar_backend.h"
#include "springald/registry/function_registry.h"
#include "springald/runtime/function.h"

namespace springald {

/// Owns the registry and the backends, and makes functions of definitions. Safe for
/// use from many threads. Functions may outlive it.
class Runtime {
 public:
  struct Options {
    Observer observer;
    /// Where functions that are loaded run: in workers like these, or else in this
    /// process.
    std::optional<PoolOptions> workers;
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

  /// Ends the worker processes, for good; see WorkerPool::Shutdown.
  void Shutdown();

  WorkerPool::Figures workers() const;

 private:
  arrow::Result<std::shared_ptr<const Function>> MakeFunction(
      std::shared_ptr<const EncodedDefinition> definition,
      arrow::Result<std::shared_ptr<const BackendFunction>> loaded) const;

  const std::shared_ptr<const Observer> observer_;
  // These synchronize themselves.
  EmbeddedBackend embedded_;
  const std::unique_ptr<SidecarBackend> sidecar_;  // null where there are no workers
  FunctionRegistry registry_;
};

}  // namespace springald
