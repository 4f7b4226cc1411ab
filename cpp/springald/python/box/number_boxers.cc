#include <type_traits>

#include <arrow/util/float16.h>

#include "springald/python/box/reader_boxer.h"
#include "springald/python/box/type_families.h"
#include "springald/python/exact_int.h"

namespace springald::python {

namespace {

struct NullReader {
  static constexpr bool kNeverFails = true;
  explicit NullReader(const arrow::ArrayData&) {}
  PyObject* operator()(int64_t) const {
    Py_INCREF(Py_None);
    return Py_None;
  }
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

struct HalfFloat {
  uint16_t bits;
  explicit operator double() const {
    return arrow::util::Float16::FromBits(bits).ToDouble();
  }
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

}  // namespace

std::unique_ptr<Boxer> MakeNumberBoxer(const arrow::ArrayData& column) {
  switch (column.type->id()) {
    case arrow::Type::BOOL:
      return BoxerOf<BoolReader>(column);
    case arrow::Type::INT8:
      return BoxerOf<IntegerReader<int8_t>>(column);
    case arrow::Type::INT16:
      return BoxerOf<IntegerReader<int16_t>>(column);
    case arrow::Type::INT32:
      return BoxerOf<IntegerReader<int32_t>>(column);
    case arrow::Type::INT64:
      return BoxerOf<IntegerReader<int64_t>>(column);
    case arrow::Type::UINT8:
      return BoxerOf<IntegerReader<uint8_t>>(column);
    case arrow::Type::UINT16:
      return BoxerOf<IntegerReader<uint16_t>>(column);
    case arrow::Type::UINT32:
      return BoxerOf<IntegerReader<uint32_t>>(column);
    case arrow::Type::UINT64:
      return BoxerOf<IntegerReader<uint64_t>>(column);
    case arrow::Type::HALF_FLOAT:
      return BoxerOf<FloatReader<HalfFloat>>(column);
    case arrow::Type::FLOAT:
      return BoxerOf<FloatReader<float>>(column);
    case arrow::Type::DOUBLE:
      return BoxerOf<FloatReader<double>>(column);
    default:
      return BoxerOf<NullReader>(column);
  }
}

}  // namespace springald::python
