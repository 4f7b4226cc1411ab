#include "springald/backend/distinct_rows.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>

#include "springald/backend/value_numbering.h"
#include "springald/base/copy_bytes.h"

namespace springald {

namespace {

// Fewer rows are called for sooner than compared.
constexpr int64_t kMinRows = 64;
constexpr int32_t kMaxPause = 31;

std::shared_ptr<arrow::Array> ArrayOf(const std::vector<int32_t>& numbers) {
  return arrow::MakeArray(arrow::ArrayData::Make(
      arrow::int32(), static_cast<int64_t>(numbers.size()),
      {nullptr, arrow::Buffer::Wrap(numbers.data(), numbers.size())}, 0));
}

arrow::Result<std::shared_ptr<arrow::Array>> TakeRows(const arrow::Array& values,
                                                      const std::vector<int32_t>& rows) {
  return arrow::compute::Take(values, *ArrayOf(rows),
                              arrow::compute::TakeOptions::NoBoundsCheck());
}

/// Numbers the pairs of the numbers that two columns gave to each row. False where they
/// are mostly different.
bool Combine(const ValueNumbering& column, ValueNumbering* rows) {
  const auto stride = static_cast<int64_t>(rows->first_rows.size());
  std::vector<int64_t> pairs(rows->numbers.size());
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i] = rows->numbers[i] + stride * column.numbers[i];
  }
  const auto data =
      arrow::ArrayData::Make(arrow::int64(), static_cast<int64_t>(pairs.size()),
                             {nullptr, arrow::Buffer::Wrap(pairs)}, 0);
  return NumberValues(*data, rows);
}

bool NumberRows(const arrow::ArrayVector& columns, ValueNumbering* rows) {
  if (!NumberValues(*columns[0]->data(), rows)) {
    return false;
  }
  ValueNumbering column;
  return std::all_of(columns.begin() + 1, columns.end(), [&](const auto& other) {
    return NumberValues(*other->data(), &column) && Combine(column, rows);
  });
}

arrow::Result<std::optional<DistinctRows>> FindInBatch(
    const arrow::ArrayVector& columns) {
  ValueNumbering rows;
  if (!NumberRows(columns, &rows)) {
    return std::nullopt;
  }
  DistinctRows distinct;
  for (const auto& column : columns) {
    ARROW_ASSIGN_OR_RAISE(auto values, TakeRows(*column, rows.first_rows));
    distinct.columns.push_back(std::move(values));
  }
  distinct.numbers = std::move(rows.numbers);
  distinct.first_rows = std::move(rows.first_rows);
  return distinct;
}

/// Strings and bytes without nulls, which Arrow's own Take copies at twice the cost.
template <typename Offset>
arrow::Result<std::shared_ptr<arrow::Array>> SpreadBytes(
    const arrow::ArrayData& results, const std::vector<int32_t>& numbers) {
  const auto* offsets = results.GetValues<Offset>(1);
  const int64_t num_rows = static_cast<int64_t>(numbers.size());
  ARROW_ASSIGN_OR_RAISE(
      std::shared_ptr<arrow::Buffer> offsets_buffer,
      arrow::AllocateBuffer((num_rows + 1) * static_cast<int64_t>(sizeof(Offset))));
  auto* out_offsets = reinterpret_cast<Offset*>(offsets_buffer->mutable_data());
  int64_t num_bytes = 0;
  for (int64_t i = 0; i < num_rows; ++i) {
    const int32_t number = numbers[static_cast<std::size_t>(i)];
    out_offsets[i] = static_cast<Offset>(num_bytes);
    num_bytes += offsets[number + 1] - offsets[number];
  }
  if (num_bytes > std::numeric_limits<Offset>::max()) {
    return arrow::Status::CapacityError("too many bytes for one column: ", num_bytes);
  }
  out_offsets[num_rows] = static_cast<Offset>(num_bytes);
  ARROW_ASSIGN_OR_RAISE(std::shared_ptr<arrow::Buffer> bytes,
                        arrow::AllocateBuffer(num_bytes));
  auto* out = reinterpret_cast<char*>(bytes->mutable_data());
  const auto* in = results.buffers[2] == nullptr
                       ? nullptr
                       : reinterpret_cast<const char*>(results.buffers[2]->data());
  for (int64_t i = 0; i < num_rows; ++i) {
    const int32_t number = numbers[static_cast<std::size_t>(i)];
    CopyBytes(out + out_offsets[i], in + offsets[number],
              static_cast<std::size_t>(offsets[number + 1] - offsets[number]));
  }
  return arrow::MakeArray(arrow::ArrayData::Make(
      results.type, num_rows, {nullptr, std::move(offsets_buffer), std::move(bytes)}, 0));
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::Array>> DistinctRows::Spread(
    const arrow::Array& results) const {
  if (results.null_count() == 0) {
    switch (results.type_id()) {
      case arrow::Type::STRING:
      case arrow::Type::BINARY:
        return SpreadBytes<int32_t>(*results.data(), numbers);
      case arrow::Type::LARGE_STRING:
      case arrow::Type::LARGE_BINARY:
        return SpreadBytes<int64_t>(*results.data(), numbers);
      default:
        break;
    }
  }
  return TakeRows(results, numbers);
}

std::optional<DistinctRows> DistinctRowsFinder::Find(const arrow::ArrayVector& columns,
                                                     int64_t num_rows) {
  if (num_rows < kMinRows || num_rows > std::numeric_limits<int32_t>::max()) {
    return std::nullopt;
  }
  if (num_left_out_.load(std::memory_order_relaxed) > 0) {
    num_left_out_.fetch_sub(1, std::memory_order_relaxed);
    return std::nullopt;
  }
  // An error, such as too little memory, costs the advantage and nothing else.
  auto found = FindInBatch(columns).ValueOr(std::nullopt);
  const int32_t pause =
      found.has_value()
          ? 0
          : std::min(2 * last_pause_.load(std::memory_order_relaxed) + 1, kMaxPause);
  last_pause_.store(pause, std::memory_order_relaxed);
  num_left_out_.store(pause, std::memory_order_relaxed);
  return found;
}

}  // namespace springald
