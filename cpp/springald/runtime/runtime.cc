#include "springald/runtime/runtime.h"

#include <utility>

#include "springald/base/udf_error.h"

namespace springald {

Runtime::Runtime(Options options)
    : observer_(std::make_shared<const Observer>(std::move(options.observer))),
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
    return MakeFunction(definition, embedded_.Load(definition));
  });
}

arrow::Result<std::shared_ptr<const Function>> Runtime::Bind(
    std::shared_ptr<const EncodedDefinition> definition, python::PyRef callable) {
  return MakeFunction(definition, embedded_.Bind(definition, std::move(callable)));
}

}  // namespace springald
