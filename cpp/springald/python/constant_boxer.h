#pragma once

#include <cstdint>
#include <memory>

#include <arrow/array.h>
#include <arrow/result.h>

#include "springald/python/box/boxer.h"

namespace springald::python {

/// Makes a boxer for the argument `column` of a batch of `num_rows` rows. Where it has
/// one row and the batch has more, that row stands for all: its value is made once, and
/// each row gets it, unless it is of a kind that a function can change.
///
/// `column` must outlive the boxer. Fails and REQUIRES as MakeBoxer.
arrow::Result<std::unique_ptr<Boxer>> MakeArgumentBoxer(const arrow::Array& column,
                                                        int64_t num_rows);

}  // namespace springald::python
