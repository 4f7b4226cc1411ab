#include "springald/result/column_check.h"

#include <string>
#include <utility>
#include <vector>

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_dict.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/buffer.h>
#include <arrow/compute/cast.h>
#include <gtest/gtest.h>

#include "springald/base/udf_error_testing.h"

namespace springald {

namespace {

using ArrayPointer = std::shared_ptr<arrow::Array>;

UdfDefinition DefinitionOf(std::shared_ptr<arrow::DataType> type, bool nullable = true) {
  UdfDefinition definition;
  definition.name = "f";
  definition.mode = UdfMode::kArrow;
  definition.arguments = arrow::schema({arrow::field("x", arrow::int64())});
  definition.result = arrow::field("r", std::move(type), nullable);
  return definition;
}

/// Texts with a null at index 1, one too long for a view to hold inline.
ArrayPointer Texts() {
  arrow::StringBuilder builder;
  EXPECT_TRUE(builder.Append("a").ok());
  EXPECT_TRUE(builder.AppendNull().ok());
  EXPECT_TRUE(builder.Append("zo\u00eb, who has a longer name").ok());
  return builder.Finish().ValueOrDie();
}

ArrayPointer Integers(const std::vector<int64_t>& values,
                      const std::vector<bool>& is_valid = {}) {
  arrow::Int64Builder builder;
  EXPECT_TRUE((is_valid.empty() ? builder.AppendValues(values)
                                : builder.AppendValues(values, is_valid))
                  .ok());
  return builder.Finish().ValueOrDie();
}

ArrayPointer As(const ArrayPointer& array, const std::shared_ptr<arrow::DataType>& type) {
  return arrow::compute::Cast(*array, type).ValueOrDie();
}

arrow::Status Check(const UdfDefinition& definition, const ArrayPointer& column,
                    const arrow::ArrayVector& arguments = {}) {
  return CheckColumn(definition, column, arguments, column->length()).status();
}

TEST(ColumnCheck, PassesARightColumnOnAsItIs) {
  const auto column = Integers({1, 2}, {true, false});
  const auto checked =
      CheckColumn(DefinitionOf(arrow::int64()), column, {}, 2).ValueOrDie();
  EXPECT_EQ(checked, column);
}

TEST(ColumnCheck, RefusesAnotherLength) {
  const auto column = Integers({1, 2, 3});
  const auto definition = DefinitionOf(arrow::int64());
  for (const int64_t num_rows : {0, 2, 4}) {
    ExpectUdfError(CheckColumn(definition, column, {}, num_rows).status(),
                   UdfErrorCode::kResult,
                   "wrong length: 3, expected " + std::to_string(num_rows));
  }
}

TEST(ColumnCheck, RefusesAnotherTypeAndNamesBoth) {
  const auto definition = DefinitionOf(arrow::float64());
  ExpectUdfError(Check(definition, Integers({1})), UdfErrorCode::kResult,
                 "wrong type: int64, expected double");
  ExpectUdfError(Check(definition, Texts()), UdfErrorCode::kResult,
                 "wrong type: string, expected double");
}

TEST(ColumnCheck, RefusesAnotherWidthUnitOrZone) {
  ExpectUdfError(Check(DefinitionOf(arrow::int32()), Integers({1})),
                 UdfErrorCode::kResult, "wrong type: int64, expected int32");
  const auto micros = As(Integers({1}), arrow::timestamp(arrow::TimeUnit::MICRO));
  ExpectUdfError(Check(DefinitionOf(arrow::timestamp(arrow::TimeUnit::MILLI)), micros),
                 UdfErrorCode::kResult,
                 "wrong type: timestamp[us], expected timestamp[ms]");
  ExpectUdfError(
      Check(DefinitionOf(arrow::timestamp(arrow::TimeUnit::MICRO, "UTC")), micros),
      UdfErrorCode::kResult, "expected timestamp[us, tz=UTC]");
}

TEST(ColumnCheck, ConvertsEveryEncodingOfTextAndOfBytes) {
  const auto texts = {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view()};
  const auto bytes = {arrow::binary(), arrow::large_binary(), arrow::binary_view()};
  for (const auto& family : {texts, bytes}) {
    for (const auto& from : family) {
      for (const auto& to : family) {
        const auto column = As(Texts(), from);
        const auto checked = CheckColumn(DefinitionOf(to), column, {}, 3);
        ASSERT_TRUE(checked.ok()) << checked.status().ToString();
        EXPECT_TRUE((*checked)->Equals(As(Texts(), to)))
            << from->ToString() << " to " << to->ToString();
      }
    }
  }
}

TEST(ColumnCheck, TextIsNoEncodingOfBytes) {
  ExpectUdfError(Check(DefinitionOf(arrow::binary()), Texts()), UdfErrorCode::kResult,
                 "wrong type: string, expected binary");
  ExpectUdfError(Check(DefinitionOf(arrow::utf8()), As(Texts(), arrow::large_binary())),
                 UdfErrorCode::kResult, "wrong type: large_binary, expected string");
}

TEST(ColumnCheck, ConvertsDictionaries) {
  const auto type = arrow::dictionary(arrow::int8(), arrow::utf8());
  const auto indices = As(Integers({1, 0, 0}, {true, false, true}), arrow::int8());
  arrow::StringBuilder values;
  ASSERT_TRUE(values.AppendValues({"zero", "one"}).ok());
  const auto column =
      arrow::DictionaryArray::FromArrays(type, indices, values.Finish().ValueOrDie())
          .ValueOrDie();
  for (const auto& to : {arrow::utf8(), arrow::large_utf8(), arrow::utf8_view()}) {
    const auto checked = CheckColumn(DefinitionOf(to), column, {}, 3);
    ASSERT_TRUE(checked.ok()) << checked.status().ToString();
    const auto plain = As(*checked, arrow::utf8());
    const auto& texts = static_cast<const arrow::StringArray&>(*plain);
    EXPECT_EQ(texts.GetView(0), "one");
    EXPECT_TRUE(texts.IsNull(1));
    EXPECT_EQ(texts.GetView(2), "zero");
  }
  ExpectUdfError(Check(DefinitionOf(arrow::int64()), column), UdfErrorCode::kResult,
                 "wrong type: dictionary");
}

TEST(ColumnCheck, ConvertsADictionaryOfNumbers) {
  const auto type = arrow::dictionary(arrow::int32(), arrow::int64());
  const auto column = arrow::DictionaryArray::FromArrays(
                          type, As(Integers({1, 0}), arrow::int32()), Integers({70, 80}))
                          .ValueOrDie();
  const auto checked = CheckColumn(DefinitionOf(arrow::int64()), column, {}, 2);
  ASSERT_TRUE(checked.ok()) << checked.status().ToString();
  EXPECT_TRUE((*checked)->Equals(Integers({80, 70})));
}

TEST(ColumnCheck, ASlicedColumnIsConvertedInPlace) {
  const auto column = As(Texts(), arrow::large_utf8())->Slice(1);
  const auto checked = CheckColumn(DefinitionOf(arrow::utf8()), column, {}, 2);
  ASSERT_TRUE(checked.ok()) << checked.status().ToString();
  EXPECT_TRUE((*checked)->Equals(Texts()->Slice(1)));
}

TEST(ColumnCheck, NullsAloneAreOfAnyType) {
  const auto column = std::make_shared<arrow::NullArray>(2);
  const auto checked = CheckColumn(DefinitionOf(arrow::utf8()), column, {}, 2);
  ASSERT_TRUE(checked.ok()) << checked.status().ToString();
  EXPECT_TRUE((*checked)->type()->Equals(arrow::utf8()));
  EXPECT_EQ((*checked)->null_count(), 2);
  ExpectUdfError(Check(DefinitionOf(arrow::utf8(), false), column), UdfErrorCode::kResult,
                 "returned a null");
}

TEST(ColumnCheck, RefusesANullWithItsRow) {
  const auto status = Check(DefinitionOf(arrow::int64(), false),
                            Integers({1, 2, 3}, {true, true, false}));
  const auto info = ExpectUdfError(status, UdfErrorCode::kResult,
                                   "its result is declared without nulls");
  EXPECT_EQ(info.row, 2);
}

TEST(ColumnCheck, RefusesANullInsideADictionary) {
  const auto type = arrow::dictionary(arrow::int8(), arrow::int64());
  const auto column =
      arrow::DictionaryArray::FromArrays(type, As(Integers({0, 1}), arrow::int8()),
                                         Integers({70, 0}, {true, false}))
          .ValueOrDie();
  const auto info = ExpectUdfError(Check(DefinitionOf(arrow::int64(), false), column),
                                   UdfErrorCode::kResult, "returned a null");
  EXPECT_EQ(info.row, 1);
}

TEST(ColumnCheck, AllowsTheNullsOfSkippedRows) {
  UdfDefinition definition = DefinitionOf(arrow::int64(), false);
  definition.mode = UdfMode::kRow;
  definition.null_handling = NullHandling::kSkip;
  definition.arguments = arrow::schema({arrow::field("x", arrow::int64(), false),
                                        arrow::field("y", arrow::int64(), true)});
  const auto x = Integers({1, 0, 3}, {true, false, true});
  const auto y = Integers({1, 2, 0}, {true, true, false});
  EXPECT_TRUE(Check(definition, Integers({1, 0, 3}, {true, false, true}), {x, y}).ok());
  // Row 2 was called, with None for the argument that takes it.
  const auto info =
      ExpectUdfError(Check(definition, Integers({1, 0, 0}, {true, false, false}), {x, y}),
                     UdfErrorCode::kResult, "returned a null");
  EXPECT_EQ(info.row, 2);
}

TEST(ColumnCheck, SkippedRowsMayBeNullInModesOfColumnsToo) {
  const auto x = Integers({1, 0}, {true, false});
  UdfDefinition definition = DefinitionOf(arrow::int64(), false);
  definition.arguments = arrow::schema({arrow::field("x", arrow::int64(), false)});
  definition.null_handling = NullHandling::kSkip;
  for (const auto mode : {UdfMode::kPandas, UdfMode::kNumpy}) {
    definition.mode = mode;
    EXPECT_TRUE(Check(definition, Integers({1, 0}, {true, false}), {x}).ok());
    const auto another = Integers({0, 1}, {false, true});
    ExpectUdfError(Check(definition, another, {x}), UdfErrorCode::kResult, "a null");
  }
}

TEST(ColumnCheck, NoRowIsSkippedInArrowModeOrWhereNullsAreCalledWith) {
  const auto x = Integers({1, 0}, {true, false});
  const auto column = Integers({1, 0}, {true, false});
  UdfDefinition definition = DefinitionOf(arrow::int64(), false);
  definition.arguments = arrow::schema({arrow::field("x", arrow::int64(), false)});
  definition.null_handling = NullHandling::kSkip;
  ExpectUdfError(Check(definition, column, {x}), UdfErrorCode::kResult, "a null");
  definition.mode = UdfMode::kRow;
  definition.null_handling = NullHandling::kCall;
  ExpectUdfError(Check(definition, column, {x}), UdfErrorCode::kResult, "a null");
}

TEST(ColumnCheck, RefusesBuffersThatAreTooSmall) {
  const auto column = arrow::MakeArray(arrow::ArrayData::Make(
      arrow::int64(), 3, {nullptr, arrow::Buffer::FromString("12345678")}, 0));
  ExpectUdfError(Check(DefinitionOf(arrow::int64()), column), UdfErrorCode::kResult,
                 "the returned column is broken");
}

TEST(ColumnCheck, RefusesOffsetsOutsideTheBytes) {
  const std::vector<int32_t> offsets = {0, 100};
  const auto data = arrow::ArrayData::Make(
      arrow::utf8(), 1,
      {nullptr, arrow::Buffer::FromVector(offsets), arrow::Buffer::FromString("a")}, 0);
  const auto column = arrow::MakeArray(data);
  ExpectUdfError(Check(DefinitionOf(arrow::utf8()), column), UdfErrorCode::kResult,
                 "the returned column is broken");
  ExpectUdfError(Check(DefinitionOf(arrow::utf8_view()), column), UdfErrorCode::kResult,
                 "the returned column is broken");
}

TEST(ColumnCheck, RefusesADictionaryIndexOutsideItsValues) {
  const auto type = arrow::dictionary(arrow::int32(), arrow::utf8());
  auto data = As(Integers({0, 1000000}), arrow::int32())->data()->Copy();
  data->type = type;
  data->dictionary = Texts()->data();
  ExpectUdfError(Check(DefinitionOf(arrow::utf8()), arrow::MakeArray(data)),
                 UdfErrorCode::kResult, "the returned column is broken");
}

}  // namespace

}  // namespace springald
