#pragma once

#include <memory>

#include "springald/backend/backend.h"
#include "springald/python/py_ref.h"

namespace springald {

/// Runs functions in the interpreter of this process, under its GIL.
class EmbeddedBackend : public Backend {
 public:
  /// Waits for the GIL, if this thread does not hold it.
  arrow::Result<std::shared_ptr<const BackendFunction>> Load(
      std::shared_ptr<const EncodedDefinition> definition) override;

  /// Makes a function of a live object, which is called as it is: nothing is pickled.
  /// REQUIRES: the GIL.
  arrow::Result<std::shared_ptr<const BackendFunction>> Bind(
      std::shared_ptr<const EncodedDefinition> definition, python::PyRef callable);
};

}  // namespace springald
