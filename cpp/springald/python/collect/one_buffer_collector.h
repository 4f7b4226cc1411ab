#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>

#include "springald/python/collect/exact_collector.h"
#include "springald/python/collect/validity_writer.h"

namespace springald::python {

/// A column that is one buffer of values and a bitmap, written in order.
class OneBufferCollector : public ExactCollector {
 public:
  arrow::Result<std::shared_ptr<arrow::Array>> Finish() override {
    return arrow::MakeArray(arrow::ArrayData::Make(
        type_, length_, {validity_.Finish(), std::move(buffer_)}, validity_.num_nulls()));
  }

 protected:
  OneBufferCollector(std::shared_ptr<arrow::DataType> type, int64_t num_rows,
                     std::shared_ptr<arrow::Buffer> buffer)
      : type_(std::move(type)), buffer_(std::move(buffer)), num_rows_(num_rows) {}

  arrow::Status MarkNull(int64_t row) { return validity_.MarkNull(row, num_rows_); }

  const std::shared_ptr<arrow::DataType> type_;
  std::shared_ptr<arrow::Buffer> buffer_;
  int64_t length_ = 0;

 private:
  const int64_t num_rows_;
  ValidityWriter validity_;
};

template <typename Converter>
class FixedWidthCollector : public OneBufferCollector {
 public:
  using CType = typename Converter::CType;

  static arrow::Result<std::unique_ptr<ExactCollector>> Make(
      std::shared_ptr<arrow::DataType> type, int64_t num_rows, Converter converter = {}) {
    ARROW_ASSIGN_OR_RAISE(
        auto buffer,
        arrow::AllocateBuffer(num_rows * static_cast<int64_t>(sizeof(CType))));
    return std::unique_ptr<ExactCollector>(
        new FixedWidthCollector(std::move(type), num_rows, std::move(buffer), converter));
  }

  arrow::Result<int64_t> Append(PyObject* const* values, int64_t num_values) override {
    auto* out = reinterpret_cast<CType*>(buffer_->mutable_data()) + length_;
    int64_t i = 0;
    for (; i < num_values; ++i) {
      if (IsNull(values[i])) {
        out[i] = CType{};
        ARROW_RETURN_NOT_OK(MarkNull(length_ + i));
      } else if (!Converter::Convert(converter_, values[i], out + i)) {
        break;
      }
    }
    length_ += i;
    return i;
  }

 private:
  FixedWidthCollector(std::shared_ptr<arrow::DataType> type, int64_t num_rows,
                      std::shared_ptr<arrow::Buffer> buffer, Converter converter)
      : OneBufferCollector(std::move(type), num_rows, std::move(buffer)),
        converter_(converter) {}

  const Converter converter_;
};

class BoolCollector : public OneBufferCollector {
 public:
  static arrow::Result<std::unique_ptr<ExactCollector>> Make(
      std::shared_ptr<arrow::DataType> type, int64_t num_rows) {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateEmptyBitmap(num_rows));
    return std::unique_ptr<ExactCollector>(
        new BoolCollector(std::move(type), num_rows, std::move(buffer)));
  }

  arrow::Result<int64_t> Append(PyObject* const* values, int64_t num_values) override {
    int64_t i = 0;
    for (; i < num_values; ++i) {
      if (values[i] == Py_True) {
        arrow::bit_util::SetBit(buffer_->mutable_data(), length_ + i);
      } else if (IsNull(values[i])) {
        ARROW_RETURN_NOT_OK(MarkNull(length_ + i));
      } else if (values[i] != Py_False) {
        break;
      }
    }
    length_ += i;
    return i;
  }

 private:
  using OneBufferCollector::OneBufferCollector;
};

}  // namespace springald::python
