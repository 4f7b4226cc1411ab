#include "springald/python/boxer.h"

#include <string_view>
#include <utility>

#include <arrow/type_traits.h>
#include <arrow/util/binary_view_util.h>
#include <arrow/util/bit_util.h>

#include "springald/base/offset_values.h"
#include "springald/base/udf_error.h"
#include "springald/python/ascii.h"
#include "springald/python/ascii_string.h"
#include "springald/python/calendar.h"
#include "springald/python/exact_int.h"
#include "springald/python/pyarrow_bridge.h"

namespace springald::python {

namespace {

// A reader makes one value: PyObject* operator()(int64_t row) const, null with an
// exception set where it cannot. `row` counts from the start of the column's slice. One
// that has `Renew` can put a row's value into an object that it made before.
// `kNeverFails` is about the value, not about memory.

template <typename CType>
struct IntegerReader {
  static constexpr bool kNeverFails = true;
  explicit IntegerReader(const arrow::ArrayData& column)
      : values(column.GetValues<CType>(1)) {}
  PyObject* operator()(int64_t row) const {
    if constexpr (std::is_same_v<CType, uint64_t>) {
      return PyLong_FromUnsignedLongLong(values[row]);
    } else {
      return MakeInt(static_cast<int64_t>(values[row]));
    }
  }
  bool Renew(PyObject* object, int64_t row) const {
    if constexpr (std::is_same_v<CType, uint64_t>) {
      return false;
    } else {
      return RenewInt(object, static_cast<int64_t>(values[row]));
    }
  }
  const CType* values;
};
template <typename CType>
struct FloatReader {
  static constexpr bool kNeverFails = true;
  explicit FloatReader(const arrow::ArrayData& column)
      : values(column.GetValues<CType>(1)) {}
  PyObject* operator()(int64_t row) const {
    return PyFloat_FromDouble(static_cast<double>(values[row]));
  }
  /// A float that only we refer to may change without anybody seeing it; this saves
  /// its way through CPython's free list and back.
  bool Renew(PyObject* object, int64_t row) const {
#ifndef Py_GIL_DISABLED
    if (Py_REFCNT(object) == 1 && PyFloat_CheckExact(object)) {
      reinterpret_cast<PyFloatObject*>(object)->ob_fval =
          static_cast<double>(values[row]);
      return true;
    }
#endif
    return false;
  }
  const CType* values;
};

struct BoolReader {
  static constexpr bool kNeverFails = true;
  explicit BoolReader(const arrow::ArrayData& column)
      : bits(column.GetValues<uint8_t>(1, 0)), offset(column.offset) {}
  PyObject* operator()(int64_t row) const {
    PyObject* value = arrow::bit_util::GetBit(bits, offset + row) ? Py_True : Py_False;
    Py_INCREF(value);
    return value;
  }
  const uint8_t* bits;
  int64_t offset;
};

PyObject* NewString(std::string_view text) {
  return PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), nullptr);
}

struct ViewValues {
  explicit ViewValues(const arrow::ArrayData& column)
      : views(column.GetValues<arrow::BinaryViewType::c_type>(1)),
        buffers(column.buffers.data() + 2) {}
  std::string_view operator[](int64_t row) const {
    return arrow::util::FromBinaryView(views[row], buffers);
  }
  const arrow::BinaryViewType::c_type* views;
  const std::shared_ptr<arrow::Buffer>* buffers;
};

/// Strings of a column that is known to hold nothing but ASCII.
template <typename Values>
struct AsciiReader {
  static constexpr bool kNeverFails = true;
  explicit AsciiReader(const arrow::ArrayData& column) : values(column) {}
  PyObject* operator()(int64_t row) const { return MakeAsciiString(values[row]); }
  bool Renew(PyObject* string, int64_t row) const {
    return RenewAsciiString(string, values[row]);
  }
  Values values;
};

template <typename Values>
struct StringReader {
  static constexpr bool kNeverFails = false;
  explicit StringReader(const arrow::ArrayData& column) : values(column) {}
  PyObject* operator()(int64_t row) const {
    const std::string_view text = values[row];
    return IsAscii(text) ? MakeAsciiString(text) : NewString(text);
  }
  bool Renew(PyObject* string, int64_t row) const {
    const std::string_view text = values[row];
    return IsAscii(text) && RenewAsciiString(string, text);
  }
  Values values;
};

template <typename Values>
struct BinaryReader {
  static constexpr bool kNeverFails = true;
  explicit BinaryReader(const arrow::ArrayData& column) : values(column) {}
  PyObject* operator()(int64_t row) const {
    const std::string_view bytes = values[row];
    return PyBytes_FromStringAndSize(bytes.data(), static_cast<Py_ssize_t>(bytes.size()));
  }
  Values values;
};

struct DateReader {
  static constexpr bool kNeverFails = false;
  explicit DateReader(const arrow::ArrayData& column)
      : values(column.GetValues<int32_t>(1)) {}
  PyObject* operator()(int64_t row) const {
    const int64_t days = values[row];
    if (days < kMinDays || days > kMaxDays) {
      PyErr_Format(PyExc_OverflowError,
                   "date32 value %lld is outside the years 1 to 9999 of datetime.date",
                   static_cast<long long>(days));
      return nullptr;
    }
    return NewDate(days);
  }
  bool Renew(PyObject* date, int64_t row) const {
    const int64_t days = values[row];
    return days >= kMinDays && days <= kMaxDays && RenewDate(date, days);
  }
  const int32_t* values;
};

struct TimestampReader {
  static constexpr bool kNeverFails = false;
  TimestampReader(const arrow::ArrayData& column, PyRef zone_object)
      : values(column.GetValues<int64_t>(1)),
        unit(static_cast<const arrow::TimestampType&>(*column.type).unit()),
        zone(std::move(zone_object)) {}

  PyObject* operator()(int64_t row) const {
    int64_t micros = 0;
    if (ToMicros(values[row], &micros)) {
      return NewDateTime(micros, zone.get());
    }
    if (unit == arrow::TimeUnit::NANO && values[row] % 1000 != 0) {
      PyErr_Format(PyExc_ValueError,
                   "timestamp[ns] value %lld is not whole microseconds, which is "
                   "all that datetime.datetime can hold; cast the column to "
                   "timestamp[us] in the query, or use mode=\"arrow\"",
                   static_cast<long long>(values[row]));
    } else {
      PyErr_Format(
          PyExc_OverflowError,
          "timestamp value %lld is outside the years 1 to 9999 of datetime.datetime",
          static_cast<long long>(values[row]));
    }
    return nullptr;
  }

  bool Renew(PyObject* datetime, int64_t row) const {
    int64_t micros = 0;
    return !zone && ToMicros(values[row], &micros) && RenewDateTime(datetime, micros);
  }

  /// False for a value that no datetime.datetime has.
  bool ToMicros(int64_t value, int64_t* micros) const {
    bool fits = true;
    switch (unit) {
      case arrow::TimeUnit::SECOND:
        fits = !__builtin_mul_overflow(value, INT64_C(1000000), micros);
        break;
      case arrow::TimeUnit::MILLI:
        fits = !__builtin_mul_overflow(value, INT64_C(1000), micros);
        break;
      case arrow::TimeUnit::MICRO:
        *micros = value;
        break;
      case arrow::TimeUnit::NANO:
        fits = value % 1000 == 0;
        *micros = value / 1000;
        break;
    }
    return fits && *micros >= kMinMicros && *micros <= kMaxMicros;
  }

  const int64_t* values;
  arrow::TimeUnit::type unit;
  PyRef zone;
};

template <typename Reader>
class ReaderBoxer : public Boxer {
 public:
  ReaderBoxer(const arrow::ArrayData& column, Reader reader)
      : reader_(std::move(reader)),
        validity_(column.GetNullCount() == 0 ? nullptr : column.GetValues<uint8_t>(0, 0)),
        offset_(column.offset) {}

  int64_t Box(int64_t first, int64_t num_rows, PyObject** values) override {
    return validity_ == nullptr ? BoxAll<false>(first, num_rows, values)
                                : BoxAll<true>(first, num_rows, values);
  }
  bool NeverFails() const override { return Reader::kNeverFails; }

 private:
  template <bool kHasNulls>
  int64_t BoxAll(int64_t first, int64_t num_rows, PyObject** values) {
    for (int64_t i = 0; i < num_rows; ++i) {
      PyObject* const old = values[i];
      if (kHasNulls && !arrow::bit_util::GetBit(validity_, offset_ + first + i)) {
        Py_INCREF(Py_None);
        values[i] = Py_None;
      } else {
        if constexpr (requires { reader_.Renew(old, first); }) {
          if (old != nullptr && reader_.Renew(old, first + i)) {
            continue;
          }
        }
        values[i] = reader_(first + i);
      }
      Py_XDECREF(old);
      if (values[i] == nullptr) {
        return i;
      }
    }
    return num_rows;
  }

  const Reader reader_;
  const uint8_t* const validity_;
  const int64_t offset_;
};

template <typename Reader>
std::unique_ptr<Boxer> Make(const arrow::ArrayData& column) {
  return std::make_unique<ReaderBoxer<Reader>>(column, Reader(column));
}

template <typename Offset>
std::unique_ptr<Boxer> MakeString(const arrow::ArrayData& column) {
  const OffsetValues<Offset> values(column);
  const auto first = column.length == 0 ? 0 : values.offsets[0];
  const auto last = column.length == 0 ? 0 : values.offsets[column.length];
  if (IsAscii({values.bytes + first, static_cast<std::size_t>(last - first)})) {
    return Make<AsciiReader<OffsetValues<Offset>>>(column);
  }
  return Make<StringReader<OffsetValues<Offset>>>(column);
}

arrow::Result<std::unique_ptr<Boxer>> MakeTimestamp(const arrow::ArrayData& column) {
  const auto& type = static_cast<const arrow::TimestampType&>(*column.type);
  PyRef zone;
  if (!type.timezone().empty()) {
    ARROW_ASSIGN_OR_RAISE(zone, TimeZoneObject(type.timezone()));
  }
  return std::make_unique<ReaderBoxer<TimestampReader>>(
      column, TimestampReader(column, std::move(zone)));
}

}  // namespace

bool BoxerSupports(const arrow::DataType& type) {
  switch (type.id()) {
    case arrow::Type::BOOL:
    case arrow::Type::INT8:
    case arrow::Type::INT16:
    case arrow::Type::INT32:
    case arrow::Type::INT64:
    case arrow::Type::UINT8:
    case arrow::Type::UINT16:
    case arrow::Type::UINT32:
    case arrow::Type::UINT64:
    case arrow::Type::FLOAT:
    case arrow::Type::DOUBLE:
    case arrow::Type::STRING:
    case arrow::Type::LARGE_STRING:
    case arrow::Type::STRING_VIEW:
    case arrow::Type::BINARY:
    case arrow::Type::LARGE_BINARY:
    case arrow::Type::BINARY_VIEW:
    case arrow::Type::DATE32:
    case arrow::Type::TIMESTAMP:
      return true;
    default:
      return false;
  }
}

arrow::Result<std::unique_ptr<Boxer>> MakeBoxer(const arrow::ArrayData& column) {
  switch (column.type->id()) {
    case arrow::Type::BOOL:
      return Make<BoolReader>(column);
    case arrow::Type::INT8:
      return Make<IntegerReader<int8_t>>(column);
    case arrow::Type::INT16:
      return Make<IntegerReader<int16_t>>(column);
    case arrow::Type::INT32:
      return Make<IntegerReader<int32_t>>(column);
    case arrow::Type::INT64:
      return Make<IntegerReader<int64_t>>(column);
    case arrow::Type::UINT8:
      return Make<IntegerReader<uint8_t>>(column);
    case arrow::Type::UINT16:
      return Make<IntegerReader<uint16_t>>(column);
    case arrow::Type::UINT32:
      return Make<IntegerReader<uint32_t>>(column);
    case arrow::Type::UINT64:
      return Make<IntegerReader<uint64_t>>(column);
    case arrow::Type::FLOAT:
      return Make<FloatReader<float>>(column);
    case arrow::Type::DOUBLE:
      return Make<FloatReader<double>>(column);
    case arrow::Type::STRING:
      return MakeString<int32_t>(column);
    case arrow::Type::LARGE_STRING:
      return MakeString<int64_t>(column);
    case arrow::Type::STRING_VIEW:
      return Make<StringReader<ViewValues>>(column);
    case arrow::Type::BINARY:
      return Make<BinaryReader<OffsetValues<int32_t>>>(column);
    case arrow::Type::LARGE_BINARY:
      return Make<BinaryReader<OffsetValues<int64_t>>>(column);
    case arrow::Type::BINARY_VIEW:
      return Make<BinaryReader<ViewValues>>(column);
    case arrow::Type::DATE32:
      return Make<DateReader>(column);
    case arrow::Type::TIMESTAMP:
      return MakeTimestamp(column);
    default:
      return MakeUdfError(
          UdfErrorCode::kInvalidDefinition,
          "row mode cannot be given values of type " + column.type->ToString());
  }
}

}  // namespace springald::python
