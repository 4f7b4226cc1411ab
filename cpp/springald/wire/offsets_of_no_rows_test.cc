#include "springald/wire/offsets_of_no_rows.h"

#include <string>

#include <gtest/gtest.h>

#include "springald/wire/columns_testing.h"

namespace springald::wire {

namespace {

/// A column of no rows whose one offset is far outside of what it counts.
std::shared_ptr<arrow::ArrayData> NoRows(const std::shared_ptr<arrow::DataType>& type) {
  static constexpr int64_t kFarAway[2] = {0x100000, 0x100000};
  auto offsets = std::make_shared<arrow::Buffer>(
      reinterpret_cast<const uint8_t*>(kFarAway), sizeof(kFarAway));
  if (type->num_fields() > 0) {
    return arrow::ArrayData::Make(
        type, 0, {nullptr, std::move(offsets)},
        {arrow::MakeEmptyArray(type->field(0)->type()).ValueOrDie()->data()}, 0);
  }
  return arrow::ArrayData::Make(
      type, 0, {nullptr, std::move(offsets), arrow::AllocateBuffer(2).ValueOrDie()}, 0);
}

void ExpectCanBeWritten(const std::shared_ptr<arrow::ArrayData>& data) {
  const auto column = arrow::MakeArray(WithOffsetsOfNoRows(data));
  ASSERT_TRUE(column->ValidateFull().ok());
  const auto written = ColumnsToWrite::Of({column}, {FieldOf(*column)}, column->length());
  ASSERT_TRUE(written.ok()) << written.status().ToString();
  EXPECT_GT(written->num_bytes(), 0);
  EXPECT_LT(written->num_bytes(), 2'000);
}

TEST(OffsetsOfNoRows, AreZero) {
  for (const auto& type :
       {arrow::utf8(), arrow::binary(), arrow::large_utf8(), arrow::large_binary(),
        arrow::list(arrow::int8()), arrow::large_list(arrow::int8()),
        arrow::map(arrow::utf8(), arrow::int8())}) {
    SCOPED_TRACE(type->ToString());
    const auto data = NoRows(type);
    EXPECT_EQ(WithOffsetsOfNoRows(data)->GetValues<int32_t>(1)[0], 0);
    ExpectCanBeWritten(data);
    // Also where there is none.
    data->buffers[1] = nullptr;
    EXPECT_EQ(WithOffsetsOfNoRows(data)->GetValues<int32_t>(1)[0], 0);
    ExpectCanBeWritten(data);
  }
}

TEST(OffsetsOfNoRows, AreZeroInsideOfColumns) {
  const auto inner = NoRows(arrow::utf8());
  const auto lists = FromJson(arrow::list(arrow::utf8()), "[[], null, []]");
  const auto with = lists->data()->Copy();
  with->child_data[0] = inner;
  ExpectCanBeWritten(with);
  ExpectCanBeWritten(arrow::ArrayData::Make(
      arrow::struct_({arrow::field("t", arrow::utf8())}), 0, {nullptr}, {inner}, 0));
  const auto words =
      DictionaryOf(arrow::int8(), "[null, null]", FromJson(arrow::utf8(), R"(["a"])"));
  const auto without = words->data()->Copy();
  without->dictionary = inner;
  ExpectCanBeWritten(without);
  // The others are as they were.
  EXPECT_EQ(inner->GetValues<int32_t>(1)[0], 0x100000);
}

TEST(OffsetsOfNoRows, LeaveColumnsThatHaveRows) {
  for (const auto& [name, column] : SampleColumns()) {
    EXPECT_TRUE(arrow::MakeArray(WithOffsetsOfNoRows(column->data()))->Equals(*column))
        << name;
  }
  const auto texts = FromJson(arrow::utf8(), R"(["a"])")->data();
  EXPECT_EQ(WithOffsetsOfNoRows(texts), texts);
}

}  // namespace

}  // namespace springald::wire
