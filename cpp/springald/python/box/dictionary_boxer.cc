#include <utility>
#include <vector>

#include <arrow/type.h>

#include "springald/python/box/child_boxer.h"
#include "springald/python/box/reader_boxer.h"
#include "springald/python/box/type_families.h"
#include "springald/python/py_ref.h"

namespace springald::python {

namespace {

// A dictionary that is longer than so many times the column is not worth the memory for
// its objects: few of them would be used.
constexpr int64_t kMaxKeptPerRow = 8;

/// Owned references, one for each value of a dictionary, null for those not yet made.
class KeptValues {
 public:
  explicit KeptValues(int64_t size) : objects_(static_cast<std::size_t>(size)) {}
  ~KeptValues() {
    for (PyObject* object : objects_) {
      Py_XDECREF(object);
    }
  }
  KeptValues(KeptValues&&) = default;  // leaves the other empty
  KeptValues(const KeptValues&) = delete;
  KeptValues& operator=(const KeptValues&) = delete;
  KeptValues& operator=(KeptValues&&) = delete;

  PyObject** at(int64_t index) { return &objects_[static_cast<std::size_t>(index)]; }
  bool is_empty() const { return objects_.empty(); }

 private:
  std::vector<PyObject*> objects_;
};

template <typename Index>
struct DictionaryReader {
  bool NeverFails() const { return values->NeverFails(); }
  bool MakesImmutables() const { return values->MakesImmutables(); }

  PyObject* operator()(int64_t row) const {
    const auto index = static_cast<uint64_t>(indices[row]);
    if (index >= static_cast<uint64_t>(num_values)) {
      return PyErr_Format(
          PyExc_IndexError, "index %lld is outside a dictionary of %lld values",
          static_cast<long long>(index), static_cast<long long>(num_values));
    }
    PyObject* fresh = nullptr;
    PyObject** const value =
        kept.is_empty() ? &fresh : kept.at(static_cast<int64_t>(index));
    if (*value == nullptr && values->Box(static_cast<int64_t>(index), 1, value) < 1) {
      return nullptr;
    }
    if (!kept.is_empty()) {
      Py_INCREF(*value);
    }
    return *value;
  }

  const Index* indices;
  int64_t num_values;
  ChildBoxer values;
  mutable KeptValues kept;  // empty where each row gets an object of its own
};

template <typename Index>
std::unique_ptr<Boxer> MakeOf(const arrow::ArrayData& column, ChildBoxer values) {
  const int64_t num_values = column.dictionary->length;
  const bool keeps =
      values->MakesImmutables() && num_values <= kMaxKeptPerRow * column.length;
  return WithNulls(column, DictionaryReader<Index>{column.GetValues<Index>(1), num_values,
                                                   std::move(values),
                                                   KeptValues(keeps ? num_values : 0)});
}

}  // namespace

arrow::Result<std::unique_ptr<Boxer>> MakeDictionaryBoxer(
    const arrow::ArrayData& column) {
  const auto& type = static_cast<const arrow::DictionaryType&>(*column.type);
  ARROW_ASSIGN_OR_RAISE(
      auto values, ChildBoxer::Make(column.dictionary, 0, column.dictionary->length));
  switch (type.index_type()->id()) {
    case arrow::Type::INT8:
      return MakeOf<int8_t>(column, std::move(values));
    case arrow::Type::UINT8:
      return MakeOf<uint8_t>(column, std::move(values));
    case arrow::Type::INT16:
      return MakeOf<int16_t>(column, std::move(values));
    case arrow::Type::UINT16:
      return MakeOf<uint16_t>(column, std::move(values));
    case arrow::Type::INT32:
      return MakeOf<int32_t>(column, std::move(values));
    case arrow::Type::UINT32:
      return MakeOf<uint32_t>(column, std::move(values));
    case arrow::Type::INT64:
      return MakeOf<int64_t>(column, std::move(values));
    default:
      return MakeOf<uint64_t>(column, std::move(values));
  }
}

}  // namespace springald::python
