#include <limits>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

#include <arrow/array/array_dict.h>
#include <arrow/array/array_run_end.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/util.h>
#include <arrow/compute/api_vector.h>
#include <arrow/compute/cast.h>
#include <arrow/datum.h>
#include <arrow/extension_type.h>

#include "springald/encoding/column_step.h"
#include "springald/encoding/rebuild_type.h"
#include "springald/encoding/same_values.h"

namespace springald {

namespace {

using arrow::Type;

/// A type of the same values that Arrow's Take and RunEndEncode know: they know no views
/// and no runs.
TypePointer TakeableType(const TypePointer& type) {
  switch (type->id()) {
    case Type::STRING_VIEW:
      return arrow::large_utf8();
    case Type::BINARY_VIEW:
      return arrow::large_binary();
    case Type::RUN_END_ENCODED:
      return TakeableType(
          static_cast<const arrow::RunEndEncodedType&>(*type).value_type());
    case Type::DICTIONARY:
      return TakeableType(static_cast<const arrow::DictionaryType&>(*type).value_type());
    case Type::EXTENSION:
      return TakeableType(static_cast<const arrow::ExtensionType&>(*type).storage_type());
    default:
      return RebuildType(type, TakeableType);
  }
}

/// The indices of a dictionary column as a column of their own.
ColumnData IndicesOf(const arrow::ArrayData& data) {
  auto indices = data.Copy();
  indices->type = static_cast<const arrow::DictionaryType&>(*data.type).index_type();
  indices->dictionary = nullptr;
  return indices;
}

/// For each row of a run-end-encoded column the place of its value.
arrow::Result<std::shared_ptr<arrow::Array>> PlacesOf(const arrow::ArrayData& data) {
  ARROW_ASSIGN_OR_RAISE(
      const auto run_ends,
      arrow::compute::Cast(*arrow::MakeArray(data.child_data[0]), arrow::int64()));
  const auto* ends = run_ends->data()->GetValues<int64_t>(1);
  std::vector<int64_t> places(static_cast<std::size_t>(data.length));
  int64_t place = 0;
  for (int64_t row = 0; row < data.length; ++row) {
    while (ends[place] <= data.offset + row) {
      ++place;
    }
    places[static_cast<std::size_t>(row)] = place;
  }
  return arrow::MakeArray(
      arrow::ArrayData::Make(arrow::int64(), data.length,
                             {nullptr, arrow::Buffer::FromVector(std::move(places))}, 0));
}

/// The largest number of a signed or unsigned integer type.
uint64_t MaxOf(const arrow::DataType& type) {
  const int num_bits = type.bit_width() - (arrow::is_signed_integer(type.id()) ? 1 : 0);
  return std::numeric_limits<uint64_t>::max() >> (64 - num_bits);
}

/// A dictionary column whose dictionary is the column itself: Arrow cannot tell the
/// different values of nested and of small decimal types.
arrow::Result<ColumnData> NumberEachRow(const ColumnData& values) {
  const auto array = arrow::MakeArray(values);
  arrow::Int64Builder indices;
  ARROW_RETURN_NOT_OK(indices.Reserve(values->length));
  for (int64_t row = 0; row < values->length; ++row) {
    if (array->IsNull(row)) {
      indices.UnsafeAppendNull();
    } else {
      indices.UnsafeAppend(row);
    }
  }
  ARROW_ASSIGN_OR_RAISE(const auto finished, indices.Finish());
  auto data = WithType(finished->data(), arrow::dictionary(arrow::int64(), values->type));
  data->dictionary = values;
  return data;
}

arrow::Result<ColumnData> DictionaryOf(const ColumnData& values) {
  const auto encoded = arrow::compute::DictionaryEncode(arrow::Datum(values));
  return encoded.ok() ? encoded->array() : NumberEachRow(values);
}

arrow::Status TooManyValues(const arrow::DataType& type, int64_t num_values,
                            const std::string& what, uint64_t limit) {
  return arrow::Status::CapacityError(
      type.ToString(), " cannot hold ", num_values, " ", what, ", only ", limit,
      "; declare a wider integer in the return type, or use smaller batches");
}

/// Each row a run of its own, for values that Arrow does not compare.
ColumnData RunForEachRow(const ColumnData& values) {
  std::vector<int64_t> ends(static_cast<std::size_t>(values->length));
  std::iota(ends.begin(), ends.end(), INT64_C(1));
  auto run_ends =
      arrow::ArrayData::Make(arrow::int64(), values->length,
                             {nullptr, arrow::Buffer::FromVector(std::move(ends))}, 0);
  return arrow::ArrayData::Make(arrow::run_end_encoded(arrow::int64(), values->type),
                                values->length, {nullptr}, {std::move(run_ends), values},
                                0);
}

}  // namespace

arrow::Result<ColumnData> TakeRows(const ColumnData& values,
                                   const arrow::Array& indices) {
  ARROW_ASSIGN_OR_RAISE(const auto takeable,
                        ConvertData(values, TakeableType(values->type)));
  ARROW_ASSIGN_OR_RAISE(
      const auto taken,
      arrow::compute::Take(*arrow::MakeArray(takeable), indices,
                           arrow::compute::TakeOptions::NoBoundsCheck()));
  return taken->data();
}

arrow::Result<ColumnData> Decode(const ColumnData& data) {
  if (data->type->id() == Type::DICTIONARY) {
    return TakeRows(data->dictionary, *arrow::MakeArray(IndicesOf(*data)));
  }
  ARROW_ASSIGN_OR_RAISE(const auto places, PlacesOf(*data));
  return TakeRows(data->child_data[1], *places);
}

arrow::Result<ColumnData> EncodeDictionary(const ColumnData& data,
                                           const TypePointer& type) {
  const auto& to = static_cast<const arrow::DictionaryType&>(*type);
  ColumnData encoded = data;
  if (data->type->id() != Type::DICTIONARY) {
    ARROW_ASSIGN_OR_RAISE(encoded, ConvertData(data, WithoutExtensions(to.value_type())));
    ARROW_ASSIGN_OR_RAISE(encoded, DictionaryOf(encoded));
  }
  ARROW_ASSIGN_OR_RAISE(auto values, ConvertData(encoded->dictionary, to.value_type()));
  const auto indices =
      arrow::compute::Cast(*arrow::MakeArray(IndicesOf(*encoded)), to.index_type());
  if (!indices.ok()) {
    return TooManyValues(*type, values->length, "different values",
                         MaxOf(*to.index_type()) + 1);
  }
  auto converted = WithType((*indices)->data(), type);
  converted->dictionary = std::move(values);
  return converted;
}

arrow::Result<ColumnData> EncodeRuns(const ColumnData& data, const TypePointer& type) {
  const auto& to = static_cast<const arrow::RunEndEncodedType&>(*type);
  const uint64_t limit = MaxOf(*to.run_end_type());
  if (static_cast<uint64_t>(data->length) > limit) {
    return TooManyValues(*type, data->length, "rows", limit);
  }
  ARROW_ASSIGN_OR_RAISE(const auto plain,
                        ConvertData(data, TakeableType(to.value_type())));
  const auto runs = arrow::compute::RunEndEncode(
      arrow::Datum(plain), arrow::compute::RunEndEncodeOptions(to.run_end_type()));
  auto encoded = WithType(runs.ok() ? runs->array() : RunForEachRow(plain), type);
  ARROW_ASSIGN_OR_RAISE(
      const auto ends,
      arrow::compute::Cast(*arrow::MakeArray(encoded->child_data[0]), to.run_end_type()));
  encoded->child_data[0] = ends->data();
  ARROW_ASSIGN_OR_RAISE(encoded->child_data[1],
                        ConvertData(encoded->child_data[1], to.value_type()));
  return encoded;
}

}  // namespace springald
