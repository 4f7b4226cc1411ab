#pragma once

#include <memory>

#include <arrow/array.h>
#include <arrow/result.h>

namespace springald {

// The steps of ConvertEncoding, between one pair of encodings each.

using ColumnData = std::shared_ptr<arrow::ArrayData>;
using TypePointer = std::shared_ptr<arrow::DataType>;

/// ConvertEncoding itself, for the parts of nested columns.
arrow::Result<ColumnData> ConvertData(const ColumnData& data, const TypePointer& type);

/// Returns a column of the same buffers and children that is called a `type`.
ColumnData WithType(const ColumnData& data, TypePointer type);

/// Returns the values in the places that `indices` say, of a type that holds the same
/// values: Arrow can take no values of some encodings. A null index gives a null.
/// REQUIRES: integers within the column.
arrow::Result<ColumnData> TakeRows(const ColumnData& values, const arrow::Array& indices);

/// Makes plain values of a dictionary- or run-end-encoded column, of any type that holds
/// the same values.
arrow::Result<ColumnData> Decode(const ColumnData& data);

/// Encodes a column of any encoding of the values of `type`, which is a dictionary type.
arrow::Result<ColumnData> EncodeDictionary(const ColumnData& data,
                                           const TypePointer& type);

/// Encodes a column of any encoding of the values of `type`, a run-end-encoded type.
arrow::Result<ColumnData> EncodeRuns(const ColumnData& data, const TypePointer& type);

/// Makes lists of another kind: with offsets of another width, with or without views.
arrow::Result<ColumnData> ConvertLists(const ColumnData& data, const TypePointer& type);

}  // namespace springald
