#pragma once

#include <arrow/status.h>
#include <arrow/type.h>

#include "springald/base/udf_error.h"

namespace springald::python {

/// The error of a batch whose results do not fit one column of `type`.
inline arrow::Status TooManyBytes(const arrow::DataType& type) {
  return MakeUdfError(UdfErrorCode::kResult,
                      "the batch's results exceed the 2 GiB that " + type.ToString() +
                          " can hold; declare the large type of it as the return type, "
                          "or use smaller batches");
}

}  // namespace springald::python
