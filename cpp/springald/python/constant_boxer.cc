#include "springald/python/constant_boxer.h"

#include <utility>

#include "springald/python/py_ref.h"

namespace springald::python {

namespace {

/// The value of a column's only row, for every row that is asked for.
class SharedValueBoxer : public Boxer {
 public:
  explicit SharedValueBoxer(std::unique_ptr<Boxer> only_row)
      : only_row_(std::move(only_row)) {}

  int64_t Box(int64_t, int64_t num_rows, PyObject** values) override {
    if (!value_) {
      PyObject* value = nullptr;
      if (num_rows > 0 && only_row_->Box(0, 1, &value) == 0) {
        Py_CLEAR(values[0]);
        return 0;
      }
      value_ = PyRef::Steal(value);
    }
    for (int64_t i = 0; i < num_rows; ++i) {
      if (values[i] != value_.get()) {
        Py_INCREF(value_.get());
        Py_XSETREF(values[i], value_.get());
      }
    }
    return num_rows;
  }

  bool NeverFails() const override { return only_row_->NeverFails(); }

 private:
  const std::unique_ptr<Boxer> only_row_;
  PyRef value_;  // null until it is made
};

/// A new value for every row.
class FreshValueBoxer : public Boxer {
 public:
  explicit FreshValueBoxer(std::unique_ptr<Boxer> only_row)
      : only_row_(std::move(only_row)) {}

  int64_t Box(int64_t, int64_t num_rows, PyObject** values) override {
    for (int64_t i = 0; i < num_rows; ++i) {
      if (only_row_->Box(0, 1, &values[i]) == 0) {
        return i;
      }
    }
    return num_rows;
  }

  bool NeverFails() const override { return only_row_->NeverFails(); }
  bool MakesImmutables() const override { return false; }

 private:
  const std::unique_ptr<Boxer> only_row_;
};

}  // namespace

arrow::Result<std::unique_ptr<Boxer>> MakeArgumentBoxer(const arrow::Array& column,
                                                        int64_t num_rows) {
  ARROW_ASSIGN_OR_RAISE(auto boxer, MakeBoxer(*column.data()));
  if (column.length() != 1 || num_rows == 1) {
    return boxer;
  }
  if (!boxer->MakesImmutables()) {
    return std::make_unique<FreshValueBoxer>(std::move(boxer));
  }
  return std::make_unique<SharedValueBoxer>(std::move(boxer));
}

}  // namespace springald::python
