#include <limits>
#include <utility>

#include <arrow/array/array_nested.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/util.h>
#include <arrow/buffer_builder.h>

#include "springald/encoding/column_step.h"

namespace springald {

namespace {

using arrow::Type;

bool IsView(Type::type id) {
  return id == Type::LIST_VIEW || id == Type::LARGE_LIST_VIEW;
}

bool IsLarge(Type::type id) {
  return id == Type::LARGE_LIST || id == Type::LARGE_LIST_VIEW;
}

TypePointer ListType(bool is_view, bool is_large,
                     const std::shared_ptr<arrow::Field>& f) {
  if (is_view) {
    return is_large ? arrow::large_list_view(f) : arrow::list_view(f);
  }
  return is_large ? arrow::large_list(f) : arrow::list(f);
}

arrow::Status TooManyInside(int64_t num_values) {
  return arrow::Status::CapacityError(
      "lists that are not large_ cannot hold the ", num_values,
      " values of the batch's lists; declare the large type as the return type, or use "
      "smaller batches");
}

/// Copies `count` offsets or sizes into another width.
template <typename From, typename To>
arrow::Result<std::shared_ptr<arrow::Buffer>> CopyIntegers(const From* values,
                                                           int64_t count) {
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> buffer,
                        arrow::AllocateBuffer(count * static_cast<int64_t>(sizeof(To))));
  auto* out = reinterpret_cast<To*>(buffer->mutable_data());
  for (int64_t i = 0; i < count; ++i) {
    if (static_cast<int64_t>(values[i]) > std::numeric_limits<To>::max()) {
      return TooManyInside(static_cast<int64_t>(values[i]));
    }
    out[i] = static_cast<To>(values[i]);
  }
  return buffer;
}

template <typename From, typename To>
arrow::Result<ColumnData> ChangeWidth(const ColumnData& data, const TypePointer& type) {
  const bool is_view = IsView(type->id());
  // All up to the end of the slice, so that its offset and its validity stay.
  const int64_t num_rows = data->offset + data->length;
  auto converted = WithType(data, type);
  if (data->buffers[1] != nullptr) {
    ARROW_ASSIGN_OR_RAISE(converted->buffers[1],
                          (CopyIntegers<From, To>(data->GetValues<From>(1, 0),
                                                  num_rows + (is_view ? 0 : 1))));
  }
  if (is_view && data->buffers[2] != nullptr) {
    ARROW_ASSIGN_OR_RAISE(
        converted->buffers[2],
        (CopyIntegers<From, To>(data->GetValues<From>(2, 0), num_rows)));
  }
  return converted;
}

/// Gives lists that are views offsets that follow each other, with the values in that
/// order. `type` is the list type without views. Arrow's own FromListView and cast lose
/// the values of a slice (26.0).
template <typename Views>
arrow::Result<ColumnData> FromViews(const ColumnData& data, const TypePointer& type) {
  const Views views(data);
  using Offset = typename Views::offset_type;
  arrow::Int64Builder places;
  arrow::TypedBufferBuilder<Offset> offsets;
  arrow::TypedBufferBuilder<bool> validity;
  ARROW_RETURN_NOT_OK(offsets.Append(0));
  for (int64_t row = 0; row < views.length(); ++row) {
    const bool is_valid = views.IsValid(row);
    ARROW_RETURN_NOT_OK(validity.Append(is_valid));
    const int64_t first = is_valid ? views.value_offset(row) : 0;
    const int64_t last = is_valid ? first + views.value_length(row) : 0;
    ARROW_RETURN_NOT_OK(places.Reserve(last - first));
    for (int64_t place = first; place < last; ++place) {
      places.UnsafeAppend(place);
    }
    // Views may share values; their lists cannot.
    if (places.length() > std::numeric_limits<Offset>::max()) {
      return TooManyInside(places.length());
    }
    ARROW_RETURN_NOT_OK(offsets.Append(static_cast<Offset>(places.length())));
  }
  ARROW_ASSIGN_OR_RAISE(const auto taken_places, places.Finish());
  ARROW_ASSIGN_OR_RAISE(auto values, TakeRows(data->child_data[0], *taken_places));
  ARROW_ASSIGN_OR_RAISE(values, ConvertData(values, type->field(0)->type()));
  const int64_t num_nulls = validity.false_count();
  ARROW_ASSIGN_OR_RAISE(auto bitmap, validity.Finish());
  ARROW_ASSIGN_OR_RAISE(auto offsets_buffer, offsets.Finish());
  return arrow::ArrayData::Make(type, data->length,
                                {std::move(bitmap), std::move(offsets_buffer)},
                                {std::move(values)}, num_nulls);
}

arrow::Result<ColumnData> ToViews(const ColumnData& data) {
  auto* const pool = arrow::default_memory_pool();
  const auto array = arrow::MakeArray(data);
  if (IsLarge(data->type->id())) {
    ARROW_ASSIGN_OR_RAISE(const auto views,
                          arrow::LargeListViewArray::FromList(
                              static_cast<const arrow::LargeListArray&>(*array), pool));
    return views->data();
  }
  ARROW_ASSIGN_OR_RAISE(
      const auto views,
      arrow::ListViewArray::FromList(static_cast<const arrow::ListArray&>(*array), pool));
  return views->data();
}

}  // namespace

arrow::Result<ColumnData> ConvertLists(const ColumnData& data, const TypePointer& type) {
  const auto& field = type->field(0);
  const bool is_view = IsView(data->type->id());
  const bool is_large = IsLarge(data->type->id());
  ColumnData lists;
  if (is_view && !IsView(type->id())) {
    const auto plain = ListType(/*is_view=*/false, is_large, field);
    ARROW_ASSIGN_OR_RAISE(lists, is_large
                                     ? (FromViews<arrow::LargeListViewArray>(data, plain))
                                     : (FromViews<arrow::ListViewArray>(data, plain)));
  } else {
    lists = WithType(data, ListType(is_view, is_large, field));
    ARROW_ASSIGN_OR_RAISE(lists->child_data[0],
                          ConvertData(data->child_data[0], field->type()));
    if (!is_view && IsView(type->id())) {
      ARROW_ASSIGN_OR_RAISE(lists, ToViews(lists));
    }
  }
  if (is_large && !IsLarge(type->id())) {
    ARROW_ASSIGN_OR_RAISE(lists, (ChangeWidth<int64_t, int32_t>(lists, type)));
  } else if (!is_large && IsLarge(type->id())) {
    ARROW_ASSIGN_OR_RAISE(lists, (ChangeWidth<int32_t, int64_t>(lists, type)));
  }
  // FromList makes the type anew, of the values' type alone.
  return WithType(lists, type);
}

}  // namespace springald
