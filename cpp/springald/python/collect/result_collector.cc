#include "springald/python/collect/result_collector.h"

#include <string>

#include <arrow/array/concatenate.h>

#include "springald/base/udf_error.h"
#include "springald/encoding/convert_encoding.h"
#include "springald/python/collect/collected_type.h"
#include "springald/python/collect/too_many_bytes.h"

namespace springald::python {

arrow::Status ResultCollector::Append(PyObject* const* values, int64_t num_values) {
  int64_t num_taken = 0;
  if (exact_ != nullptr && num_kept_ == 0) {
    ARROW_ASSIGN_OR_RAISE(num_taken, exact_->Append(values, num_values));
    num_exact_ += num_taken;
    if (num_taken == num_values) {
      return arrow::Status::OK();
    }
  }
  num_kept_ += num_values - num_taken;
  return kept_.Append(values + num_taken, num_values - num_taken);
}

arrow::Result<std::shared_ptr<arrow::Array>> ResultCollector::FinishPlain() {
  if (exact_ != nullptr && num_kept_ == 0) {
    return exact_->Finish();
  }
  ARROW_ASSIGN_OR_RAISE(auto rest, kept_.Finish(num_exact_));
  if (num_exact_ == 0) {
    return rest;
  }
  ARROW_ASSIGN_OR_RAISE(auto exact, exact_->Finish());
  const auto column = arrow::Concatenate({exact, rest});
  // Both parts fit, so that there is but one reason.
  return column.ok() || column.status().IsOutOfMemory() ? column : TooManyBytes(*type_);
}

arrow::Result<std::shared_ptr<arrow::Array>> ResultCollector::Finish() {
  ARROW_ASSIGN_OR_RAISE(const auto plain, FinishPlain());
  auto column = ConvertEncoding(plain, type_);
  if (column.ok() || column.status().IsOutOfMemory()) {
    return column;
  }
  return MakeUdfError(
      UdfErrorCode::kResult,
      "the batch's " + std::to_string(plain->length()) +
          " results cannot be put into one column: " + column.status().message());
}

arrow::Result<std::unique_ptr<ResultCollector>> MakeResultCollector(
    std::shared_ptr<arrow::DataType> type, int64_t num_rows) {
  if (!CollectorSupports(*type)) {
    return MakeUdfError(UdfErrorCode::kInvalidDefinition,
                        "row mode cannot return values of type " + type->ToString());
  }
  ARROW_ASSIGN_OR_RAISE(auto exact, MakeExactCollector(PlainType(type), num_rows));
  return std::unique_ptr<ResultCollector>(
      new ResultCollector(std::move(type), std::move(exact)));
}

}  // namespace springald::python
