#include <utility>

#include <arrow/type.h>

#include "springald/python/box/child_boxer.h"
#include "springald/python/box/list_spans.h"
#include "springald/python/box/reader_boxer.h"
#include "springald/python/box/type_families.h"

namespace springald::python {

namespace {

/// A list and where its items go, while they are made: then nobody can find it through
/// the garbage collector, because its items are null at first.
class UnfinishedList {
 public:
  explicit UnfinishedList(int64_t size) : list_(PyList_New(size)) {
    if (list_ != nullptr) {
      PyObject_GC_UnTrack(list_);
    }
  }
  ~UnfinishedList() { Py_XDECREF(list_); }
  UnfinishedList(const UnfinishedList&) = delete;
  UnfinishedList& operator=(const UnfinishedList&) = delete;

  /// False where there was no memory; an exception is set then.
  bool IsMade() const { return list_ != nullptr; }
  PyObject** items() const { return reinterpret_cast<PyListObject*>(list_)->ob_item; }

  PyObject* Finish() {
    PyObject_GC_Track(list_);
    return std::exchange(list_, nullptr);
  }

 private:
  PyObject* list_;
};

template <typename Spans>
struct ListReader {
  bool NeverFails() const { return items->NeverFails(); }
  bool MakesImmutables() const { return false; }

  PyObject* operator()(int64_t row) const {
    const Span span = spans[row];
    UnfinishedList list(span.num_rows);
    if (!list.IsMade()) {
      return nullptr;
    }
    // The start of an empty list may be anywhere.
    if (span.num_rows > 0 &&
        items->Box(span.first - base, span.num_rows, list.items()) < span.num_rows) {
      return nullptr;
    }
    return list.Finish();
  }

  Spans spans;
  int64_t base;  // the child's row that is the first of `items`
  ChildBoxer items;
};

/// A map is a list of pairs.
struct MapReader {
  bool NeverFails() const { return keys->NeverFails() && items->NeverFails(); }
  bool MakesImmutables() const { return false; }

  PyObject* operator()(int64_t row) const {
    const Span span = spans[row];
    UnfinishedList list(span.num_rows);
    if (!list.IsMade()) {
      return nullptr;
    }
    for (int64_t i = 0; i < span.num_rows; ++i) {
      list.items()[i] = NewPair(span.first - base + i);
      if (list.items()[i] == nullptr) {
        return nullptr;
      }
    }
    return list.Finish();
  }

  PyObject* NewPair(int64_t entry) const {
    PyObject* pair = PyTuple_New(2);
    if (pair == nullptr) {
      return nullptr;
    }
    // As UnfinishedList. A tuple of what can be in no cycle need never be tracked.
    PyObject_GC_UnTrack(pair);
    PyObject** const values = reinterpret_cast<PyTupleObject*>(pair)->ob_item;
    if (keys->Box(entry, 1, values) < 1 || items->Box(entry, 1, values + 1) < 1) {
      Py_DECREF(pair);
      return nullptr;
    }
    if (is_tracked) {
      PyObject_GC_Track(pair);
    }
    return pair;
  }

  OffsetSpans<int32_t> spans;
  int64_t base;  // the entry that is the first of `keys` and `items`
  ChildBoxer keys;
  ChildBoxer items;
  bool is_tracked;
};

template <typename Spans>
arrow::Result<std::unique_ptr<Boxer>> MakeListOf(const arrow::ArrayData& column) {
  const Spans spans(column);
  const Span all = spans.AllOf(column);
  ARROW_ASSIGN_OR_RAISE(auto items,
                        ChildBoxer::Make(column.child_data[0], all.first, all.num_rows));
  return WithNulls(column, ListReader<Spans>{spans, all.first, std::move(items)});
}

arrow::Result<std::unique_ptr<Boxer>> MakeMapBoxer(const arrow::ArrayData& column) {
  const OffsetSpans<int32_t> spans(column);
  const Span all = spans.AllOf(column);
  const arrow::ArrayData& entries = *column.child_data[0];
  const int64_t first = entries.offset + all.first;
  ARROW_ASSIGN_OR_RAISE(auto keys,
                        ChildBoxer::Make(entries.child_data[0], first, all.num_rows));
  ARROW_ASSIGN_OR_RAISE(auto items,
                        ChildBoxer::Make(entries.child_data[1], first, all.num_rows));
  const bool is_tracked = !keys->MakesImmutables() || !items->MakesImmutables();
  return WithNulls(
      column, MapReader{spans, all.first, std::move(keys), std::move(items), is_tracked});
}

}  // namespace

arrow::Result<std::unique_ptr<Boxer>> MakeListBoxer(const arrow::ArrayData& column) {
  switch (column.type->id()) {
    case arrow::Type::LIST:
      return MakeListOf<OffsetSpans<int32_t>>(column);
    case arrow::Type::LARGE_LIST:
      return MakeListOf<OffsetSpans<int64_t>>(column);
    case arrow::Type::LIST_VIEW:
      return MakeListOf<ViewSpans<int32_t>>(column);
    case arrow::Type::LARGE_LIST_VIEW:
      return MakeListOf<ViewSpans<int64_t>>(column);
    case arrow::Type::FIXED_SIZE_LIST:
      return MakeListOf<FixedSizeSpans>(column);
    default:
      return MakeMapBoxer(column);
  }
}

}  // namespace springald::python
