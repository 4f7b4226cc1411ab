#include "springald/python/collect/bytes_collector.h"

#include <limits>
#include <string_view>
#include <utility>

#include <arrow/array/builder_binary.h>
#include <arrow/buffer.h>
#include <arrow/type_traits.h>

#include "springald/base/copy_bytes.h"
#include "springald/base/udf_error.h"
#include "springald/python/collect/too_many_bytes.h"
#include "springald/python/collect/validity_writer.h"

namespace springald::python {

namespace {

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

/// A column of offsets and bytes. Written straight into its buffers: Arrow's builder
/// takes several times as long for a short value.
template <typename Offset, typename Bytes>
class BytesCollector : public ExactCollector {
 public:
  static arrow::Result<std::unique_ptr<ExactCollector>> Make(
      std::shared_ptr<arrow::DataType> type, int64_t num_rows) {
    std::unique_ptr<BytesCollector> self(new BytesCollector(std::move(type), num_rows));
    ARROW_ASSIGN_OR_RAISE(
        self->offsets_,
        arrow::AllocateBuffer((num_rows + 1) * static_cast<int64_t>(sizeof(Offset))));
    self->offsets()[0] = 0;
    ARROW_ASSIGN_OR_RAISE(
        self->bytes_, arrow::AllocateResizableBuffer(num_rows * kExpectedBytesPerRow));
    return self;
  }

  arrow::Result<int64_t> Append(PyObject* const* values, int64_t num_values) override {
    Offset* const ends = offsets() + length_ + 1;
    std::string_view bytes;
    int64_t i = 0;
    for (; i < num_values; ++i) {
      if (IsNull(values[i])) {
        ARROW_RETURN_NOT_OK(validity_.MarkNull(length_ + i, num_rows_));
      } else if (Bytes::Read(values[i], &bytes)) {
        ARROW_RETURN_NOT_OK(AppendBytes(bytes));
      } else {
        break;
      }
      ends[i] = static_cast<Offset>(num_bytes_);
    }
    length_ += i;
    return i;
  }

  arrow::Result<std::shared_ptr<arrow::Array>> Finish() override {
    ARROW_RETURN_NOT_OK(bytes_->Resize(num_bytes_, /*shrink_to_fit=*/true));
    return arrow::MakeArray(arrow::ArrayData::Make(
        type_, length_, {validity_.Finish(), std::move(offsets_), std::move(bytes_)},
        validity_.num_nulls()));
  }

 private:
  static constexpr int64_t kExpectedBytesPerRow = 16;

  BytesCollector(std::shared_ptr<arrow::DataType> type, int64_t num_rows)
      : type_(std::move(type)), num_rows_(num_rows) {}

  Offset* offsets() { return reinterpret_cast<Offset*>(offsets_->mutable_data()); }

  arrow::Status AppendBytes(std::string_view bytes) {
    const int64_t end = num_bytes_ + static_cast<int64_t>(bytes.size());
    if (end > bytes_->size()) [[unlikely]] {
      constexpr int64_t kMaxBytes = std::numeric_limits<Offset>::max();
      if (end > kMaxBytes) {
        return TooManyBytes(*type_);
      }
      ARROW_RETURN_NOT_OK(bytes_->Resize(end > kMaxBytes / 2 ? kMaxBytes : 2 * end,
                                         /*shrink_to_fit=*/false));
    }
    CopyBytes(reinterpret_cast<char*>(bytes_->mutable_data()) + num_bytes_, bytes.data(),
              bytes.size());
    num_bytes_ = end;
    return arrow::Status::OK();
  }

  const std::shared_ptr<arrow::DataType> type_;
  const int64_t num_rows_;
  int64_t length_ = 0;
  int64_t num_bytes_ = 0;
  std::shared_ptr<arrow::Buffer> offsets_;
  std::shared_ptr<arrow::ResizableBuffer> bytes_;
  ValidityWriter validity_;
};

template <typename ArrowType, typename Bytes>
class ViewCollector : public ExactCollector {
 public:
  using Builder = typename arrow::TypeTraits<ArrowType>::BuilderType;

  static arrow::Result<std::unique_ptr<ExactCollector>> Make(
      std::shared_ptr<arrow::DataType> type, int64_t num_rows) {
    std::unique_ptr<ViewCollector> self(new ViewCollector(std::move(type)));
    ARROW_RETURN_NOT_OK(self->builder_.Reserve(num_rows));
    return self;
  }

  arrow::Result<int64_t> Append(PyObject* const* values, int64_t num_values) override {
    std::string_view bytes;
    for (int64_t i = 0; i < num_values; ++i) {
      if (IsNull(values[i])) {
        ARROW_RETURN_NOT_OK(builder_.AppendNull());
      } else if (Bytes::Read(values[i], &bytes)) {
        const auto status =
            builder_.Append(bytes.data(), static_cast<int64_t>(bytes.size()));
        ARROW_RETURN_NOT_OK(status.IsCapacityError() ? TooManyBytes(*type_) : status);
      } else {
        return i;
      }
    }
    return num_values;
  }

  arrow::Result<std::shared_ptr<arrow::Array>> Finish() override {
    std::shared_ptr<arrow::Array> array;
    ARROW_RETURN_NOT_OK(builder_.Finish(&array));
    return array;
  }

 private:
  explicit ViewCollector(std::shared_ptr<arrow::DataType> type)
      : type_(type), builder_(type, arrow::default_memory_pool()) {}

  const std::shared_ptr<arrow::DataType> type_;
  Builder builder_;
};

}  // namespace

arrow::Result<std::unique_ptr<ExactCollector>> MakeBytesCollector(
    std::shared_ptr<arrow::DataType> type, int64_t num_rows) {
  switch (type->id()) {
    case arrow::Type::STRING:
      return BytesCollector<int32_t, StringBytes>::Make(type, num_rows);
    case arrow::Type::LARGE_STRING:
      return BytesCollector<int64_t, StringBytes>::Make(type, num_rows);
    case arrow::Type::STRING_VIEW:
      return ViewCollector<arrow::StringViewType, StringBytes>::Make(type, num_rows);
    case arrow::Type::BINARY:
      return BytesCollector<int32_t, BinaryBytes>::Make(type, num_rows);
    case arrow::Type::LARGE_BINARY:
      return BytesCollector<int64_t, BinaryBytes>::Make(type, num_rows);
    case arrow::Type::BINARY_VIEW:
      return ViewCollector<arrow::BinaryViewType, BinaryBytes>::Make(type, num_rows);
    default:
      return MakeUdfError(UdfErrorCode::kInternal,
                          "no collector of bytes makes a " + type->ToString());
  }
}

}  // namespace springald::python
