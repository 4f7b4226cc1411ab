#include <string>
#include <unordered_set>
#include <utility>
#include <vector>

#include <arrow/type.h>

#include "springald/base/udf_error.h"
#include "springald/python/box/child_boxer.h"
#include "springald/python/box/reader_boxer.h"
#include "springald/python/box/type_families.h"
#include "springald/python/py_ref.h"
#include "springald/python/python_error.h"

namespace springald::python {

namespace {

struct StructField {
  PyRef name;
  ChildBoxer values;
};

struct StructReader {
  bool MakesImmutables() const { return false; }
  bool NeverFails() const {
    for (const StructField& field : fields) {
      if (!field.values->NeverFails()) {
        return false;
      }
    }
    return true;
  }

  PyObject* operator()(int64_t row) const {
    PyObject* dict = blank ? PyDict_Copy(blank.get()) : PyDict_New();
    if (dict == nullptr) {
      return nullptr;
    }
    for (const StructField& field : fields) {
      PyObject* value = nullptr;
      if (field.values->Box(row, 1, &value) < 1 ||
          PyDict_SetItem(dict, field.name.get(), value) != 0) {
        Py_XDECREF(value);
        Py_DECREF(dict);
        return nullptr;
      }
      Py_DECREF(value);
    }
    return dict;
  }

  std::vector<StructField> fields;
  PyRef blank;  // with all names, for more fields than a new dict has room for, or null
};

/// Structs that no dict can stand for. A null among them is None all the same.
struct AmbiguousStructReader {
  static constexpr bool kNeverFails = false;
  bool MakesImmutables() const { return false; }
  PyObject* operator()(int64_t) const {
    return PyErr_Format(PyExc_ValueError,
                        "a struct with several fields named '%s' cannot be made a dict; "
                        "give them different names in the query, or use mode=\"arrow\"",
                        name.c_str());
  }
  std::string name;
};

/// Returns a name that several fields have, or null.
const std::string* FindRepeatedName(const arrow::DataType& type) {
  std::unordered_set<std::string> names;
  for (const auto& field : type.fields()) {
    if (!names.insert(field->name()).second) {
      return &field->name();
    }
  }
  return nullptr;
}

/// Interned, and so hashed and compared once for all rows and for the user's own keys.
PyRef InternedName(const std::string& name) {
  PyObject* text =
      PyUnicode_FromStringAndSize(name.data(), static_cast<Py_ssize_t>(name.size()));
  if (text != nullptr) {
    PyUnicode_InternInPlace(&text);
  }
  return PyRef::Steal(text);
}

/// A new dict has room for so many names; one with more is built anew on the way.
constexpr std::size_t kRoomOfNewDict = 5;

/// Returns a dict of the fields' names to be copied for each row; null with an exception
/// set where there is no memory.
PyRef NewBlank(const std::vector<StructField>& fields) {
  PyRef blank = PyRef::Steal(PyDict_New());
  for (const StructField& field : fields) {
    if (!blank || PyDict_SetItem(blank.get(), field.name.get(), Py_None) != 0) {
      return PyRef();
    }
  }
  return blank;
}

}  // namespace

arrow::Result<std::unique_ptr<Boxer>> MakeStructBoxer(const arrow::ArrayData& column) {
  if (const std::string* name = FindRepeatedName(*column.type)) {
    return WithNulls(column, AmbiguousStructReader{*name});
  }
  StructReader reader;
  for (int i = 0; i < column.type->num_fields(); ++i) {
    PyRef name = InternedName(column.type->field(i)->name());
    if (!name) {
      return TakeExceptionStatus(UdfErrorCode::kInvalidDefinition, "");
    }
    ARROW_ASSIGN_OR_RAISE(auto values,
                          ChildBoxer::Make(column.child_data[static_cast<std::size_t>(i)],
                                           column.offset, column.length));
    reader.fields.push_back({std::move(name), std::move(values)});
  }
  if (reader.fields.size() > kRoomOfNewDict) {
    reader.blank = NewBlank(reader.fields);
    if (!reader.blank) {
      return TakeExceptionStatus(UdfErrorCode::kInternal, "");
    }
  }
  return WithNulls(column, std::move(reader));
}

}  // namespace springald::python
