#pragma once

#include <memory>

#include "springald/python/collect/exact_collector.h"

namespace springald::python {

/// Makes a collector for up to `num_rows` strings or bytes; see MakeExactCollector.
/// REQUIRES: a string or binary type of any width, or a view.
arrow::Result<std::unique_ptr<ExactCollector>> MakeBytesCollector(
    std::shared_ptr<arrow::DataType> type, int64_t num_rows);

}  // namespace springald::python
