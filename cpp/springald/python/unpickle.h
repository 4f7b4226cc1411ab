#pragma once

#include <arrow/result.h>

#include "springald/codec/udf_definition.h"
#include "springald/python/py_ref.h"

namespace springald::python {

/// Makes the function that the definition carries, with `cloudpickle.loads`. This
/// runs code of the definition's author.
///
/// Fails with kVersionMismatch where the payload was made by another Python
/// implementation or minor version, naming both; with kDependency where a module is
/// missing; with kInvalidDefinition where the bytes do not unpickle to a callable.
/// REQUIRES: the GIL.
arrow::Result<PyRef> Unpickle(const UdfDefinition& definition);

}  // namespace springald::python
