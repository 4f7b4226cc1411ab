#include "springald/backend/constants.h"

#include <arrow/array/util.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

namespace springald {

namespace {

using arrow::json::ArrayFromJSONString;

std::shared_ptr<arrow::Array> Column(const std::shared_ptr<arrow::DataType>& type,
                                     const std::string& json) {
  return ArrayFromJSONString(type, json).ValueOrDie();
}

const auto kText = arrow::utf8();

TEST(Constants, AreRepeatedForEveryType) {
  const std::pair<std::shared_ptr<arrow::DataType>, std::string> values[] = {
      {arrow::int64(), "[7]"},
      {kText, R"(["a"])"},
      {arrow::utf8_view(), R"(["longer than twelve"])"},
      {arrow::null(), "[null]"},
      {arrow::float16(), "[1.5]"},
      {arrow::decimal256(50, 2), R"(["1.50"])"},
      {arrow::month_day_nano_interval(), "[[1, 2, 3]]"},
      {arrow::list(arrow::int64()), "[[1, null]]"},
      {arrow::large_list_view(arrow::int64()), "[[1, null]]"},
      {arrow::list_view(arrow::list_view(kText)), R"([[["a"], null]])"},
      {arrow::fixed_size_list(arrow::int64(), 2), "[[1, 2]]"},
      {arrow::struct_({arrow::field("a", kText)}), R"([{"a": "x"}])"},
      {arrow::map(kText, arrow::int64()), R"([[["a", 1]]])"},
      {arrow::dictionary(arrow::int8(), kText), R"(["a"])"},
  };
  for (const auto& [type, json] : values) {
    for (const auto& only_row : {Column(type, json), Column(type, "[null]")}) {
      const Batch batch{{only_row}, 3, {true}};
      const auto expanded = ExpandConstants(batch, false).ValueOrDie();
      const auto& column = expanded.columns[0];
      ASSERT_TRUE(column->ValidateFull().ok()) << type->ToString();
      EXPECT_TRUE(column->type()->Equals(type));
      ASSERT_EQ(column->length(), 3);
      for (int64_t row = 0; row < 3; ++row) {
        EXPECT_TRUE(column->Slice(row, 1)->Equals(only_row)) << type->ToString();
      }
      EXPECT_FALSE(HasConstants(expanded));
    }
  }
}

TEST(Constants, StayWhereTheyAreAValueForSeveralRows) {
  const auto rows = Column(arrow::int64(), "[1, 2]");
  const auto value = Column(kText, R"(["a"])");
  const auto null = Column(kText, "[null]");
  const Batch batch{{value, rows, null}, 2, {true, false, true}};
  const auto kept = ExpandConstants(batch, true).ValueOrDie();
  EXPECT_EQ(kept.is_constant, (std::vector<bool>{true, false, false}));
  EXPECT_EQ(kept.columns[0], value);
  EXPECT_TRUE(kept.columns[2]->Equals(Column(kText, "[null, null]")));
  for (const int64_t num_rows : {0, 1}) {
    const Batch small{{value}, num_rows, {true}};
    const auto expanded = ExpandConstants(small, true).ValueOrDie();
    EXPECT_FALSE(HasConstants(expanded));
    EXPECT_EQ(expanded.columns[0]->length(), num_rows);
  }
}

TEST(Constants, AreTakenOutAndPutBack) {
  const auto rows = Column(arrow::int64(), "[1, 2]");
  const auto value = Column(kText, R"(["a"])");
  const Batch batch{{rows, value, rows}, 2, {false, true, false}};
  const auto other = Column(arrow::int64(), "[5]");
  EXPECT_EQ(VaryingColumns(batch), (arrow::ArrayVector{rows, rows}));
  EXPECT_EQ(WithConstants(batch, {other, rows}),
            (arrow::ArrayVector{other, value, rows}));
  EXPECT_EQ(VaryingColumns(Batch{{rows}, 2}), arrow::ArrayVector{rows});
  EXPECT_FALSE(HasConstants(Batch{{rows}, 2}));
}

TEST(Constants, AreNoNulls) {
  const auto rows = Column(arrow::int64(), "[1, null]");
  const Batch batch{{rows, Column(kText, R"(["a"])")}, 2, {false, true}};
  const auto columns = ColumnsForNulls(batch).ValueOrDie();
  EXPECT_EQ(columns[0], rows);
  EXPECT_EQ(columns[1]->length(), 2);
  EXPECT_EQ(columns[1]->null_count(), 0);
}

}  // namespace

}  // namespace springald
