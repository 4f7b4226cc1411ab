#pragma once

#include <memory>

#include "springald/python/box/boxer.h"

namespace springald::python {

// One maker for each family of types, for MakeBoxer and for each other. All are as
// MakeBoxer says, and each REQUIRES a column of its own types.

/// Null, bool, integers and floats.
std::unique_ptr<Boxer> MakeNumberBoxer(const arrow::ArrayData& column);

/// Every decimal.
arrow::Result<std::unique_ptr<Boxer>> MakeDecimalBoxer(const arrow::ArrayData& column);

/// Strings and bytes, of fixed size too.
std::unique_ptr<Boxer> MakeStringBoxer(const arrow::ArrayData& column);

/// Dates, times and timestamps.
arrow::Result<std::unique_ptr<Boxer>> MakeMomentBoxer(const arrow::ArrayData& column);

/// Durations and the interval of months, days and nanoseconds.
std::unique_ptr<Boxer> MakeDurationBoxer(const arrow::ArrayData& column);

/// Every list and map.
arrow::Result<std::unique_ptr<Boxer>> MakeListBoxer(const arrow::ArrayData& column);

arrow::Result<std::unique_ptr<Boxer>> MakeStructBoxer(const arrow::ArrayData& column);

arrow::Result<std::unique_ptr<Boxer>> MakeDictionaryBoxer(const arrow::ArrayData& column);

arrow::Result<std::unique_ptr<Boxer>> MakeRunEndBoxer(const arrow::ArrayData& column);

arrow::Result<std::unique_ptr<Boxer>> MakeExtensionBoxer(const arrow::ArrayData& column);

}  // namespace springald::python
