#include "springald/python/collect/null_entries.h"

#include <algorithm>

#include <arrow/python/pyarrow.h>
#include <arrow/scalar.h>

#include "springald/python/py_ref.h"

namespace springald::python {

namespace {

using arrow::Type;

bool IsNullScalar(PyObject* value) {
  if (value == Py_None) {
    return true;
  }
  if (!arrow::py::is_scalar(value)) {
    return false;
  }
  const auto scalar = arrow::py::unwrap_scalar(value);
  return scalar.ok() && !(*scalar)->is_valid;
}

/// Looks where pyarrow would look, and leaves what it would refuse to it. Each method
/// returns false with an exception set.
class EntryCheck {
 public:
  bool Value(PyObject* value, const arrow::DataType& type) {
    if (value == Py_None || !HasMap(type)) {
      return true;
    }
    switch (type.id()) {
      case Type::MAP:
        return Map(value, *static_cast<const arrow::MapType&>(type).item_type());
      case Type::STRUCT:
        return Struct(value, type);
      default:
        return EachItem(
            value, [&](PyObject* item) { return Value(item, *type.field(0)->type()); });
    }
  }

 private:
  template <typename Body>
  static bool EachItem(PyObject* value, Body&& body) {
    // What else can be iterated over, pyarrow does not take for a list.
    if (PySequence_Check(value) == 0 && !PyAnySet_Check(value) &&
        Py_TYPE(value) != &PyDictValues_Type) {
      return true;
    }
    const PyRef iterator = PyRef::Steal(PyObject_GetIter(value));
    if (!iterator) {
      return false;
    }
    while (const PyRef item = PyRef::Steal(PyIter_Next(iterator.get()))) {
      if (!body(item.get())) {
        return false;
      }
    }
    return PyErr_Occurred() == nullptr;
  }

  bool Map(PyObject* value, const arrow::DataType& item_type) {
    if (PyDict_Check(value)) {
      return Mapping(value, item_type);
    }
    return EachItem(value, [&](PyObject* entry) {
      if (IsNullScalar(entry)) {
        PyErr_SetString(PyExc_ValueError,
                        "an entry of the map is None; give pairs of a key and a value, "
                        "whose value may be None");
        return false;
      }
      return !PyTuple_Check(entry) || PyTuple_GET_SIZE(entry) != 2 ||
             Value(PyTuple_GET_ITEM(entry, 1), item_type);
    });
  }

  bool Mapping(PyObject* value, const arrow::DataType& item_type) {
    if (!HasMap(item_type)) {
      return true;
    }
    const PyRef items = PyRef::Steal(PyDict_Values(value));
    return items &&
           EachItem(items.get(), [&](PyObject* item) { return Value(item, item_type); });
  }

  bool Struct(PyObject* value, const arrow::DataType& type) {
    for (int i = 0; i < type.num_fields(); ++i) {
      const auto& field = *type.field(i);
      if (HasMap(*field.type()) && !Field(value, field, i)) {
        return false;
      }
    }
    return true;
  }

  /// A struct is a dict, a tuple of its fields, or a sequence of pairs.
  bool Field(PyObject* value, const arrow::Field& field, Py_ssize_t index) {
    if (PyDict_Check(value)) {
      for (const bool as_bytes : {false, true}) {
        const PyRef name = NameOf(field, as_bytes);
        PyObject* const item =
            name ? PyDict_GetItemWithError(value, name.get()) : nullptr;
        if (PyErr_Occurred() != nullptr ||
            (item != nullptr && !Value(item, *field.type()))) {
          return false;
        }
      }
      return true;
    }
    if (PyTuple_Check(value)) {
      // Its fields, or pairs: what is no map of the field passes.
      return (index >= PyTuple_GET_SIZE(value) ||
              Value(PyTuple_GET_ITEM(value, index), *field.type())) &&
             Pairs(value, field);
    }
    return Pairs(value, field);
  }

  bool Pairs(PyObject* value, const arrow::Field& field) {
    return EachItem(value, [&](PyObject* pair) {
      return !PyTuple_Check(pair) || PyTuple_GET_SIZE(pair) != 2 ||
             Value(PyTuple_GET_ITEM(pair, 1), *field.type());
    });
  }

  static PyRef NameOf(const arrow::Field& field, bool as_bytes) {
    const auto size = static_cast<Py_ssize_t>(field.name().size());
    return PyRef::Steal(as_bytes
                            ? PyBytes_FromStringAndSize(field.name().data(), size)
                            : PyUnicode_FromStringAndSize(field.name().data(), size));
  }
};

}  // namespace

bool HasMap(const arrow::DataType& type) {
  return type.id() == Type::MAP ||
         std::any_of(type.fields().begin(), type.fields().end(),
                     [](const auto& field) { return HasMap(*field->type()); });
}

arrow::Status CheckEntries(PyObject* values, const arrow::DataType& type) {
  EntryCheck check;
  const Py_ssize_t num_values = PySequence_Fast_GET_SIZE(values);
  for (Py_ssize_t i = 0; i < num_values; ++i) {
    if (!check.Value(PySequence_Fast_GET_ITEM(values, i), type)) {
      return arrow::Status::Invalid("an entry of a map is None");
    }
  }
  return arrow::Status::OK();
}

}  // namespace springald::python
