#pragma once

#include <memory>

#include <arrow/type.h>

namespace springald::python {

/// Says whether row mode can return values of this type: all but unions and the
/// intervals of months and of days, which pyarrow cannot make of Python values, nor a
/// type with one of them inside.
bool CollectorSupports(const arrow::DataType& type);

/// Returns the type with every dictionary, run-end-encoded and extension type in it
/// replaced by that of its values; `type` itself where there is none.
std::shared_ptr<arrow::DataType> PlainType(const std::shared_ptr<arrow::DataType>& type);

/// Returns the type that pyarrow is asked to make for a column of `type`, which then is
/// converted; `type` itself wherever pyarrow makes that. The two hold the same values.
/// REQUIRES: CollectorSupports(type).
std::shared_ptr<arrow::DataType> MadeType(const std::shared_ptr<arrow::DataType>& type);

}  // namespace springald::python
