#include "springald/python/gathered_call.h"

#include <utility>
#include <vector>

#include "springald/base/logical_null.h"
#include "springald/base/udf_error.h"
#include "springald/python/box/boxer.h"
#include "springald/python/collect/result_collector.h"
#include "springald/python/python_error.h"
#include "springald/python/row_call.h"

namespace springald::python {

namespace {

/// While it lives, firing the token calls `cancel()` of a `RowsCall`.
///
/// Made and destroyed with the GIL held.
class RowsCallInterrupt {
 public:
  RowsCallInterrupt(CancelToken* cancel, PyObject* rows_call)
      : cancel_(*cancel),
        call_(std::make_shared<PyRef>(PyRef::Borrow(rows_call))),
        key_(cancel->Add([call = call_] { Interrupt(*call); })) {}
  ~RowsCallInterrupt() {
    cancel_.Remove(key_);
    call_->Reset();
  }
  RowsCallInterrupt(const RowsCallInterrupt&) = delete;
  RowsCallInterrupt& operator=(const RowsCallInterrupt&) = delete;

 private:
  static void Interrupt(const PyRef& call) {
    if (!IsPythonRunning()) {
      return;
    }
    const GilEnter gil;
    if (!call) {
      return;  // it has ended
    }
    const PyRef alive = PyRef::Borrow(call.get());
    const PyRef done = PyRef::Steal(PyObject_CallMethod(alive.get(), "cancel", nullptr));
    PyErr_Clear();
  }

  CancelToken& cancel_;
  // Shared with the interrupter, which may come late. Read and written under the GIL.
  const std::shared_ptr<PyRef> call_;
  const uint64_t key_;
};

/// The values of a batch as rows. Lives and dies with the GIL held.
class BoxedRows {
 public:
  BoxedRows(const UdfDefinition& definition, const arrow::ArrayVector& columns,
            int64_t num_rows)
      : definition_(definition),
        columns_(columns),
        num_boxed_(num_rows),
        values_(columns.size()) {}
  ~BoxedRows() {
    for (const auto& column : values_) {
      for (PyObject* value : column) {
        Py_XDECREF(value);
      }
    }
  }
  BoxedRows(const BoxedRows&) = delete;
  BoxedRows& operator=(const BoxedRows&) = delete;

  /// Boxes all columns, up to the first row of which a value cannot be boxed.
  arrow::Status Box();

  /// Returns a list of the tuples of those rows that the function is called for, and
  /// gives up the values.
  arrow::Result<PyRef> TakeRows();

  /// The error of the row that could not be boxed; OK where there is none.
  const arrow::Status& boxing_error() const { return boxing_error_; }
  /// The rows that were boxed, those without a call among them.
  int64_t num_boxed() const { return num_boxed_; }
  /// The rows of the batch that the function is called for, in order.
  const std::vector<int64_t>& called_rows() const { return called_rows_; }

 private:
  PyObject* TakeRow(int64_t row);

  const UdfDefinition& definition_;
  const arrow::ArrayVector& columns_;
  int64_t num_boxed_;
  std::vector<std::vector<PyObject*>> values_;  // by column; owned, or null
  arrow::Status boxing_error_;
  std::vector<int64_t> called_rows_;
};

arrow::Status BoxedRows::Box() {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    values_[i].resize(static_cast<std::size_t>(num_boxed_));
    ARROW_ASSIGN_OR_RAISE(auto boxer, MakeBoxer(*columns_[i]->data()));
    const int64_t num_made = boxer->Box(0, num_boxed_, values_[i].data());
    if (num_made < num_boxed_) {
      num_boxed_ = num_made;
      boxing_error_ = TakeBoxingError(definition_, i, num_made);
    }
  }
  return arrow::Status::OK();
}

PyObject* BoxedRows::TakeRow(int64_t row) {
  PyObject* const tuple = PyTuple_New(static_cast<Py_ssize_t>(columns_.size()));
  for (std::size_t i = 0; tuple != nullptr && i < columns_.size(); ++i) {
    PyObject*& value = values_[i][static_cast<std::size_t>(row)];
    PyTuple_SET_ITEM(tuple, static_cast<Py_ssize_t>(i), std::exchange(value, nullptr));
  }
  return tuple;
}

arrow::Result<PyRef> BoxedRows::TakeRows() {
  const auto skipping = SkippingColumns(definition_, columns_);
  PyRef rows = PyRef::Steal(PyList_New(0));
  for (int64_t row = 0; rows && row < num_boxed_; ++row) {
    bool is_skipped = false;
    for (const arrow::Array* column : skipping) {
      is_skipped |= IsLogicallyNull(*column, row);
    }
    if (is_skipped) {
      continue;
    }
    const PyRef tuple = PyRef::Steal(TakeRow(row));
    if (!tuple || PyList_Append(rows.get(), tuple.get()) != 0) {
      rows.Reset();
      break;
    }
    called_rows_.push_back(row);
  }
  if (!rows) {
    return TakeExceptionStatus(UdfErrorCode::kInternal, definition_.name);
  }
  return rows;
}

/// The error that the tuple `(index, exception)` tells: of a called row, by its index
/// among them, or of building the function's class, with the index -1.
arrow::Status FailureOf(PyObject* failure, const BoxedRows& boxed,
                        const arrow::ArrayVector& columns) {
  Py_ssize_t index = -1;
  PyObject* exception = nullptr;
  if (PyArg_ParseTuple(failure, "nO", &index, &exception) == 0) {
    return TakeExceptionStatus(UdfErrorCode::kInternal, "");
  }
  PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception)), exception);
  if (index < 0) {
    return TakeExceptionStatus(UdfErrorCode::kExecution, "");
  }
  return TakeRowError(columns, boxed.called_rows()[static_cast<std::size_t>(index)]);
}

/// Has `form` run the rows. Returns what its `RowsCall.run` does; no rows are no call.
arrow::Result<PyRef> Run(PyObject* form, PyObject* rows, CancelToken* cancel) {
  if (PyList_GET_SIZE(rows) == 0) {
    return PyRef::Borrow(rows);
  }
  const PyRef call = PyRef::Steal(PyObject_CallMethod(form, "begin", "O", rows));
  PyRef returned;
  if (call) {
    const RowsCallInterrupt interrupt(cancel, call.get());
    // After the registration: a token that was fired before it does not interrupt.
    if (!cancel->is_cancelled()) {
      returned = PyRef::Steal(PyObject_CallMethod(call.get(), "run", nullptr));
    }
  }
  if (cancel->is_cancelled()) {
    PyErr_Clear();
    return MakeCancelledError();
  }
  if (!returned) {
    return TakeExceptionStatus(UdfErrorCode::kInternal, "");
  }
  return returned;
}

}  // namespace

GatheredRows GatheredRows::Of(PyObject* callable) {
  GatheredRows found;
  const PyRef limit =
      PyRef::Steal(PyObject_GetAttrString(callable, "__springald_max_concurrency__"));
  const int64_t max_concurrency =
      limit && PyLong_Check(limit.get()) ? PyLong_AsLongLong(limit.get()) : 0;
  PyErr_Clear();
  if (max_concurrency > 0) {
    found.form_ = PyRef::Borrow(callable);
    found.max_concurrency_ = max_concurrency;
  }
  return found;
}

std::string GatheredRows::reason() const {
  return "it is async: the rows of a batch are awaited together, at most " +
         std::to_string(max_concurrency_) + " at once";
}

arrow::Result<std::shared_ptr<arrow::Array>> GatheredRows::Call(
    const UdfDefinition& definition, const arrow::ArrayVector& columns, int64_t num_rows,
    CancelToken* cancel) const {
  BoxedRows boxed(definition, columns, num_rows);
  ARROW_RETURN_NOT_OK(boxed.Box());
  ARROW_ASSIGN_OR_RAISE(const PyRef rows, boxed.TakeRows());
  ARROW_ASSIGN_OR_RAISE(const PyRef returned, Run(form_.get(), rows.get(), cancel));
  if (!PyList_CheckExact(returned.get())) {
    return FailureOf(returned.get(), boxed, columns);
  }
  ARROW_RETURN_NOT_OK(boxed.boxing_error());
  ARROW_ASSIGN_OR_RAISE(auto collector,
                        MakeResultCollector(definition.result->type(), num_rows));
  std::vector<PyObject*> results(static_cast<std::size_t>(num_rows), nullptr);
  for (std::size_t i = 0; i < boxed.called_rows().size(); ++i) {
    results[static_cast<std::size_t>(boxed.called_rows()[i])] =
        PyList_GET_ITEM(returned.get(), static_cast<Py_ssize_t>(i));
  }
  ARROW_RETURN_NOT_OK(collector->Append(results.data(), num_rows));
  return FinishRows(collector.get(), columns);
}

}  // namespace springald::python
