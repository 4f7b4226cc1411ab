#pragma once

#include <memory>
#include <utility>

#include <arrow/util/bit_util.h>

#include "springald/python/box/boxer.h"

namespace springald::python {

/// A boxer made of a reader, which makes one value and knows nothing of nulls:
/// `PyObject* operator()(int64_t row) const`, null with an exception set where it cannot.
/// `row` counts from the start of the column's slice.
///
/// A reader that has `Renew` can put a row's value into an object that it made before.
/// It says with `kNeverFails` or, where that depends on the column, NeverFails(), whether
/// it can fail other than for memory, and with MakesImmutables(), where it has it, what
/// Boxer says there.
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

  bool NeverFails() const override {
    if constexpr (requires { reader_.NeverFails(); }) {
      return reader_.NeverFails();
    } else {
      return Reader::kNeverFails;
    }
  }

  bool MakesImmutables() const override {
    if constexpr (requires { reader_.MakesImmutables(); }) {
      return reader_.MakesImmutables();
    } else {
      return true;
    }
  }

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
  const uint8_t* const validity_;  // null where no row is
  const int64_t offset_;
};

/// Makes a boxer of `reader` and the column's nulls.
template <typename Reader>
std::unique_ptr<Boxer> WithNulls(const arrow::ArrayData& column, Reader reader) {
  return std::make_unique<ReaderBoxer<Reader>>(column, std::move(reader));
}

/// As WithNulls, for a reader that needs nothing but the column.
template <typename Reader>
std::unique_ptr<Boxer> BoxerOf(const arrow::ArrayData& column) {
  return WithNulls(column, Reader(column));
}

}  // namespace springald::python
