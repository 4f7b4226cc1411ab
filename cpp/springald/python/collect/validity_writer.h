#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/result.h>
#include <arrow/util/bit_util.h>

#include "springald/python/gil.h"

namespace springald::python {

/// The validity bitmap of a column that is written in order; none is made for a
/// column without nulls.
class ValidityWriter {
 public:
  arrow::Status MarkNull(int64_t row, int64_t num_rows) {
    if (bitmap_ == nullptr) {
      ARROW_ASSIGN_OR_RAISE(bitmap_, arrow::AllocateBitmap(num_rows));
      std::memset(bitmap_->mutable_data(), 0xFF,
                  static_cast<std::size_t>(bitmap_->size()));
    }
    arrow::bit_util::ClearBit(bitmap_->mutable_data(), row);
    ++num_nulls_;
    return arrow::Status::OK();
  }
  std::shared_ptr<arrow::Buffer> Finish() { return std::move(bitmap_); }
  int64_t num_nulls() const { return num_nulls_; }

 private:
  std::shared_ptr<arrow::Buffer> bitmap_;
  int64_t num_nulls_ = 0;
};

/// A row without a call, or one whose call returned None.
inline bool IsNull(PyObject* value) { return value == nullptr || value == Py_None; }

}  // namespace springald::python
