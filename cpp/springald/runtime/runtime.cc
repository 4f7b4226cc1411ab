#include "springald/runtime/runtime.h"

#include <utility>

#include "springald/base/udf_error.h"

namespace springald {

namespace {

std::unique_ptr<SidecarBackend> MakeSidecar(std::optional<PoolOptions> workers,
                                            std::shared_ptr<const Observer> observer) {
  if (!workers.has_value()) {
    return nullptr;
  }
  SidecarLog log = [observer = std::move(observer)](int32_t level,
                                                    const std::string& message,
                                                    const EncodedDefinition& definition) {
    if (observer->log) {
      observer->log(level, message, definition.definition().name,
                    definition.hash().ToHex());
    }
  };
  return std::make_unique<SidecarBackend>(*std::move(workers), std::move(log));
}

}  // namespace

Runtime::Runtime(Options options)
    : observer_(std::make_shared<const Observer>(std::move(options.observer))),
      sidecar_(MakeSidecar(std::move(options.workers), observer_)),
      registry_(options.cache_capacity_bytes) {}

arrow::Result<std::shared_ptr<const Function>> Runtime::MakeFunction(
    std::shared_ptr<const EncodedDefinition> definition,
    arrow::Result<std::shared_ptr<const BackendFunction>> loaded) const {
  const std::string& name = definition->definition().name;
  if (!loaded.ok()) {
    return WithUdfName(loaded.status(), name);
  }
  if (observer_->log) {
    observer_->log(kLogDebug, "loaded", name, definition->hash().ToHex());
  }
  return std::make_shared<const Function>(std::move(definition), loaded.MoveValueUnsafe(),
                                          observer_);
}

arrow::Result<std::shared_ptr<const Function>> Runtime::Load(
    std::shared_ptr<const EncodedDefinition> definition) {
  const python::GilRelease release;
  const auto hash = definition->hash();
  const std::size_t size_bytes = definition->bytes().size();
  return registry_.GetOrLoad(hash, size_bytes, [this, &definition] {
    return MakeFunction(definition, sidecar_ == nullptr ? embedded_.Load(definition)
                                                        : sidecar_->Load(definition));
  });
}

arrow::Result<std::shared_ptr<const Function>> Runtime::Bind(
    std::shared_ptr<const EncodedDefinition> definition, python::PyRef callable) {
  return MakeFunction(definition, embedded_.Bind(definition, std::move(callable)));
}

void Runtime::Shutdown() {
  if (sidecar_ != nullptr) {
    const python::GilRelease release;
    sidecar_->pool().Shutdown();
  }
}

WorkerPool::Figures Runtime::workers() const {
  return sidecar_ == nullptr ? WorkerPool::Figures() : sidecar_->pool().figures();
}

}  // namespace springald
