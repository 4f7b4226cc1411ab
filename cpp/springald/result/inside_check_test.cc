#include "springald/result/inside_check.h"

#include <memory>
#include <vector>

#include <arrow/array.h>
#include <arrow/buffer.h>
#include <arrow/json/from_string.h>
#include <gtest/gtest.h>

namespace springald {

namespace {

using arrow::json::ArrayFromJSONString;

/// A column of `type` with two values of 8 bytes, all of whose bits are set.
std::shared_ptr<arrow::Array> AllBits(const std::shared_ptr<arrow::DataType>& type) {
  const auto bytes = arrow::Buffer::FromString(std::string(64, '\xff'));
  return arrow::MakeArray(arrow::ArrayData::Make(type, 2, {nullptr, bytes}));
}

}  // namespace

TEST(InsideCheck, TakesEveryNumber) {
  for (const auto& type : {arrow::date64(), arrow::time32(arrow::TimeUnit::SECOND),
                           arrow::time64(arrow::TimeUnit::NANO), arrow::decimal128(3, 0),
                           arrow::decimal256(3, 0), arrow::int8()}) {
    const auto column = AllBits(type);
    EXPECT_TRUE(CheckInside(*column).ok()) << type->ToString();
    const auto list =
        arrow::ListArray::FromArrays(
            *ArrayFromJSONString(arrow::int32(), "[0, 2]").ValueOrDie(), *column)
            .ValueOrDie();
    EXPECT_TRUE(CheckInside(*list).ok()) << list->type()->ToString();
    const auto indices = ArrayFromJSONString(arrow::int8(), "[1, 0, 1]").ValueOrDie();
    const auto dictionary = arrow::DictionaryArray::FromArrays(
                                arrow::dictionary(arrow::int8(), type), indices, column)
                                .ValueOrDie();
    EXPECT_TRUE(CheckInside(*dictionary).ok()) << dictionary->type()->ToString();
  }
}

TEST(InsideCheck, RefusesWhatIsNotThere) {
  const auto offsets = ArrayFromJSONString(arrow::int32(), "[0, 7]").ValueOrDie();
  const auto broken = arrow::MakeArray(arrow::ArrayData::Make(
      arrow::list(arrow::date64()), 1, {nullptr, offsets->data()->buffers[1]},
      {AllBits(arrow::date64())->data()}));
  EXPECT_FALSE(CheckInside(*broken).ok());
  const auto indices = ArrayFromJSONString(arrow::int8(), "[5]").ValueOrDie();
  auto data = indices->data()->Copy();
  data->type = arrow::dictionary(arrow::int8(), arrow::date64());
  data->dictionary = AllBits(arrow::date64())->data();
  EXPECT_FALSE(CheckInside(*arrow::MakeArray(data)).ok());
  const auto short_column = arrow::MakeArray(arrow::ArrayData::Make(
      arrow::date64(), 100, {nullptr, arrow::Buffer::FromString("12345678")}));
  EXPECT_FALSE(CheckInside(*short_column).ok());
}

TEST(InsideCheck, RefusesTextThatIsNoUtf8) {
  const auto offsets = ArrayFromJSONString(arrow::int32(), "[0, 2]").ValueOrDie();
  const auto text = arrow::MakeArray(arrow::ArrayData::Make(
      arrow::utf8(), 1,
      {nullptr, offsets->data()->buffers[1], arrow::Buffer::FromString("\xff\xfe")}));
  EXPECT_FALSE(CheckInside(*text).ok());
}

}  // namespace springald
