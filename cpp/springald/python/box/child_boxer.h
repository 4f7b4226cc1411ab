#pragma once

#include <memory>
#include <utility>

#include "springald/python/box/boxer.h"

namespace springald::python {

/// A boxer and the column that it reads, for a column inside another one. Movable.
/// Threads: as Boxer.
class ChildBoxer {
 public:
  /// Makes the boxer of `num_rows` rows of `column` from row `first` on: those that the
  /// outer column uses, because looking at others may cost as much as a whole file.
  /// Rows of the boxer count from `first`. Fails as MakeBoxer.
  static arrow::Result<ChildBoxer> Make(std::shared_ptr<arrow::ArrayData> column,
                                        int64_t first, int64_t num_rows) {
    if (first != 0 || num_rows != column->length) {
      column = column->Slice(first, num_rows);
    }
    ARROW_ASSIGN_OR_RAISE(auto boxer, MakeBoxer(*column));
    return ChildBoxer(std::move(column), std::move(boxer));
  }

  Boxer* operator->() const { return boxer_.get(); }

 private:
  ChildBoxer(std::shared_ptr<const arrow::ArrayData> column, std::unique_ptr<Boxer> boxer)
      : column_(std::move(column)), boxer_(std::move(boxer)) {}

  std::shared_ptr<const arrow::ArrayData> column_;
  std::unique_ptr<Boxer> boxer_;
};

}  // namespace springald::python
