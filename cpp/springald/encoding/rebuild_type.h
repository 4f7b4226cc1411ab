#pragma once

#include <functional>
#include <memory>

#include <arrow/type.h>

namespace springald {

/// Maps one type to another.
using TypeMap = std::function<std::shared_ptr<arrow::DataType>(
    const std::shared_ptr<arrow::DataType>&)>;

/// Returns `type` with `map` applied to the types of its fields, for lists, structs, maps
/// and unions; `type` itself where that changes nothing, and for all other types.
/// Names, nullability and metadata of the fields stay.
std::shared_ptr<arrow::DataType> RebuildType(const std::shared_ptr<arrow::DataType>& type,
                                             const TypeMap& map);

/// As RebuildType, also for the values of dictionaries and of run-end encoding.
std::shared_ptr<arrow::DataType> RebuildWithEncoded(
    const std::shared_ptr<arrow::DataType>& type, const TypeMap& map);

}  // namespace springald
