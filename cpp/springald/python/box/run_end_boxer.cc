#include <algorithm>
#include <utility>

#include <arrow/type.h>

#include "springald/python/box/child_boxer.h"
#include "springald/python/box/type_families.h"
#include "springald/python/py_ref.h"

namespace springald::python {

namespace {

/// Rows of a run share one object where nobody can change it.
template <typename RunEnd>
class RunEndBoxer : public Boxer {
 public:
  static arrow::Result<std::unique_ptr<Boxer>> Make(const arrow::ArrayData& column) {
    const arrow::ArrayData& ends = *column.child_data[0];
    const auto* const first_end = ends.GetValues<RunEnd>(1);
    const auto* const last_end = first_end + ends.length;
    const int64_t first = FindRun(first_end, last_end, column.offset) - first_end;
    const int64_t num_runs =
        column.length == 0
            ? 0
            : FindRun(first_end, last_end, column.offset + column.length - 1) -
                  first_end - first + 1;
    ARROW_ASSIGN_OR_RAISE(auto values,
                          ChildBoxer::Make(column.child_data[1], first, num_runs));
    return std::make_unique<RunEndBoxer>(first_end + first, num_runs, column.offset,
                                         std::move(values));
  }

  /// \param ends  Where each of `num_runs` runs ends, counted from `offset` rows before
  ///   the first row.
  RunEndBoxer(const RunEnd* ends, int64_t num_runs, int64_t offset, ChildBoxer values)
      : ends_(ends), num_runs_(num_runs), offset_(offset), values_(std::move(values)) {}
  ~RunEndBoxer() override { Py_XDECREF(shared_); }
  RunEndBoxer(const RunEndBoxer&) = delete;
  RunEndBoxer& operator=(const RunEndBoxer&) = delete;

  int64_t Box(int64_t first, int64_t num_rows, PyObject** values) override {
    int64_t run = FindRun(ends_, ends_ + num_runs_, offset_ + first) - ends_;
    const bool shares = values_->MakesImmutables();
    for (int64_t i = 0; i < num_rows; ++i) {
      while (ends_[run] <= offset_ + first + i) {
        ++run;
      }
      if (shares ? !Share(run, values + i) : values_->Box(run, 1, values + i) < 1) {
        return i;
      }
    }
    return num_rows;
  }
  bool NeverFails() const override { return values_->NeverFails(); }
  bool MakesImmutables() const override { return values_->MakesImmutables(); }

 private:
  /// Returns the first end that is behind the logical row.
  static const RunEnd* FindRun(const RunEnd* first, const RunEnd* last, int64_t row) {
    return std::upper_bound(first, last, row,
                            [](int64_t left, RunEnd right) { return left < right; });
  }

  /// Puts the value of a run into a row; false, with null there, where it fails.
  bool Share(int64_t run, PyObject** value) {
    if (run != shared_run_) {
      shared_run_ = -1;
      if (values_->Box(run, 1, &shared_) < 1) {
        Py_CLEAR(*value);
        return false;
      }
      shared_run_ = run;
    }
    PyObject* const old = *value;
    Py_INCREF(shared_);
    *value = shared_;
    Py_XDECREF(old);
    return true;
  }

  const RunEnd* const ends_;
  const int64_t num_runs_;
  const int64_t offset_;
  const ChildBoxer values_;
  PyObject* shared_ = nullptr;  // owned: the value of the run that was last asked for
  int64_t shared_run_ = -1;
};

}  // namespace

arrow::Result<std::unique_ptr<Boxer>> MakeRunEndBoxer(const arrow::ArrayData& column) {
  const auto& type = static_cast<const arrow::RunEndEncodedType&>(*column.type);
  switch (type.run_end_type()->id()) {
    case arrow::Type::INT16:
      return RunEndBoxer<int16_t>::Make(column);
    case arrow::Type::INT32:
      return RunEndBoxer<int32_t>::Make(column);
    default:
      return RunEndBoxer<int64_t>::Make(column);
  }
}

}  // namespace springald::python
