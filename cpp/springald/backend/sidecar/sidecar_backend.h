#pragma once

#include <memory>

#include "springald/backend/backend.h"
#include "springald/backend/sidecar/sidecar_function.h"
#include "springald/backend/sidecar/worker_pool.h"

namespace springald {

/// Runs functions in worker processes, which may crash, hang or eat memory without harm
/// to this one, and do not share its GIL. Linux only.
class SidecarBackend : public Backend {
 public:
  /// Starts nothing yet. `log` may be empty.
  SidecarBackend(PoolOptions options, SidecarLog log);

  /// Loads the function in one worker, which shows whether it can be loaded; the others
  /// load it when they need it. Takes the GIL, the first time.
  ///
  /// Fails besides with kWorkerLost, kTimeout and kMemory.
  arrow::Result<std::shared_ptr<const BackendFunction>> Load(
      std::shared_ptr<const EncodedDefinition> definition) override;

  WorkerPool& pool() const { return *pool_; }

 private:
  const std::shared_ptr<WorkerPool> pool_;
  const std::shared_ptr<const SidecarLog> log_;
};

}  // namespace springald
