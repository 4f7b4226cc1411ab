#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include <arrow/compare.h>
#include <arrow/memory_pool.h>

#include "springald/wire/columns_testing.h"

namespace {

using springald::wire::FieldOf;
using springald::wire::ReadColumns;
using springald::wire::SampleColumn;
using springald::wire::WithExtensions;
using springald::wire::WrittenBytes;

void Require(bool holds) {
  if (!holds) {
    std::abort();
  }
}

/// Reads a column, and makes it one of the field's type where it is valid.
arrow::Result<std::shared_ptr<arrow::Array>> Read(
    const std::shared_ptr<arrow::Buffer>& bytes,
    const std::shared_ptr<arrow::Field>& field, int64_t num_rows) {
  auto* const pool = arrow::default_memory_pool();
  const int64_t allocated_before = pool->total_bytes_allocated();
  auto read = ReadColumns(bytes, {field}, num_rows);
  Require(pool->total_bytes_allocated() == allocated_before);
  ARROW_ASSIGN_OR_RAISE(auto columns, std::move(read));
  Require(columns.size() == 1 && columns[0]->length() == num_rows);
  ARROW_RETURN_NOT_OK(columns[0]->ValidateFull());
  ARROW_ASSIGN_OR_RAISE(columns, WithExtensions(std::move(columns), {field}));
  Require(columns[0]->ValidateFull().ok());
  Require(columns[0]->type()->Equals(*field->type(), /*check_metadata=*/true));
  return columns[0];
}

}  // namespace

/// Takes the first byte for the number of a type, the second for a number of rows, and
/// the others for a column. One that is valid is written, and has to come back.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static const std::vector<SampleColumn> samples = springald::wire::SampleColumns();
  if (size < 2) {
    return 0;
  }
  const auto field = FieldOf(*samples[data[0] % samples.size()].column);
  const int64_t num_rows = data[1];
  // Of exactly this size, so that a sanitizer sees what is read past it.
  const auto exact = std::make_unique<uint8_t[]>(size - 2);
  std::memcpy(exact.get(), data + 2, size - 2);
  const auto bytes = std::make_shared<arrow::Buffer>(exact.get(), size - 2);
  const auto column = Read(bytes, field, num_rows);
  if (!column.ok()) {
    return 0;
  }
  const auto rewritten = WrittenBytes(arrow::ArrayVector{*column}, {field}, num_rows);
  const auto again = Read(rewritten, field, num_rows);
  Require(again.ok());
  Require((*again)->Equals(**column, arrow::EqualOptions::Defaults().nans_equal(true)));
  return 0;
}
