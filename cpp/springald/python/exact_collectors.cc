#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <type_traits>
#include <utility>

#include <arrow/array/builder_binary.h>
#include <arrow/buffer.h>
#include <arrow/buffer_builder.h>
#include <arrow/type_traits.h>
#include <arrow/util/bit_util.h>

#include "springald/base/udf_error.h"
#include "springald/python/calendar.h"
#include "springald/python/exact_int.h"
#include "springald/python/result_collector.h"

namespace springald::python {

namespace {

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

inline bool IsNull(PyObject* value) { return value == nullptr || value == Py_None; }

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

/// Lends the bytes of an exact str as UTF-8; false where that needs pyarrow's word.
struct StringBytes {
  static bool Read(PyObject* value, std::string_view* out) {
    if (!PyUnicode_CheckExact(value)) {
      return false;
    }
    if (PyUnicode_IS_COMPACT_ASCII(value)) {
      *out = {reinterpret_cast<const char*>(PyUnicode_1BYTE_DATA(value)),
              static_cast<std::size_t>(PyUnicode_GET_LENGTH(value))};
      return true;
    }
    Py_ssize_t size = 0;
    const char* data = PyUnicode_AsUTF8AndSize(value, &size);
    if (data == nullptr) {
      PyErr_Clear();  // a lone surrogate: pyarrow says so
      return false;
    }
    *out = {data, static_cast<std::size_t>(size)};
    return true;
  }
};

struct BinaryBytes {
  static bool Read(PyObject* value, std::string_view* out) {
    if (!PyBytes_CheckExact(value)) {
      return false;
    }
    *out = {PyBytes_AS_STRING(value), static_cast<std::size_t>(PyBytes_GET_SIZE(value))};
    return true;
  }
};

template <typename ArrowType, typename Bytes>
class BytesCollector : public ResultCollector {
 public:
  using Builder = typename arrow::TypeTraits<ArrowType>::BuilderType;

  static arrow::Result<std::unique_ptr<ResultCollector>> Make(
      std::shared_ptr<arrow::DataType> type, int64_t num_rows) {
    std::unique_ptr<BytesCollector> self(new BytesCollector(std::move(type)));
    ARROW_RETURN_NOT_OK(self->builder_.Reserve(num_rows));
    return self;
  }

 protected:
  arrow::Result<int64_t> AppendExact(PyObject* const* values,
                                     int64_t num_values) override {
    std::string_view bytes;
    for (int64_t i = 0; i < num_values; ++i) {
      if (IsNull(values[i])) {
        ARROW_RETURN_NOT_OK(builder_.AppendNull());
      } else if (Bytes::Read(values[i], &bytes)) {
        ARROW_RETURN_NOT_OK(Append(bytes));
      } else {
        return i;
      }
    }
    return num_values;
  }

  arrow::Result<std::shared_ptr<arrow::Array>> FinishExact() override {
    std::shared_ptr<arrow::Array> array;
    ARROW_RETURN_NOT_OK(builder_.Finish(&array));
    return array;
  }

 private:
  explicit BytesCollector(std::shared_ptr<arrow::DataType> type)
      : ResultCollector(type), builder_(type, arrow::default_memory_pool()) {}

  arrow::Status Append(std::string_view bytes) {
    auto status = builder_.Append(bytes.data(), static_cast<OffsetOrSize>(bytes.size()));
    if (status.IsCapacityError()) {
      return MakeUdfError(UdfErrorCode::kResult,
                          "the batch's results exceed the 2 GiB that " +
                              type_->ToString() +
                              " can hold; declare the large type of it as the "
                              "return type, or use smaller batches");
    }
    return status;
  }

  using OffsetOrSize = std::conditional_t<
      arrow::is_binary_view_like_type<ArrowType>::value, int64_t,
      typename std::conditional_t<arrow::is_binary_view_like_type<ArrowType>::value,
                                  arrow::BinaryType, ArrowType>::offset_type>;

  Builder builder_;
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
      return BytesCollector<arrow::StringType, StringBytes>::Make(type, num_rows);
    case arrow::Type::LARGE_STRING:
      return BytesCollector<arrow::LargeStringType, StringBytes>::Make(type, num_rows);
    case arrow::Type::STRING_VIEW:
      return BytesCollector<arrow::StringViewType, StringBytes>::Make(type, num_rows);
    case arrow::Type::BINARY:
      return BytesCollector<arrow::BinaryType, BinaryBytes>::Make(type, num_rows);
    case arrow::Type::LARGE_BINARY:
      return BytesCollector<arrow::LargeBinaryType, BinaryBytes>::Make(type, num_rows);
    case arrow::Type::BINARY_VIEW:
      return BytesCollector<arrow::BinaryViewType, BinaryBytes>::Make(type, num_rows);
    default:
      return MakeUdfError(UdfErrorCode::kInvalidDefinition,
                          "row mode cannot return values of type " + type->ToString());
  }
}

}  // namespace springald::python
