#pragma once

#include <memory>

#include "springald/backend/backend.h"
#include "springald/python/batch_form.h"
#include "springald/python/py_ref.h"

namespace springald {

/// A Python callable in this process. See EmbeddedBackend.
class EmbeddedFunction : public BackendFunction {
 public:
  /// REQUIRES: the GIL.
  EmbeddedFunction(std::shared_ptr<const EncodedDefinition> definition,
                   python::PyRef callable);

  /// Fails with kInvalidDefinition, naming the argument, where a type of the
  /// signature is not supported or there is no argument.
  static arrow::Status CheckSignature(const UdfDefinition& definition);

  arrow::Result<std::shared_ptr<arrow::Array>> Invoke(const Batch& batch,
                                                      CancelToken& cancel) const override;

 private:
  arrow::Result<std::shared_ptr<arrow::Array>> Call(const Batch& batch,
                                                    CancelToken& cancel) const;

  const std::shared_ptr<const EncodedDefinition> definition_;
  const python::PyRef callable_;
  const python::BatchForm batch_form_;  // of row mode
};

}  // namespace springald
