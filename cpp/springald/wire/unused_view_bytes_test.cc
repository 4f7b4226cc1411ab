#include "springald/wire/unused_view_bytes.h"

#include <memory>
#include <string>

#include <arrow/builder.h>
#include <gtest/gtest.h>

#include "springald/wire/columns_testing.h"

namespace springald::wire {

namespace {

using Column = std::shared_ptr<arrow::Array>;

constexpr int64_t kNumRows = 1000;
constexpr int64_t kTextBytes = 5000;

/// A million bytes and more in texts of 5,000.
Column Views(const std::shared_ptr<arrow::DataType>& type) {
  const auto builder = arrow::MakeBuilder(type).ValueOrDie();
  auto* const views = static_cast<arrow::BinaryViewBuilder*>(builder.get());
  for (int64_t row = 0; row < kNumRows; ++row) {
    std::string text = std::to_string(row);
    text.append(static_cast<std::size_t>(kTextBytes) - text.size(), 'x');
    EXPECT_TRUE(row % 10 == 3 ? views->AppendNull().ok() : views->Append(text).ok());
  }
  return builder->Finish().ValueOrDie();
}

/// Lists of two values each, of any kind of list with one child.
Column ListsOfTwo(const std::shared_ptr<arrow::DataType>& type, const Column& values) {
  std::string offsets = "[";
  for (int64_t i = 0; i <= kNumRows; i += 2) {
    offsets += (i == 0 ? "" : ", ") + std::to_string(i);
  }
  const bool is_large =
      type->id() == arrow::Type::LARGE_LIST || type->id() == arrow::Type::LARGE_LIST_VIEW;
  const auto offset_type = is_large ? arrow::int64() : arrow::int32();
  const auto begins = FromJson(offset_type, offsets + "]");
  arrow::BufferVector buffers{nullptr, begins->data()->buffers[1]};
  if (arrow::is_list_view(*type)) {
    const auto sizes = arrow::MakeArrayFromScalar(
                           *arrow::MakeScalar(offset_type, 2).ValueOrDie(), kNumRows / 2)
                           .ValueOrDie();
    buffers.push_back(sizes->data()->buffers[1]);
  }
  return arrow::MakeArray(arrow::ArrayData::Make(type, kNumRows / 2, std::move(buffers),
                                                 {values->data()}, 0));
}

void ExpectDropsWhatIsUnused(const Column& column) {
  SCOPED_TRACE(column->type()->ToString());
  ASSERT_TRUE(column->ValidateFull().ok());
  const auto field = FieldOf(*column);
  for (const auto& part : {column->Slice(0, 2), column->Slice(column->length() / 2, 2),
                           column->Slice(column->length() - 1), column->Slice(7, 0)}) {
    const auto bytes = WrittenBytes({part}, {field}, part->length());
    EXPECT_LT(bytes->size(), 90'000);
    const auto read = ReadColumns(bytes, {field}, part->length()).ValueOrDie();
    EXPECT_TRUE(read[0]->ValidateFull().ok());
    EXPECT_TRUE(read[0]->Equals(part));
  }
  // Nothing is unused: it stays as it is.
  const auto whole = WithoutUnusedViewBytes(column->data()).ValueOrDie();
  EXPECT_TRUE(arrow::MakeArray(whole)->Equals(column));
  EXPECT_GT(WrittenBytes({column}, {field}, column->length())->size(), 4'000'000);
}

TEST(UnusedViewBytes, AreDroppedFromViews) {
  ExpectDropsWhatIsUnused(Views(arrow::utf8_view()));
  ExpectDropsWhatIsUnused(Views(arrow::binary_view()));
}

TEST(UnusedViewBytes, AreDroppedFromLists) {
  const auto views = Views(arrow::utf8_view());
  for (const auto& type :
       {arrow::list(views->type()), arrow::large_list(views->type()),
        arrow::list_view(views->type()), arrow::large_list_view(views->type())}) {
    ExpectDropsWhatIsUnused(ListsOfTwo(type, views));
  }
  ExpectDropsWhatIsUnused(arrow::FixedSizeListArray::FromArrays(views, 2).ValueOrDie());
}

TEST(UnusedViewBytes, AreDroppedFromStructs) {
  const auto views = Views(arrow::utf8_view());
  const auto pairs =
      arrow::StructArray::Make({views, Views(arrow::binary_view())},
                               {FieldOf(*views), arrow::field("b", arrow::binary_view())})
          .ValueOrDie();
  ExpectDropsWhatIsUnused(pairs);
  ExpectDropsWhatIsUnused(pairs->Slice(3));
  ExpectDropsWhatIsUnused(ListsOfTwo(arrow::list(pairs->type()), pairs));
}

TEST(UnusedViewBytes, AreDroppedFromMaps) {
  const auto keys = Views(arrow::utf8_view());
  // Keys may not be null: rows 4 to 12 of each ten are taken.
  const auto part = keys->Slice(4, 9);
  const auto map =
      arrow::MapArray::FromArrays(FromJson(arrow::int32(), "[0, 1, 4, 9]"), part, part)
          .ValueOrDie();
  const auto field = FieldOf(*map);
  const auto bytes = WrittenBytes({map}, {field}, 3);
  EXPECT_LT(bytes->size(), 2 * 90'000);
  EXPECT_TRUE(ReadColumns(bytes, {field}, 3).ValueOrDie()[0]->Equals(map));
}

TEST(UnusedViewBytes, AreDroppedFromUnions) {
  const auto views = Views(arrow::utf8_view());
  const auto types =
      arrow::MakeArrayFromScalar(arrow::Int8Scalar(0), kNumRows).ValueOrDie();
  ExpectDropsWhatIsUnused(arrow::SparseUnionArray::Make(*types, {views}).ValueOrDie());
}

TEST(UnusedViewBytes, AreDroppedFromDictionaries) {
  const auto views = Views(arrow::utf8_view());
  const auto dictionary = DictionaryOf(arrow::int8(), "[1, 0]", views->Slice(0, 2));
  EXPECT_LT(WrittenBytes({dictionary}, {FieldOf(*dictionary)}, 2)->size(), 90'000);
}

TEST(UnusedViewBytes, OfListsWithoutRowsAreNotLookedFor) {
  const auto none = arrow::MakeEmptyArray(arrow::list(arrow::utf8_view())).ValueOrDie();
  EXPECT_TRUE(WithoutUnusedViewBytes(none->data()).ok());
}

}  // namespace

}  // namespace springald::wire
