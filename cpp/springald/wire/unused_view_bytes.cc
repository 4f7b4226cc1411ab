#include "springald/wire/unused_view_bytes.h"

#include <algorithm>

#include <arrow/array/array_binary.h>
#include <arrow/array/builder_base.h>
#include <arrow/builder.h>
#include <arrow/type_traits.h>

namespace springald::wire {

namespace {

using arrow::Type;
using ColumnData = std::shared_ptr<arrow::ArrayData>;

/// Rows of a column that are used, counted from its offset.
struct Rows {
  int64_t begin = 0;
  int64_t length = 0;
};

bool HasViews(const arrow::DataType& type) {
  return arrow::is_binary_view_like(type.id()) ||
         std::any_of(type.fields().begin(), type.fields().end(),
                     [](const auto& field) { return HasViews(*field->type()); });
}

template <typename Offset>
Rows RowsOfLists(const arrow::ArrayData& lists, Rows rows) {
  if (rows.length == 0) {
    return {};
  }
  const auto* const offsets = lists.GetValues<Offset>(1) + rows.begin;
  return {offsets[0], offsets[rows.length] - offsets[0]};
}

template <typename Offset>
Rows RowsOfListViews(const arrow::ArrayData& lists, Rows rows) {
  int64_t begin = lists.child_data[0]->length;
  int64_t end = 0;
  for (int64_t row = rows.begin; row < rows.begin + rows.length; ++row) {
    const int64_t offset = lists.GetValues<Offset>(1)[row];
    const int64_t size = lists.GetValues<Offset>(2)[row];
    if (lists.IsValid(row) && size > 0) {
      begin = std::min(begin, offset);
      end = std::max(end, offset + size);
    }
  }
  return begin < end ? Rows{begin, end - begin} : Rows{};
}

/// The rows of a child that some rows of its parent use.
Rows RowsOfChild(const arrow::ArrayData& parent, const arrow::ArrayData& child,
                 Rows rows) {
  switch (parent.type->id()) {
    case Type::STRUCT:
    case Type::SPARSE_UNION:
      return {parent.offset + rows.begin, rows.length};
    case Type::FIXED_SIZE_LIST: {
      const int64_t size =
          static_cast<const arrow::FixedSizeListType&>(*parent.type).list_size();
      return {(parent.offset + rows.begin) * size, rows.length * size};
    }
    case Type::LIST:
    case Type::MAP:
      return RowsOfLists<int32_t>(parent, rows);
    case Type::LARGE_LIST:
      return RowsOfLists<int64_t>(parent, rows);
    case Type::LIST_VIEW:
      return RowsOfListViews<int32_t>(parent, rows);
    case Type::LARGE_LIST_VIEW:
      return RowsOfListViews<int64_t>(parent, rows);
    default:
      return {0, child.length};
  }
}

arrow::Result<ColumnData> ViewsWithoutUnusedBytes(const ColumnData& column, Rows rows) {
  const arrow::BinaryViewArray views(column);
  int64_t num_kept = 0;
  for (std::size_t i = 2; i < column->buffers.size(); ++i) {
    num_kept += column->buffers[i]->size();
  }
  int64_t num_used = 0;
  for (int64_t row = rows.begin; row < rows.begin + rows.length; ++row) {
    num_used += views.IsNull(row) ? 0 : static_cast<int64_t>(views.GetView(row).size());
  }
  if (num_kept - num_used <= kMaxUnusedViewBytes) {
    return column;
  }
  // The rows stay where they are, because offsets count them.
  ARROW_ASSIGN_OR_RAISE(auto builder, arrow::MakeBuilder(column->type));
  ARROW_RETURN_NOT_OK(builder->AppendEmptyValues(rows.begin));
  ARROW_RETURN_NOT_OK(
      builder->AppendArraySlice(arrow::ArraySpan(*column), rows.begin, rows.length));
  ARROW_RETURN_NOT_OK(
      builder->AppendEmptyValues(column->length - rows.begin - rows.length));
  ColumnData rewritten;
  ARROW_RETURN_NOT_OK(builder->FinishInternal(&rewritten));
  return rewritten;
}

arrow::Result<ColumnData> WithoutUnused(const ColumnData& column, Rows rows) {
  if (!HasViews(*column->type)) {
    return column;
  }
  if (arrow::is_binary_view_like(column->type->id())) {
    return ViewsWithoutUnusedBytes(column, rows);
  }
  auto copy = column->Copy();
  for (auto& child : copy->child_data) {
    ARROW_ASSIGN_OR_RAISE(child,
                          WithoutUnused(child, RowsOfChild(*column, *child, rows)));
  }
  return copy;
}

}  // namespace

arrow::Result<ColumnData> WithoutUnusedViewBytes(const ColumnData& column) {
  return WithoutUnused(column, {0, column->length});
}

}  // namespace springald::wire
