#include <cmath>
#include <type_traits>
#include <utility>

#include <arrow/buffer.h>
#include <arrow/util/bit_util.h>

#include "springald/base/udf_error.h"
#include "springald/python/bytes_collector.h"
#include "springald/python/calendar.h"
#include "springald/python/exact_int.h"
#include "springald/python/result_collector.h"
#include "springald/python/validity_writer.h"

namespace springald::python {

namespace {

// A converter says what a column of one fixed width is made of: Convert is false for
// a value that is left to pyarrow.

template <typename CTypeOf>
struct IntegerConverter {
  using CType = CTypeOf;
  static bool Convert(const IntegerConverter&, PyObject* value, CType* out) {
    return ReadExactInt(value, out);
  }
};

template <typename CTypeOf>
struct FloatConverter {
  using CType = CTypeOf;
  // The whole numbers that every float of this width holds, as pyarrow checks it.
  static constexpr int64_t kMaxInteger =
      std::is_same_v<CType, float> ? INT64_C(1) << 24 : INT64_C(1) << 53;
  static bool Convert(const FloatConverter&, PyObject* value, CType* out) {
    if (PyFloat_Check(value)) {
      *out = static_cast<CType>(PyFloat_AS_DOUBLE(value));
      return true;
    }
    int64_t integer = 0;
    if (ReadExactInt(value, &integer) && integer >= -kMaxInteger &&
        integer <= kMaxInteger) {
      *out = static_cast<CType>(integer);
      return true;
    }
    return false;
  }
};

struct DateConverter {
  using CType = int32_t;
  static bool Convert(const DateConverter&, PyObject* value, CType* out) {
    int64_t days = 0;
    if (!ReadDate(value, &days)) {
      return false;
    }
    *out = static_cast<CType>(days);
    return true;
  }
};

struct TimestampConverter {
  using CType = int64_t;
  static bool Convert(const TimestampConverter& self, PyObject* value, CType* out) {
    int64_t micros = 0;
    if (!ReadDateTime(value, &micros)) {
      return false;
    }
    if (self.unit == arrow::TimeUnit::NANO) {
      return !__builtin_mul_overflow(micros, INT64_C(1000), out);
    }
    const int64_t divisor = self.unit == arrow::TimeUnit::SECOND  ? 1000000
                            : self.unit == arrow::TimeUnit::MILLI ? 1000
                                                                  : 1;
    // Towards the past, as pyarrow cuts the microseconds within their second.
    *out = micros / divisor - (micros % divisor < 0);
    return true;
  }
  arrow::TimeUnit::type unit = arrow::TimeUnit::MICRO;
};

/// A column that is one buffer of values and a bitmap, written in order.
class OneBufferCollector : public ResultCollector {
 protected:
  OneBufferCollector(std::shared_ptr<arrow::DataType> type, int64_t num_rows,
                     std::shared_ptr<arrow::Buffer> buffer)
      : ResultCollector(std::move(type)),
        buffer_(std::move(buffer)),
        num_rows_(num_rows) {}

  arrow::Status MarkNull(int64_t row) { return validity_.MarkNull(row, num_rows_); }

  arrow::Result<std::shared_ptr<arrow::Array>> FinishExact() override {
    return arrow::MakeArray(arrow::ArrayData::Make(
        type_, length_, {validity_.Finish(), std::move(buffer_)}, validity_.num_nulls()));
  }

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

  static arrow::Result<std::unique_ptr<ResultCollector>> Make(
      std::shared_ptr<arrow::DataType> type, int64_t num_rows, Converter converter = {}) {
    ARROW_ASSIGN_OR_RAISE(
        auto buffer,
        arrow::AllocateBuffer(num_rows * static_cast<int64_t>(sizeof(CType))));
    return std::unique_ptr<ResultCollector>(
        new FixedWidthCollector(std::move(type), num_rows, std::move(buffer), converter));
  }

 protected:
  arrow::Result<int64_t> AppendExact(PyObject* const* values,
                                     int64_t num_values) override {
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
  static arrow::Result<std::unique_ptr<ResultCollector>> Make(
      std::shared_ptr<arrow::DataType> type, int64_t num_rows) {
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateEmptyBitmap(num_rows));
    return std::unique_ptr<ResultCollector>(
        new BoolCollector(std::move(type), num_rows, std::move(buffer)));
  }

 protected:
  arrow::Result<int64_t> AppendExact(PyObject* const* values,
                                     int64_t num_values) override {
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

}  // namespace

arrow::Result<std::unique_ptr<ResultCollector>> MakeResultCollector(
    std::shared_ptr<arrow::DataType> type, int64_t num_rows) {
  switch (type->id()) {
    case arrow::Type::BOOL:
      return BoolCollector::Make(type, num_rows);
    case arrow::Type::INT8:
      return FixedWidthCollector<IntegerConverter<int8_t>>::Make(type, num_rows);
    case arrow::Type::INT16:
      return FixedWidthCollector<IntegerConverter<int16_t>>::Make(type, num_rows);
    case arrow::Type::INT32:
      return FixedWidthCollector<IntegerConverter<int32_t>>::Make(type, num_rows);
    case arrow::Type::INT64:
      return FixedWidthCollector<IntegerConverter<int64_t>>::Make(type, num_rows);
    case arrow::Type::UINT8:
      return FixedWidthCollector<IntegerConverter<uint8_t>>::Make(type, num_rows);
    case arrow::Type::UINT16:
      return FixedWidthCollector<IntegerConverter<uint16_t>>::Make(type, num_rows);
    case arrow::Type::UINT32:
      return FixedWidthCollector<IntegerConverter<uint32_t>>::Make(type, num_rows);
    case arrow::Type::UINT64:
      return FixedWidthCollector<IntegerConverter<uint64_t>>::Make(type, num_rows);
    case arrow::Type::FLOAT:
      return FixedWidthCollector<FloatConverter<float>>::Make(type, num_rows);
    case arrow::Type::DOUBLE:
      return FixedWidthCollector<FloatConverter<double>>::Make(type, num_rows);
    case arrow::Type::DATE32:
      return FixedWidthCollector<DateConverter>::Make(type, num_rows);
    case arrow::Type::TIMESTAMP:
      return FixedWidthCollector<TimestampConverter>::Make(
          type, num_rows, {static_cast<const arrow::TimestampType&>(*type).unit()});
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
      return MakeBytesCollector(type, num_rows);
    default:
      return MakeUdfError(UdfErrorCode::kInvalidDefinition,
                          "row mode cannot return values of type " + type->ToString());
  }
}

}  // namespace springald::python
