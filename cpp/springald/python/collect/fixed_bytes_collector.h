#pragma once

#include <memory>

#include "springald/python/collect/exact_collector.h"

namespace springald::python {

/// Makes a collector for up to `num_rows` values of a fixed number of bytes; see
/// MakeExactCollector. REQUIRES: fixed_size_binary or a decimal type of any width.
arrow::Result<std::unique_ptr<ExactCollector>> MakeFixedBytesCollector(
    std::shared_ptr<arrow::DataType> type, int64_t num_rows);

}  // namespace springald::python
