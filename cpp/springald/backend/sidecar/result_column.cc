#include "springald/backend/sidecar/result_column.h"

#include <utility>

#include "springald/result/inside_check.h"

namespace springald {

arrow::Result<std::shared_ptr<arrow::Array>> ReadResultColumn(
    const std::optional<wire::ForeignSegment>& segment, const wire::ColumnsPlace& place,
    const std::shared_ptr<arrow::Field>& field, int64_t num_rows) {
  const auto size =
      segment.has_value() ? static_cast<uint64_t>(segment->size_bytes()) : uint64_t{0};
  if (!segment.has_value() || place.num_bytes > size || place.offset > size) {
    return arrow::Status::Invalid("a result that is in no segment");
  }
  ARROW_ASSIGN_OR_RAISE(const auto bytes,
                        segment->Copy(static_cast<int64_t>(place.offset),
                                      static_cast<int64_t>(place.num_bytes)));
  ARROW_ASSIGN_OR_RAISE(auto columns, wire::ReadColumns(bytes, {field}, num_rows));
  ARROW_RETURN_NOT_OK(CheckInside(*columns[0]));
  ARROW_ASSIGN_OR_RAISE(columns, wire::WithExtensions(std::move(columns), {field}));
  return std::move(columns[0]);
}

}  // namespace springald
