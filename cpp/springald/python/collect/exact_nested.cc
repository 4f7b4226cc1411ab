#include "springald/python/collect/exact_nested.h"

#include <limits>
#include <utility>
#include <vector>

#include <arrow/array/util.h>

#include "springald/python/collect/exact_collector.h"
#include "springald/python/collect/validity_writer.h"
#include "springald/python/py_ref.h"

namespace springald::python {

namespace {

using arrow::Type;
using Column = std::shared_ptr<arrow::Array>;
using TypePointer = std::shared_ptr<arrow::DataType>;

/// The values one level further inside. Owned: a key's comparison may run code of the
/// user's, which may empty the list that they came from.
class InnerValues {
 public:
  InnerValues() = default;
  ~InnerValues() {
    for (PyObject* value : values_) {
      Py_XDECREF(value);
    }
  }
  InnerValues(const InnerValues&) = delete;
  InnerValues& operator=(const InnerValues&) = delete;

  /// Null stands for a value inside a null.
  void Add(PyObject* value) {
    Py_XINCREF(value);
    values_.push_back(value);
  }
  int64_t size() const { return static_cast<int64_t>(values_.size()); }
  arrow::Result<Column> MakeColumn(const TypePointer& type) const {
    return MakeExactNested(values_.data(), size(), type);
  }

 private:
  std::vector<PyObject*> values_;
};

bool IsExactSequence(PyObject* value) {
  return PyList_CheckExact(value) || PyTuple_CheckExact(value);
}

/// What all nested columns have: validity, and offsets where they need some.
struct Frame {
  explicit Frame(int64_t num_values) : num_rows(num_values) {}
  arrow::Status MarkNull(int64_t row) { return validity.MarkNull(row, num_rows); }
  Column Finish(TypePointer type, std::vector<std::shared_ptr<arrow::Buffer>> buffers,
                std::vector<std::shared_ptr<arrow::ArrayData>> children) {
    buffers.insert(buffers.begin(), validity.Finish());
    return arrow::MakeArray(
        arrow::ArrayData::Make(std::move(type), num_rows, std::move(buffers),
                               std::move(children), validity.num_nulls()));
  }
  const int64_t num_rows;
  ValidityWriter validity;
};

/// The buffers of lists, which say where each row's values end. False where there are
/// more than the offsets can say.
template <typename Offset>
bool OffsetBuffers(const std::vector<int64_t>& ends, bool is_view,
                   std::vector<std::shared_ptr<arrow::Buffer>>* buffers) {
  if (!ends.empty() && ends.back() > std::numeric_limits<Offset>::max()) {
    return false;
  }
  std::vector<Offset> offsets(1, 0);
  std::vector<Offset> sizes;
  offsets.reserve(ends.size() + 1);
  for (const int64_t end : ends) {
    sizes.push_back(static_cast<Offset>(end) - offsets.back());
    offsets.push_back(static_cast<Offset>(end));
  }
  if (is_view) {
    offsets.pop_back();
  }
  buffers->push_back(arrow::Buffer::FromVector(std::move(offsets)));
  if (is_view) {
    buffers->push_back(arrow::Buffer::FromVector(std::move(sizes)));
  }
  return true;
}

bool OffsetBuffersOf(Type::type id, const std::vector<int64_t>& ends,
                     std::vector<std::shared_ptr<arrow::Buffer>>* buffers) {
  const bool is_view = id == Type::LIST_VIEW || id == Type::LARGE_LIST_VIEW;
  return id == Type::LARGE_LIST || id == Type::LARGE_LIST_VIEW
             ? OffsetBuffers<int64_t>(ends, is_view, buffers)
             : OffsetBuffers<int32_t>(ends, is_view, buffers);
}

arrow::Result<Column> MakeLists(PyObject* const* values, int64_t num_values,
                                const TypePointer& type) {
  const bool is_fixed = type->id() == Type::FIXED_SIZE_LIST;
  const int64_t fixed_size =
      is_fixed ? static_cast<const arrow::FixedSizeListType&>(*type).list_size() : 0;
  Frame frame(num_values);
  InnerValues inner;
  std::vector<int64_t> ends;
  for (int64_t row = 0; row < num_values; ++row) {
    PyObject* const value = values[row];
    if (IsNull(value)) {
      ARROW_RETURN_NOT_OK(frame.MarkNull(row));
      for (int64_t i = 0; i < fixed_size; ++i) {
        inner.Add(nullptr);
      }
    } else if (!IsExactSequence(value) ||
               (is_fixed && PySequence_Fast_GET_SIZE(value) != fixed_size)) {
      return nullptr;
    } else {
      for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(value); ++i) {
        inner.Add(PySequence_Fast_GET_ITEM(value, i));
      }
    }
    ends.push_back(inner.size());
  }
  std::vector<std::shared_ptr<arrow::Buffer>> buffers;
  if (!is_fixed && !OffsetBuffersOf(type->id(), ends, &buffers)) {
    return nullptr;
  }
  ARROW_ASSIGN_OR_RAISE(const auto column, inner.MakeColumn(type->field(0)->type()));
  if (column == nullptr) {
    return nullptr;
  }
  return frame.Finish(type, std::move(buffers), {column->data()});
}

/// The values of one field of all dicts; false where one of them is no dict or has none.
bool ReadField(PyObject* const* values, int64_t num_values, const std::string& name,
               InnerValues* inner) {
  const PyRef key = PyRef::Steal(
      PyUnicode_FromStringAndSize(name.data(), static_cast<Py_ssize_t>(name.size())));
  for (int64_t row = 0; key && row < num_values; ++row) {
    if (IsNull(values[row])) {
      inner->Add(nullptr);
      continue;
    }
    PyObject* const item = PyDict_CheckExact(values[row])
                               ? PyDict_GetItemWithError(values[row], key.get())
                               : nullptr;
    if (item == nullptr) {
      PyErr_Clear();
      return false;
    }
    inner->Add(item);
  }
  PyErr_Clear();
  return static_cast<bool>(key);
}

arrow::Result<Column> MakeStructs(PyObject* const* values, int64_t num_values,
                                  const TypePointer& type) {
  const auto& struct_type = static_cast<const arrow::StructType&>(*type);
  std::vector<std::shared_ptr<arrow::ArrayData>> children;
  for (const auto& field : struct_type.fields()) {
    InnerValues inner;
    if (struct_type.GetAllFieldIndices(field->name()).size() != 1 ||
        !ReadField(values, num_values, field->name(), &inner)) {
      return nullptr;
    }
    ARROW_ASSIGN_OR_RAISE(const auto column, inner.MakeColumn(field->type()));
    if (column == nullptr) {
      return nullptr;
    }
    children.push_back(column->data());
  }
  if (children.empty()) {
    return nullptr;
  }
  Frame frame(num_values);
  for (int64_t row = 0; row < num_values; ++row) {
    if (IsNull(values[row])) {
      ARROW_RETURN_NOT_OK(frame.MarkNull(row));
    }
  }
  return frame.Finish(type, {}, std::move(children));
}

/// The entries of one map; false where it is neither a dict nor a list of pairs, or a key
/// is None.
bool ReadEntries(PyObject* value, InnerValues* keys, InnerValues* items) {
  if (PyDict_CheckExact(value)) {
    PyObject* key = nullptr;
    PyObject* item = nullptr;
    Py_ssize_t position = 0;
    while (PyDict_Next(value, &position, &key, &item) != 0) {
      if (key == Py_None) {
        return false;
      }
      keys->Add(key);
      items->Add(item);
    }
    return true;
  }
  if (!IsExactSequence(value)) {
    return false;
  }
  for (Py_ssize_t i = 0; i < PySequence_Fast_GET_SIZE(value); ++i) {
    PyObject* const pair = PySequence_Fast_GET_ITEM(value, i);
    if (!PyTuple_CheckExact(pair) || PyTuple_GET_SIZE(pair) != 2 ||
        PyTuple_GET_ITEM(pair, 0) == Py_None) {
      return false;
    }
    keys->Add(PyTuple_GET_ITEM(pair, 0));
    items->Add(PyTuple_GET_ITEM(pair, 1));
  }
  return true;
}

arrow::Result<Column> MakeMaps(PyObject* const* values, int64_t num_values,
                               const TypePointer& type) {
  const auto& map_type = static_cast<const arrow::MapType&>(*type);
  Frame frame(num_values);
  InnerValues keys;
  InnerValues items;
  std::vector<int64_t> ends;
  for (int64_t row = 0; row < num_values; ++row) {
    if (IsNull(values[row])) {
      ARROW_RETURN_NOT_OK(frame.MarkNull(row));
    } else if (!ReadEntries(values[row], &keys, &items)) {
      return nullptr;
    }
    ends.push_back(keys.size());
  }
  std::vector<std::shared_ptr<arrow::Buffer>> buffers;
  if (!OffsetBuffersOf(Type::LIST, ends, &buffers)) {
    return nullptr;
  }
  ARROW_ASSIGN_OR_RAISE(const auto key_column, keys.MakeColumn(map_type.key_type()));
  ARROW_ASSIGN_OR_RAISE(
      const auto item_column,
      key_column == nullptr ? Column() : items.MakeColumn(map_type.item_type()));
  if (item_column == nullptr) {
    return nullptr;
  }
  auto entries = arrow::ArrayData::Make(map_type.value_type(), keys.size(), {nullptr},
                                        {key_column->data(), item_column->data()}, 0);
  return frame.Finish(type, std::move(buffers), {std::move(entries)});
}

arrow::Result<Column> MakeLeaf(PyObject* const* values, int64_t num_values,
                               const TypePointer& type) {
  ARROW_ASSIGN_OR_RAISE(const auto collector, MakeExactCollector(type, num_values));
  if (collector == nullptr) {
    return nullptr;
  }
  ARROW_ASSIGN_OR_RAISE(const int64_t num_taken, collector->Append(values, num_values));
  return num_taken == num_values ? collector->Finish() : Column();
}

}  // namespace

arrow::Result<Column> MakeExactNested(PyObject* const* values, int64_t num_values,
                                      const TypePointer& type) {
  switch (type->id()) {
    case Type::LIST:
    case Type::LARGE_LIST:
    case Type::LIST_VIEW:
    case Type::LARGE_LIST_VIEW:
    case Type::FIXED_SIZE_LIST:
      return MakeLists(values, num_values, type);
    case Type::STRUCT:
      return MakeStructs(values, num_values, type);
    case Type::MAP:
      return MakeMaps(values, num_values, type);
    default:
      return MakeLeaf(values, num_values, type);
  }
}

}  // namespace springald::python
