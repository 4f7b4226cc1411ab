#include <utility>

#include <arrow/array/util.h>
#include <arrow/extension_type.h>
#include <arrow/python/pyarrow.h>

#include "springald/base/udf_error.h"
#include "springald/python/box/child_boxer.h"
#include "springald/python/box/reader_boxer.h"
#include "springald/python/box/type_families.h"
#include "springald/python/box/uuid_maker.h"
#include "springald/python/py_ref.h"
#include "springald/python/pyarrow_bridge.h"
#include "springald/python/python_error.h"

namespace springald::python {

namespace {

/// Values of a type that are those of its storage.
class StorageBoxer : public Boxer {
 public:
  explicit StorageBoxer(ChildBoxer storage) : storage_(std::move(storage)) {}
  int64_t Box(int64_t first, int64_t num_rows, PyObject** values) override {
    return storage_->Box(first, num_rows, values);
  }
  bool NeverFails() const override { return storage_->NeverFails(); }
  bool MakesImmutables() const override { return storage_->MakesImmutables(); }

 private:
  const ChildBoxer storage_;
};

/// A bool in each byte.
struct ByteBoolReader {
  static constexpr bool kNeverFails = true;
  explicit ByteBoolReader(const arrow::ArrayData& column)
      : values(column.GetValues<int8_t>(1)) {}
  PyObject* operator()(int64_t row) const {
    PyObject* value = values[row] != 0 ? Py_True : Py_False;
    Py_INCREF(value);
    return value;
  }
  const int8_t* values;
};

struct UuidReader {
  static constexpr bool kNeverFails = true;
  PyObject* operator()(int64_t row) const {
    return maker.New(bytes + static_cast<std::size_t>(row) * UuidMaker::kNumBytes);
  }
  const uint8_t* bytes;
  UuidMaker maker;
};

/// Has pyarrow make the values, for types that programs register with a class of their
/// own for values, which may do anything.
class PyArrowBoxer : public Boxer {
 public:
  explicit PyArrowBoxer(PyRef array) : array_(std::move(array)) {}

  int64_t Box(int64_t first, int64_t num_rows, PyObject** values) override {
    if (const PyRef list = ToList(first, num_rows)) {
      for (int64_t i = 0; i < num_rows; ++i) {
        PyObject* const old = values[i];
        values[i] = PyList_GET_ITEM(list.get(), i);
        Py_INCREF(values[i]);
        Py_XDECREF(old);
      }
      return num_rows;
    }
    if (num_rows == 1) {
      Py_CLEAR(values[0]);
      return 0;
    }
    // One by one, to find the row that fails.
    PyErr_Clear();
    int64_t num_made = 0;
    while (num_made < num_rows && Box(first + num_made, 1, values + num_made) == 1) {
      ++num_made;
    }
    return num_made;
  }
  bool NeverFails() const override { return false; }
  bool MakesImmutables() const override { return false; }

 private:
  PyRef ToList(int64_t first, int64_t num_rows) const {
    const PyRef rows = PyRef::Steal(
        PyObject_CallMethod(array_.get(), "slice", "LL", static_cast<long long>(first),
                            static_cast<long long>(num_rows)));
    PyRef list = PyRef::Steal(rows ? PyObject_CallMethod(rows.get(), "to_pylist", nullptr)
                                   : nullptr);
    if (list && (!PyList_Check(list.get()) || PyList_GET_SIZE(list.get()) != num_rows)) {
      PyErr_Format(PyExc_TypeError,
                   "to_pylist of %s did not return a list of %lld values",
                   Py_TYPE(array_.get())->tp_name, static_cast<long long>(num_rows));
      return PyRef();
    }
    return list;
  }

  const PyRef array_;
};

enum class ExtensionKind { kStorage, kByteBool, kUuid, kOther };

PyRef Attribute(PyObject* object, const char* name) {
  return PyRef::Steal(object == nullptr ? nullptr : PyObject_GetAttrString(object, name));
}

/// Says whether both have the same attribute, as classes do where one inherits it.
bool ShareAttribute(PyObject* left, PyObject* right, const char* name) {
  const PyRef one = Attribute(left, name);
  const PyRef other = Attribute(right, name);
  return one && one.get() == other.get();
}

/// Asks pyarrow which classes it uses for the type.
arrow::Result<ExtensionKind> KindOf(const std::shared_ptr<arrow::DataType>& type) {
  const PyRef module = PyRef::Steal(PyImport_ImportModule("pyarrow.lib"));
  const PyRef wrapped = PyRef::Steal(arrow::py::wrap_data_type(type));
  const PyRef array_class = PyRef::Steal(
      wrapped ? PyObject_CallMethod(wrapped.get(), "__arrow_ext_class__", nullptr)
              : nullptr);
  const PyRef scalar_class =
      PyRef::Steal(array_class ? PyObject_CallMethod(
                                     wrapped.get(), "__arrow_ext_scalar_class__", nullptr)
                               : nullptr);
  if (!scalar_class) {
    return TakeExceptionStatus(UdfErrorCode::kExecution, "");
  }
  const PyRef base_array = Attribute(module.get(), "Array");
  const PyRef base_scalar = Attribute(module.get(), "ExtensionScalar");
  const PyRef uuid = Attribute(module.get(), "UuidScalar");
  const PyRef byte_bool = Attribute(module.get(), "Bool8Scalar");
  ExtensionKind kind = ExtensionKind::kOther;
  if (ShareAttribute(array_class.get(), base_array.get(), "to_pylist")) {
    if (scalar_class.get() == uuid.get()) {
      kind = ExtensionKind::kUuid;
    } else if (scalar_class.get() == byte_bool.get()) {
      kind = ExtensionKind::kByteBool;
    } else if (ShareAttribute(scalar_class.get(), base_scalar.get(), "as_py") &&
               ShareAttribute(scalar_class.get(), base_scalar.get(), "value")) {
      kind = ExtensionKind::kStorage;
    }
  }
  PyErr_Clear();
  return kind;
}

}  // namespace

arrow::Result<std::unique_ptr<Boxer>> MakeExtensionBoxer(const arrow::ArrayData& column) {
  const auto& type = static_cast<const arrow::ExtensionType&>(*column.type);
  ARROW_ASSIGN_OR_RAISE(const ExtensionKind kind, KindOf(column.type));
  switch (kind) {
    case ExtensionKind::kByteBool:
      return BoxerOf<ByteBoolReader>(column);
    case ExtensionKind::kUuid: {
      ARROW_ASSIGN_OR_RAISE(auto maker, UuidMaker::Make());
      const auto* bytes = column.GetValues<uint8_t>(1, 0);
      const auto offset = static_cast<std::size_t>(column.offset) * UuidMaker::kNumBytes;
      return WithNulls(column, UuidReader{bytes == nullptr ? nullptr : bytes + offset,
                                          std::move(maker)});
    }
    case ExtensionKind::kOther: {
      ARROW_ASSIGN_OR_RAISE(auto array, WrapArray(arrow::MakeArray(column.Copy())));
      return std::make_unique<PyArrowBoxer>(std::move(array));
    }
    default: {
      auto storage = column.Copy();
      storage->type = type.storage_type();
      const int64_t num_rows = storage->length;
      ARROW_ASSIGN_OR_RAISE(auto boxer,
                            ChildBoxer::Make(std::move(storage), 0, num_rows));
      return std::make_unique<StorageBoxer>(std::move(boxer));
    }
  }
}

}  // namespace springald::python
