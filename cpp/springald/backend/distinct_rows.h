#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include <arrow/array.h>
#include <arrow/result.h>

namespace springald {

/// The rows of a batch, each different one once.
struct DistinctRows {
  arrow::ArrayVector columns;       ///< in the order of their first rows in the batch
  std::vector<int32_t> numbers;     ///< for each row of the batch its row in `columns`
  std::vector<int32_t> first_rows;  ///< for each row of `columns` its first in the batch

  int64_t num_rows() const { return static_cast<int64_t>(first_rows.size()); }

  /// Returns for each row of the batch the value that `results` has for its distinct row.
  ///
  /// Fails with a CapacityError where that is more than the type can hold.
  arrow::Result<std::shared_ptr<arrow::Array>> Spread(const arrow::Array& results) const;
};

/// Finds the distinct rows of batches, where they are few and found cheaply. Rows are
/// equal when all their values are, bit by bit: 0.0 is not -0.0, and two nulls are equal.
///
/// After a batch of mostly different rows it leaves out the next ones, more of them each
/// time. Safe for use from many threads.
class DistinctRowsFinder {
 public:
  /// Returns nothing where most rows are different.
  ///
  /// REQUIRES: at least one column, and CanNumber for the type of each.
  std::optional<DistinctRows> Find(const arrow::ArrayVector& columns, int64_t num_rows);

 private:
  // Batches that are still left out, and how many were after the last failure.
  std::atomic<int32_t> num_left_out_{0};
  std::atomic<int32_t> last_pause_{0};
};

}  // namespace springald
