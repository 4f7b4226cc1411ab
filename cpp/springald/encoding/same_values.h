#pragma once

#include <memory>

#include <arrow/type.h>

namespace springald {

// What two Arrow types have in common although they are not equal. No memory is touched;
// any thread may call.

/// Says whether a column of `actual` holds values of `expected`, only encoded otherwise:
/// with offsets of another width or views, dictionary- or run-end-encoded, as the storage
/// of an extension type or as the extension type of a storage, or as a column of nulls;
/// at any depth. Field names count in structs only; nullability and metadata nowhere.
/// A type is an encoding of itself. Unions have no other encoding.
bool HaveSameValues(const arrow::DataType& actual, const arrow::DataType& expected);

/// Says whether the two have the same buffers, because nothing but extension types makes
/// them different: a column of one becomes one of the other at no cost.
bool HaveSameStorage(const arrow::DataType& actual, const arrow::DataType& expected);

/// Returns the type with each extension type in it replaced by its storage; `type` itself
/// where there is none.
std::shared_ptr<arrow::DataType> WithoutExtensions(
    const std::shared_ptr<arrow::DataType>& type);

}  // namespace springald
