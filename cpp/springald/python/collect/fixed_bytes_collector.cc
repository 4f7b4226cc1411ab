#include "springald/python/collect/fixed_bytes_collector.h"

#include <cstring>
#include <utility>

#include <arrow/python/decimal.h>
#include <arrow/util/decimal.h>

#include "springald/base/udf_error.h"
#include "springald/python/collect/one_buffer_collector.h"
#include "springald/python/py_ref.h"

namespace springald::python {

namespace {

/// Returns `module.name`; null where the module was not imported, so that no value is of
/// that class.
PyRef ClassOf(const char* module, const char* name) {
  const PyRef text = PyRef::Steal(PyUnicode_FromString(module));
  const PyRef imported = PyRef::Steal(text ? PyImport_GetModule(text.get()) : nullptr);
  PyRef found =
      PyRef::Steal(imported ? PyObject_GetAttrString(imported.get(), name) : nullptr);
  PyErr_Clear();
  return found;
}

bool IsExactly(PyObject* value, const PyRef& class_object) {
  return reinterpret_cast<PyObject*>(Py_TYPE(value)) == class_object.get();
}

/// Copies the bytes of an exact bytes object that has as many as it should, or of a UUID.
struct BytesWriter {
  explicit BytesWriter(const arrow::DataType& type)
      : width(static_cast<const arrow::FixedSizeBinaryType&>(type).byte_width()) {
    if (width == kUuidBytes) {
      uuid_class = ClassOf("uuid", "UUID");
      number_name = PyRef::Steal(PyUnicode_InternFromString("int"));
    }
  }
  bool Write(PyObject* value, uint8_t* out) const {
    if (PyBytes_CheckExact(value) && PyBytes_GET_SIZE(value) == width) {
      std::memcpy(out, PyBytes_AS_STRING(value), static_cast<std::size_t>(width));
      return true;
    }
    return IsExactly(value, uuid_class) && WriteUuid(value, out);
  }
  bool WriteUuid(PyObject* value, uint8_t* out) const {
    const PyRef number =
        PyRef::Steal(number_name ? PyObject_GetAttr(value, number_name.get()) : nullptr);
    if (!number || !PyLong_CheckExact(number.get())) {
      PyErr_Clear();
      return false;
    }
    auto* const integer = reinterpret_cast<PyLongObject*>(number.get());
#if PY_VERSION_HEX >= 0x030D0000
    const int failed = _PyLong_AsByteArray(integer, out, kUuidBytes, 0, 0, 1);
#else
    const int failed = _PyLong_AsByteArray(integer, out, kUuidBytes, 0, 0);
#endif
    PyErr_Clear();
    return failed == 0;
  }
  static constexpr int64_t kUuidBytes = 16;
  int64_t width;
  PyRef uuid_class;
  PyRef number_name;
};

/// Has pyarrow's own reader of one decimal or int; of the exact classes, so that no code
/// of the user's runs.
template <typename Decimal>
struct DecimalWriter {
  explicit DecimalWriter(const arrow::DataType& data_type)
      : type(static_cast<const arrow::DecimalType&>(data_type)),
        decimal_class(ClassOf("decimal", "Decimal")) {}
  bool Write(PyObject* value, uint8_t* out) const {
    if (!PyLong_CheckExact(value) && !IsExactly(value, decimal_class)) {
      return false;
    }
    Decimal decimal;
    const auto status = arrow::py::internal::DecimalFromPyObject(value, type, &decimal);
    if (!status.ok() || PyErr_Occurred() != nullptr) {
      PyErr_Clear();  // pyarrow is asked again, and says so
      return false;
    }
    decimal.ToBytes(out);
    return true;
  }
  static constexpr int64_t width = Decimal::kByteWidth;
  const arrow::DecimalType& type;
  PyRef decimal_class;
};

template <typename Writer>
class FixedBytesCollector : public OneBufferCollector {
 public:
  static arrow::Result<std::unique_ptr<ExactCollector>> Make(
      std::shared_ptr<arrow::DataType> type, int64_t num_rows) {
    const int64_t width = type->bit_width() / 8;
    ARROW_ASSIGN_OR_RAISE(auto buffer, arrow::AllocateBuffer(num_rows * width));
    return std::unique_ptr<ExactCollector>(
        new FixedBytesCollector(std::move(type), num_rows, std::move(buffer)));
  }

  arrow::Result<int64_t> Append(PyObject* const* values, int64_t num_values) override {
    const int64_t width = writer_.width;
    uint8_t* out = buffer_->mutable_data() + length_ * width;
    int64_t i = 0;
    for (; i < num_values; ++i, out += width) {
      if (IsNull(values[i])) {
        std::memset(out, 0, static_cast<std::size_t>(width));
        ARROW_RETURN_NOT_OK(MarkNull(length_ + i));
      } else if (!writer_.Write(values[i], out)) {
        break;
      }
    }
    length_ += i;
    return i;
  }

 private:
  FixedBytesCollector(std::shared_ptr<arrow::DataType> type, int64_t num_rows,
                      std::shared_ptr<arrow::Buffer> buffer)
      : OneBufferCollector(std::move(type), num_rows, std::move(buffer)),
        writer_(*type_) {}

  const Writer writer_;
};

}  // namespace

arrow::Result<std::unique_ptr<ExactCollector>> MakeFixedBytesCollector(
    std::shared_ptr<arrow::DataType> type, int64_t num_rows) {
  switch (type->id()) {
    case arrow::Type::FIXED_SIZE_BINARY:
      return FixedBytesCollector<BytesWriter>::Make(type, num_rows);
    case arrow::Type::DECIMAL32:
      return FixedBytesCollector<DecimalWriter<arrow::Decimal32>>::Make(type, num_rows);
    case arrow::Type::DECIMAL64:
      return FixedBytesCollector<DecimalWriter<arrow::Decimal64>>::Make(type, num_rows);
    case arrow::Type::DECIMAL128:
      return FixedBytesCollector<DecimalWriter<arrow::Decimal128>>::Make(type, num_rows);
    case arrow::Type::DECIMAL256:
      return FixedBytesCollector<DecimalWriter<arrow::Decimal256>>::Make(type, num_rows);
    default:
      return MakeUdfError(
          UdfErrorCode::kInternal,
          "no collector of a fixed number of bytes makes a " + type->ToString());
  }
}

}  // namespace springald::python
