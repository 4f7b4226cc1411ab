#include "springald/python/collect/kept_values.h"

#include <string>
#include <utility>

#include <arrow/type_traits.h>

#include "springald/base/udf_error.h"
#include "springald/encoding/convert_encoding.h"
#include "springald/python/collect/collected_type.h"
#include "springald/python/collect/exact_nested.h"
#include "springald/python/collect/null_entries.h"
#include "springald/python/pyarrow_bridge.h"
#include "springald/python/python_error.h"

namespace springald::python {

namespace {

constexpr std::size_t kMaxReprBytes = 200;

/// The exception that pyarrow raised, or an error of Arrow's that is none.
UdfErrorInfo TakeRefusal(const arrow::Status& status) {
  if (PyErr_Occurred() != nullptr) {
    return TakeException(UdfErrorCode::kResult);
  }
  UdfErrorInfo info;
  info.code = UdfErrorCode::kResult;
  info.message = status.message();
  return info;
}

}  // namespace

arrow::Result<std::shared_ptr<arrow::Array>> MakePlainColumn(
    PyObject* values, const std::shared_ptr<arrow::DataType>& type) {
  const auto plain_type = PlainType(type);
  if (arrow::is_nested(plain_type->id())) {
    ARROW_ASSIGN_OR_RAISE(auto exact,
                          MakeExactNested(PySequence_Fast_ITEMS(values),
                                          PySequence_Fast_GET_SIZE(values), plain_type));
    if (exact != nullptr) {
      return exact;
    }
  }
  if (HasMap(*plain_type)) {
    ARROW_RETURN_NOT_OK(CheckEntries(values, *plain_type));
  }
  ARROW_ASSIGN_OR_RAISE(auto made, ArrayFromPython(values, MadeType(type)));
  return ConvertEncoding(made, plain_type);
}

KeptValues::KeptValues(std::shared_ptr<arrow::DataType> type) : type_(std::move(type)) {}

arrow::Status KeptValues::Append(PyObject* const* values, int64_t num_values) {
  if (!list_) {
    list_ = PyRef::Steal(PyList_New(0));
  }
  for (int64_t i = 0; i < num_values; ++i) {
    PyObject* value = values[i] == nullptr ? Py_None : values[i];
    if (!list_ || PyList_Append(list_.get(), value) != 0) {
      return TakeExceptionStatus(UdfErrorCode::kResult, "");
    }
  }
  return arrow::Status::OK();
}

arrow::Result<std::shared_ptr<arrow::Array>> KeptValues::Finish(int64_t first_row) const {
  const PyRef empty = PyRef::Steal(list_ ? nullptr : PyList_New(0));
  PyObject* const list = list_ ? list_.get() : empty.get();
  if (list == nullptr) {
    return TakeExceptionStatus(UdfErrorCode::kResult, "");
  }
  auto column = MakePlainColumn(list, type_);
  if (!column.ok()) {
    return Refusal(column.status(), first_row);
  }
  return column;
}

/// Says whether pyarrow takes these values; keeps the exception set where it does not.
bool KeptValues::Accepts(Py_ssize_t first, Py_ssize_t last) const {
  const PyRef slice = PyRef::Steal(PyList_GetSlice(list_.get(), first, last));
  return slice && MakePlainColumn(slice.get(), type_).ok();
}

/// pyarrow does not say which value it refused. Since it goes through them in order, the
/// first values alone are refused as well, if the refused one is among them. What is no
/// Exception, such as Ctrl-C, ends the search and stays set.
Py_ssize_t KeptValues::NumAccepted() const {
  Py_ssize_t num_accepted = 0;
  Py_ssize_t num_refused = PyList_GET_SIZE(list_.get());
  while (num_refused - num_accepted > 1) {
    const Py_ssize_t middle = num_accepted + (num_refused - num_accepted) / 2;
    if (Accepts(0, middle)) {
      num_accepted = middle;
    } else if (PyErr_Occurred() != nullptr &&
               PyErr_ExceptionMatches(PyExc_Exception) == 0) {
      break;  // Ctrl-C and the like
    } else {
      PyErr_Clear();
      num_refused = middle;
    }
  }
  return num_accepted;
}

arrow::Status KeptValues::Refusal(const arrow::Status& refusal, int64_t first_row) const {
  const bool has_raised = PyErr_Occurred() != nullptr;
  UdfErrorInfo info = TakeRefusal(refusal);
  info.traceback.clear();
  const Py_ssize_t num_kept = list_ ? PyList_GET_SIZE(list_.get()) : 0;
  if (info.code == UdfErrorCode::kInterrupted || num_kept == 0) {
    return MakeUdfError(std::move(info));
  }
  if (!has_raised) {
    info.message = "pyarrow takes each of the batch's " +
                   std::to_string(first_row + num_kept) +
                   " results, but cannot put them into one column of " +
                   type_->ToString() + ": " + info.message;
    return MakeUdfError(std::move(info));
  }
  const Py_ssize_t index = NumAccepted();
  if (PyErr_Occurred() != nullptr ||
      (!Accepts(0, index + 1) && PyErr_Occurred() != nullptr)) {
    info = TakeException(UdfErrorCode::kResult);
    info.traceback.clear();
  }
  if (info.code == UdfErrorCode::kInterrupted) {
    return MakeUdfError(std::move(info));
  }
  PyObject* const value = PyList_GET_ITEM(list_.get(), index);
  const bool is_accepted_alone = index > 0 && Accepts(index, index + 1);
  PyErr_Clear();
  const std::string type = type_->ToString();
  info.row = first_row + index;
  info.message = "the function returned " + BoundedRepr(value, kMaxReprBytes) + " (" +
                 ClassName(value) +
                 (is_accepted_alone ? "), which cannot be in one column of " + type +
                                          " with the results before it: "
                                    : "), which is not a " + type + ": ") +
                 info.message;
  return MakeUdfError(std::move(info));
}

}  // namespace springald::python
