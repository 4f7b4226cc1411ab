#include "springald/python/row_call.h"

#include <algorithm>
#include <chrono>
#include <utility>
#include <vector>

#include "springald/base/logical_null.h"
#include "springald/base/udf_error.h"
#include "springald/python/box/boxer.h"
#include "springald/python/collect/result_collector.h"
#include "springald/python/constant_boxer.h"
#include "springald/python/py_ref.h"
#include "springald/python/python_error.h"

namespace springald::python {

namespace {

// Rows are boxed, called and collected in blocks: the converters then are called
// through a pointer once per block, while all of a block's results still come from
// CPython's free list of 100 floats.
constexpr int64_t kBlockRows = 64;

// As sys.getswitchinterval().
constexpr std::chrono::milliseconds kGilInterval{5};

constexpr std::size_t kMaxArgumentBytes = 200;
constexpr std::size_t kMaxArgumentsBytes = 2000;

/// One run of a row function over one batch. Lives and dies with the GIL held.
class RowLoop {
 public:
  RowLoop(const UdfDefinition& definition, PyObject* callable,
          const arrow::ArrayVector& columns, int64_t num_rows, const CancelToken& cancel,
          const BatchForm* batch_form)
      : definition_(definition),
        callable_(callable),
        columns_(columns),
        num_rows_(num_rows),
        cancel_(cancel),
        batch_form_(batch_form),
        vectorcall_(PyVectorcall_Function(callable)),
        // Python code lets signals and other threads in by itself.
        runs_python_code_(PyFunction_Check(callable) || PyMethod_Check(callable)),
        is_unused_(columns.size(), false),
        stack_(columns.size() + 1),
        boxed_(columns.size() * kBlockRows) {
    if (vectorcall_ == nullptr) {
      vectorcall_ = PyObject_Vectorcall;
    }
  }
  ~RowLoop() {
    ReleaseResults();
    for (PyObject* value : boxed_) {
      Py_XDECREF(value);
    }
  }
  RowLoop(const RowLoop&) = delete;
  RowLoop& operator=(const RowLoop&) = delete;

  arrow::Result<ReturnedRows> Run();

 private:
  arrow::Status Prepare();
  arrow::Status RunBlock(int64_t first, int64_t num_rows);
  arrow::Status BoxBlock(int64_t first, int64_t* num_rows, bool unused);
  void MarkUnused();
  void FindSkippedRows(int64_t first, int64_t num_rows);
  arrow::Result<bool> RunBatchForm(int64_t num_rows);
  arrow::Status CallRowsOfBlock(int64_t first, int64_t num_rows);
  template <std::size_t kNumArguments>
  arrow::Status CallBlock(int64_t first, int64_t num_rows);
  arrow::Status BetweenRows();
  void YieldGil();
  void ReleaseResults();

  const UdfDefinition& definition_;
  PyObject* const callable_;
  const arrow::ArrayVector& columns_;
  const int64_t num_rows_;
  const CancelToken& cancel_;
  const BatchForm* const batch_form_;
  vectorcallfunc vectorcall_;
  const bool runs_python_code_;
  std::vector<std::unique_ptr<Boxer>> boxers_;
  // Whether the batch form does without the argument, and nobody can tell.
  std::vector<bool> is_unused_;
  int64_t num_inlined_rows_ = 0;
  std::unique_ptr<ResultCollector> collector_;
  std::vector<const arrow::Array*> skipping_columns_;
  PyRef row_iterator_;  // null where the batch form is not used
  // stack_[0] is the slot that PY_VECTORCALL_ARGUMENTS_OFFSET lends to the callee.
  std::vector<PyObject*> stack_;
  // kBlockRows values of the first argument, then of the second, ... Owned, or null;
  // kept from block to block, because a boxer can make a value over.
  std::vector<PyObject*> boxed_;
  // Of the current block: owned, or null for a skipped row.
  PyObject* results_[kBlockRows];
  int64_t num_results_ = 0;
  bool skipped_[kBlockRows];
  std::chrono::steady_clock::time_point last_yield_ = std::chrono::steady_clock::now();
};

arrow::Status RowLoop::Prepare() {
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    ARROW_ASSIGN_OR_RAISE(auto boxer, MakeArgumentBoxer(*columns_[i], num_rows_));
    boxers_.push_back(std::move(boxer));
  }
  skipping_columns_ = SkippingColumns(definition_, columns_);
  ARROW_ASSIGN_OR_RAISE(collector_,
                        MakeResultCollector(definition_.result->type(), num_rows_));
  if (batch_form_ != nullptr && batch_form_->IsUsable(callable_)) {
    row_iterator_ = batch_form_->NewIterator();
    PyErr_Clear();
    MarkUnused();
  }
  return arrow::Status::OK();
}

void RowLoop::MarkUnused() {
  for (std::size_t i = 0; i < boxers_.size(); ++i) {
    const auto& used = batch_form_->used();
    is_unused_[i] =
        boxers_[i]->NeverFails() && std::find(used.begin(), used.end(), i) == used.end();
  }
}

arrow::Result<ReturnedRows> RowLoop::Run() {
  ARROW_RETURN_NOT_OK(Prepare());
  for (int64_t first = 0; first < num_rows_; first += kBlockRows) {
    ARROW_RETURN_NOT_OK(RunBlock(first, std::min(kBlockRows, num_rows_ - first)));
  }
  ARROW_ASSIGN_OR_RAISE(auto column, FinishRows(collector_.get(), columns_));
  return ReturnedRows{std::move(column), num_inlined_rows_};
}

arrow::Status RowLoop::RunBlock(int64_t first, int64_t num_rows) {
  int64_t num_boxed = num_rows;
  const arrow::Status boxed = BoxBlock(first, &num_boxed, /*unused=*/false);
  if (!skipping_columns_.empty()) {
    FindSkippedRows(first, num_boxed);
  }
  ARROW_ASSIGN_OR_RAISE(const bool done, RunBatchForm(num_boxed));
  if (!done) {
    ARROW_RETURN_NOT_OK(BoxBlock(first, &num_boxed, /*unused=*/true));
    ARROW_RETURN_NOT_OK(CallRowsOfBlock(first, num_boxed));
    ARROW_RETURN_NOT_OK(collector_->Append(results_, num_results_));
    ReleaseResults();
  }
  return boxed;
}

/// Runs a block through the batch form and collects the results. Returns false, with
/// nothing done, where there is none or anything goes wrong: the function has no effects
/// then, and calling it row by row finds the same error with its row and traceback.
arrow::Result<bool> RowLoop::RunBatchForm(int64_t num_rows) {
  if (!row_iterator_) {
    return false;
  }
  if (cancel_.is_cancelled()) {
    return MakeCancelledError();
  }
  const bool* const skipped = skipping_columns_.empty() ? nullptr : skipped_;
  const int64_t num_skipped =
      skipped == nullptr ? 0 : std::count(skipped, skipped + num_rows, true);
  SetRows(row_iterator_.get(), boxed_.data(), batch_form_->used(), kBlockRows, num_rows,
          skipped);
  const PyRef values = batch_form_->Run(row_iterator_.get());
  if (!values) {
    if (PyErr_ExceptionMatches(PyExc_Exception) == 0) {
      // Ctrl-C and the like, which would not come a second time.
      return TakeExceptionStatus(UdfErrorCode::kExecution, definition_.name);
    }
    PyErr_Clear();
    return false;
  }
  if (!PyList_CheckExact(values.get()) ||
      PyList_GET_SIZE(values.get()) != num_rows - num_skipped) {
    return false;
  }
  PyObject* const* results = PySequence_Fast_ITEMS(values.get());
  num_inlined_rows_ += num_rows - num_skipped;
  if (num_skipped == 0) {
    ARROW_RETURN_NOT_OK(collector_->Append(results, num_rows));
    return true;
  }
  PyObject* spread[kBlockRows];  // borrowed, null for a skipped row
  for (int64_t i = 0; i < num_rows; ++i) {
    spread[i] = skipped[i] ? nullptr : *results++;
  }
  ARROW_RETURN_NOT_OK(collector_->Append(spread, num_rows));
  return true;
}

arrow::Status RowLoop::CallRowsOfBlock(int64_t first, int64_t num_rows) {
  switch (columns_.size()) {
    case 1:
      return CallBlock<1>(first, num_rows);
    case 2:
      return CallBlock<2>(first, num_rows);
    default:
      return CallBlock<0>(first, num_rows);
  }
}

/// Boxes the arguments of the rows up to one that cannot be boxed, and says in
/// `num_rows` how many those are: they are still called, as they would be one after
/// the other. Either those that the batch form uses or, for calls, those that it does
/// not.
arrow::Status RowLoop::BoxBlock(int64_t first, int64_t* num_rows, bool unused) {
  arrow::Status status;
  for (std::size_t i = 0; i < boxers_.size(); ++i) {
    if (is_unused_[i] != unused) {
      continue;
    }
    const int64_t num_made =
        boxers_[i]->Box(first, *num_rows, boxed_.data() + i * kBlockRows);
    if (num_made < *num_rows) {
      *num_rows = num_made;
      status = TakeBoxingError(definition_, i, first + num_made);
    }
  }
  return status;
}

void RowLoop::FindSkippedRows(int64_t first, int64_t num_rows) {
  std::fill_n(skipped_, num_rows, false);
  for (const arrow::Array* column : skipping_columns_) {
    for (int64_t i = 0; i < num_rows; ++i) {
      skipped_[i] |= IsLogicallyNull(*column, first + i);
    }
  }
}

/// Calls the function for each boxed row. `kNumArguments` is 0 where it is not known
/// when compiling.
template <std::size_t kNumArguments>
arrow::Status RowLoop::CallBlock(int64_t first, int64_t num_rows) {
  // Held in registers: the compiler must assume that each call changes all members.
  const std::size_t num_arguments = kNumArguments == 0 ? columns_.size() : kNumArguments;
  const std::size_t flags = num_arguments | PY_VECTORCALL_ARGUMENTS_OFFSET;
  const vectorcallfunc call = vectorcall_;
  PyObject* const callable = callable_;
  PyObject* const* const boxed = boxed_.data();
  PyObject** const arguments = stack_.data() + 1;
  const CancelToken& cancel = cancel_;
  const bool may_skip = !skipping_columns_.empty();
  const bool must_poll = !runs_python_code_;
  for (int64_t i = 0; i < num_rows; ++i) {
    PyObject* result = nullptr;
    if (!may_skip || !skipped_[i]) {
      for (std::size_t j = 0; j < num_arguments; ++j) {
        arguments[j] = boxed[j * kBlockRows + static_cast<std::size_t>(i)];
      }
      result = call(callable, arguments, flags, nullptr);
      if (result == nullptr) [[unlikely]] {
        return TakeRowError(columns_, first + i);
      }
    }
    results_[i] = result;
    num_results_ = i + 1;
    if (must_poll || cancel.is_cancelled()) [[unlikely]] {
      ARROW_RETURN_NOT_OK(BetweenRows());
    }
  }
  return arrow::Status::OK();
}

void RowLoop::ReleaseResults() {
  for (int64_t i = 0; i < num_results_; ++i) {
    Py_XDECREF(results_[i]);
  }
  num_results_ = 0;
}

/// What CPython's evaluation loop does between Python functions, for callables that
/// do not run in it.
arrow::Status RowLoop::BetweenRows() {
  if (cancel_.is_cancelled()) {
    return MakeCancelledError();
  }
  if (PyErr_CheckSignals() != 0) {
    return TakeExceptionStatus(UdfErrorCode::kExecution, definition_.name);
  }
  YieldGil();
  return arrow::Status::OK();
}

void RowLoop::YieldGil() {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_yield_ < kGilInterval) {
    return;
  }
  {
    const GilRelease release;
  }
  last_yield_ = std::chrono::steady_clock::now();
}

}  // namespace

std::vector<const arrow::Array*> SkippingColumns(const UdfDefinition& definition,
                                                 const arrow::ArrayVector& columns) {
  std::vector<const arrow::Array*> skipping;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (definition.null_handling == NullHandling::kSkip &&
        !definition.arguments->field(static_cast<int>(i))->nullable() &&
        HasLogicalNulls(*columns[i])) {
      skipping.push_back(columns[i].get());
    }
  }
  return skipping;
}

arrow::Status TakeBoxingError(const UdfDefinition& definition, std::size_t argument,
                              int64_t row) {
  UdfErrorInfo info = TakeException(UdfErrorCode::kExecution);
  info.row = row;
  info.message = "argument " +
                 definition.arguments->field(static_cast<int>(argument))->name() +
                 " cannot be made a Python value: " + info.message;
  info.traceback.clear();
  return MakeUdfError(std::move(info));
}

arrow::Status TakeRowError(const arrow::ArrayVector& columns, int64_t row) {
  UdfErrorInfo info = TakeException(UdfErrorCode::kExecution);
  info.row = row;
  info.arguments = DescribeArguments(columns, row);
  return MakeUdfError(std::move(info));
}

arrow::Result<std::shared_ptr<arrow::Array>> FinishRows(
    ResultCollector* collector, const arrow::ArrayVector& columns) {
  auto column = collector->Finish();
  if (column.ok()) {
    return column;
  }
  UdfErrorInfo info = GetUdfErrorInfo(column.status());
  if (info.row.has_value()) {
    info.arguments = DescribeArguments(columns, *info.row);
  }
  return MakeUdfError(std::move(info));
}

std::string DescribeArguments(const arrow::ArrayVector& columns, int64_t row) {
  std::string text = "(";
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (text.size() > kMaxArgumentsBytes) {
      return text + ", ...)";
    }
    PyObject* boxed = nullptr;
    auto boxer = MakeArgumentBoxer(*columns[i], row + 1);
    if (boxer.ok()) {
      (*boxer)->Box(row, 1, &boxed);
    }
    const PyRef value = PyRef::Steal(boxed);
    PyErr_Clear();
    text += i == 0 ? "" : ", ";
    text += value ? BoundedRepr(value.get(), kMaxArgumentBytes) : "?";
  }
  return text + (columns.size() == 1 ? ",)" : ")");
}

arrow::Result<ReturnedRows> CallRows(const UdfDefinition& definition, PyObject* callable,
                                     const arrow::ArrayVector& columns, int64_t num_rows,
                                     const CancelToken& cancel,
                                     const BatchForm* batch_form) {
  return RowLoop(definition, callable, columns, num_rows, cancel, batch_form).Run();
}

}  // namespace springald::python
