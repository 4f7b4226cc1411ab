#include "springald/base/logical_null.h"

#include <arrow/api.h>
#include <arrow/extension/uuid.h>
#include <gtest/gtest.h>

namespace springald {
namespace {

std::shared_ptr<arrow::Array> FromJson(
    const std::shared_ptr<arrow::DataType>& type,
    const std::vector<std::optional<int64_t>>& values) {
  std::unique_ptr<arrow::ArrayBuilder> builder;
  EXPECT_TRUE(arrow::MakeBuilder(arrow::default_memory_pool(), type, &builder).ok());
  for (const auto& value : values) {
    EXPECT_TRUE(
        value.has_value()
            ? builder->AppendScalar(*arrow::MakeScalar(type, *value).ValueOrDie()).ok()
            : builder->AppendNull().ok());
  }
  return builder->Finish().ValueOrDie();
}

std::vector<bool> NullsOf(const arrow::Array& column) {
  std::vector<bool> nulls;
  for (int64_t row = 0; row < column.length(); ++row) {
    nulls.push_back(IsLogicallyNull(column, row));
  }
  return nulls;
}

TEST(LogicalNullTest, FindsNullsAmongTheValuesOfADictionary) {
  const auto indices = FromJson(arrow::int32(), {0, 1, std::nullopt, 1});
  const auto with_null = FromJson(arrow::int64(), {7, std::nullopt});
  const auto type = arrow::dictionary(arrow::int32(), arrow::int64());
  const arrow::DictionaryArray column(type, indices, with_null);
  EXPECT_EQ(NullsOf(column), (std::vector<bool>{false, true, true, true}));
  EXPECT_TRUE(HasLogicalNulls(column));

  const auto unused_null = FromJson(arrow::int32(), {0, 0});
  EXPECT_FALSE(HasLogicalNulls(arrow::DictionaryArray(type, unused_null, with_null)));
}

TEST(LogicalNullTest, FindsTheRunsOfASlice) {
  const auto ends = FromJson(arrow::int32(), {2, 4, 6});
  const auto values = FromJson(arrow::int64(), {1, std::nullopt, 3});
  const auto column = arrow::RunEndEncodedArray::Make(6, ends, values).ValueOrDie();
  EXPECT_EQ(NullsOf(*column->Slice(1, 4)), (std::vector<bool>{false, true, true, false}));
  EXPECT_TRUE(HasLogicalNulls(*column));
  EXPECT_FALSE(HasLogicalNulls(*column->Slice(4, 2)));
}

TEST(LogicalNullTest, LooksIntoExtensionTypes) {
  const auto storage = arrow::MakeArrayOfNull(arrow::fixed_size_binary(16), 2);
  const auto column =
      arrow::ExtensionType::WrapArray(arrow::extension::uuid(), storage.ValueOrDie());
  EXPECT_EQ(NullsOf(*column), (std::vector<bool>{true, true}));
  EXPECT_TRUE(HasLogicalNulls(*column));
}

}  // namespace
}  // namespace springald
