#include "springald/backend/constants.h"

#include <algorithm>
#include <memory>
#include <utility>

#include <arrow/array/concatenate.h>
#include <arrow/array/util.h>
#include <arrow/buffer.h>
#include <arrow/scalar.h>

#include "springald/base/logical_null.h"

namespace springald {

namespace {

arrow::Result<std::shared_ptr<arrow::Array>> Repeat(
    const std::shared_ptr<arrow::Array>& only_row, int64_t num_rows) {
  if (num_rows <= 1) {
    return only_row->Slice(0, num_rows);
  }
  ARROW_ASSIGN_OR_RAISE(const auto value, only_row->GetScalar(0));
  auto repeated = arrow::MakeArrayFromScalar(*value, num_rows);
  // Some types have no such array in Arrow 26, among them list views.
  if (!repeated.ok() && repeated.status().IsNotImplemented()) {
    return arrow::Concatenate(
        arrow::ArrayVector(static_cast<std::size_t>(num_rows), only_row));
  }
  return repeated;
}

}  // namespace

bool IsConstant(const Batch& batch, std::size_t index) {
  return index < batch.is_constant.size() && batch.is_constant[index];
}

bool HasConstants(const Batch& batch) {
  return std::find(batch.is_constant.begin(), batch.is_constant.end(), true) !=
         batch.is_constant.end();
}

arrow::Result<Batch> ExpandConstants(const Batch& batch, bool keep_values) {
  Batch expanded = batch;
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    if (!IsConstant(batch, i)) {
      continue;
    }
    const auto& column = batch.columns[i];
    if (keep_values && batch.num_rows > 1 && !HasLogicalNulls(*column)) {
      continue;
    }
    ARROW_ASSIGN_OR_RAISE(expanded.columns[i], Repeat(column, batch.num_rows));
    expanded.is_constant[i] = false;
  }
  return expanded;
}

arrow::ArrayVector VaryingColumns(const Batch& batch) {
  arrow::ArrayVector varying;
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    if (!IsConstant(batch, i)) {
      varying.push_back(batch.columns[i]);
    }
  }
  return varying;
}

arrow::ArrayVector WithConstants(const Batch& batch, arrow::ArrayVector varying) {
  arrow::ArrayVector columns;
  auto next = varying.begin();
  for (std::size_t i = 0; i < batch.columns.size(); ++i) {
    columns.push_back(IsConstant(batch, i) ? batch.columns[i] : std::move(*next++));
  }
  return columns;
}

arrow::Result<arrow::ArrayVector> ColumnsForNulls(const Batch& batch) {
  arrow::ArrayVector columns = batch.columns;
  std::shared_ptr<arrow::Array> without_nulls;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (!IsConstant(batch, i)) {
      continue;
    }
    if (without_nulls == nullptr) {
      ARROW_ASSIGN_OR_RAISE(auto bits, arrow::AllocateBuffer((batch.num_rows + 7) / 8));
      std::fill_n(bits->mutable_data(), bits->size(), uint8_t{0});
      without_nulls = std::make_shared<arrow::BooleanArray>(
          batch.num_rows, std::shared_ptr<arrow::Buffer>(std::move(bits)));
    }
    columns[i] = without_nulls;
  }
  return columns;
}

}  // namespace springald
