#include "springald/wire/flat_columns.h"

#include <cstring>
#include <limits>
#include <set>
#include <string>

#include <arrow/builder.h>
#include <gtest/gtest.h>

#include "springald/wire/columns_testing.h"
#include "springald/wire/protocol_page_testing.h"
#include "springald/wire/refusals_testing.h"

// That columns of every type and slice come back is a test of columns.h.

namespace springald::wire {

namespace {

std::shared_ptr<arrow::Buffer> BytesOf(const std::shared_ptr<arrow::Array>& column) {
  return WrittenBytes({column}, {FieldOf(*column)}, column->length());
}

auto Read(const std::shared_ptr<arrow::Buffer>& bytes,
          const std::shared_ptr<arrow::DataType>& type, int64_t num_rows) {
  return ReadFlatColumns(bytes, {type}, num_rows);
}

/// The bytes of a column with another number at a place of the table.
std::shared_ptr<arrow::Buffer> WithNumber(const std::shared_ptr<arrow::Array>& column,
                                          int64_t place, uint64_t number) {
  auto bytes = BytesOf(column);
  std::memcpy(bytes->mutable_data() + place, &number, sizeof(number));
  return bytes;
}

const auto kNumbers = [] { return FromJson(arrow::int64(), "[1, null, 3]"); };
const auto kTexts = [] { return FromJson(arrow::utf8(), R"(["ab", null, "c"])"); };

// Places in the table of one column.
constexpr int64_t kNumRows = 8;
constexpr int64_t kBitmapBytes = 16;
constexpr int64_t kValueBytes = 24;
constexpr int64_t kTextBytes = 32;

TEST(FlatColumns, AreOfTheTypesWithoutChildren) {
  std::set<std::string> flat;
  for (const auto& samples : {SampleColumns(), MoreColumns()}) {
    for (const auto& [name, column] : samples) {
      if (AreFlatColumns(*BytesOf(column))) {
        flat.insert(name);
      }
    }
  }
  EXPECT_EQ(flat, (std::set<std::string>{"binary",
                                         "bool",
                                         "date32[day]",
                                         "date64",
                                         "day_time",
                                         "decimal128",
                                         "decimal256(50, 2)",
                                         "decimal32(5, 2)",
                                         "decimal64(15, 2)",
                                         "double",
                                         "duration[ms]",
                                         "fixed_size_binary",
                                         "float",
                                         "halffloat",
                                         "int16",
                                         "int32",
                                         "int64",
                                         "int8",
                                         "interval",
                                         "large_binary",
                                         "large_string",
                                         "month_interval",
                                         "time32[ms]",
                                         "time32[s]",
                                         "time64[ns]",
                                         "time64[us]",
                                         "timestamp[ns, tz=Europe/Berlin]",
                                         "timestamp[s]",
                                         "uint16",
                                         "uint32",
                                         "uint64",
                                         "uint8",
                                         "utf8",
                                         "uuid"}));
}

TEST(FlatColumns, AreAsThePageShowsThem) {
  const std::string shown = BytesOfPage(1);
  const auto written = BytesOf(kTexts());
  EXPECT_EQ(written->ToString().substr(0, shown.size()), shown);
  EXPECT_EQ(written->size(), 256);
}

TEST(FlatColumns, HoldOnlyTheTextOfASlice) {
  const auto texts = FromJson(
      arrow::large_utf8(), R"(["a long text that is before", "ab", "cd", "one after"])");
  const auto bytes = BytesOf(texts->Slice(1, 2));
  EXPECT_EQ(bytes->size(), 3 * 64);
  EXPECT_EQ(bytes->ToString().substr(128, 4), "abcd");
  const auto read = Read(bytes, arrow::large_utf8(), 2).ValueOrDie();
  EXPECT_EQ(read[0]->GetValues<int64_t>(1)[0], 0);
}

TEST(FlatColumns, AreNotMadeOfBitsThatBeginInsideAByte) {
  std::vector<bool> some(40, true);
  some[20] = false;
  arrow::BooleanBuilder builder;
  ARROW_CHECK_OK(builder.AppendValues(some));
  const auto bools = builder.Finish().ValueOrDie();
  EXPECT_TRUE(AreFlatColumns(*BytesOf(bools->Slice(16, 8))));
  EXPECT_FALSE(AreFlatColumns(*BytesOf(bools->Slice(17, 8))));
  // Values without nulls have no bits.
  EXPECT_TRUE(AreFlatColumns(*BytesOf(FromJson(arrow::int8(), "[1, 2, 3]")->Slice(1))));
  EXPECT_FALSE(AreFlatColumns(*BytesOf(kNumbers()->Slice(1))));
}

TEST(FlatColumns, AreReadWithoutABitmapWhereThereAreNoNulls) {
  const auto read = Read(BytesOf(FromJson(arrow::int8(), "[1, 2]")), arrow::int8(), 2);
  EXPECT_EQ((*read)[0]->buffers[0], nullptr);
  EXPECT_EQ((*read)[0]->null_count, 0);
}

TEST(FlatColumns, OfTextWithoutRowsHaveAnOffset) {
  for (const auto& type : {arrow::utf8(), arrow::large_binary()}) {
    const auto none = arrow::MakeArray(arrow::ArrayData::Make(
        type, 0, {nullptr, std::make_shared<arrow::Buffer>(nullptr, 0), nullptr}, 0));
    const auto read = Read(BytesOf(none), type, 0).ValueOrDie();
    EXPECT_TRUE(arrow::MakeArray(read[0])->ValidateFull().ok());
    EXPECT_GT(read[0]->buffers[1]->size(), 0);
  }
}

TEST(FlatColumns, RefuseATableThatIsCutOff) {
  const auto bytes = BytesOf(kNumbers());
  ExpectInvalid(Read(CopyOf(*bytes, 63), arrow::int64(), 3),
                "cut off: 63 bytes, the table of their buffers has 64");
  EXPECT_FALSE(AreFlatColumns(*CopyOf(*bytes, 3)));
}

TEST(FlatColumns, RefuseBuffersThatAreCutOff) {
  const auto bytes = BytesOf(kNumbers());
  for (int64_t length = 64; length < bytes->size(); ++length) {
    ExpectInvalid(Read(CopyOf(*bytes, length), arrow::int64(), 3), "cut off: a buffer");
  }
}

TEST(FlatColumns, RefuseBytesAfterThem) {
  const auto bytes = BytesOf(kNumbers());
  const auto longer = arrow::AllocateBuffer(bytes->size() + 64).ValueOrDie();
  std::memcpy(longer->mutable_data(), bytes->data(),
              static_cast<std::size_t>(bytes->size()));
  ExpectInvalid(Read(CopyOf(*longer, longer->size()), arrow::int64(), 3),
                "followed by 64 bytes");
}

TEST(FlatColumns, RefuseAnOddAddress) {
  const auto bytes = BytesOf(kNumbers());
  const auto moved = arrow::AllocateBuffer(bytes->size() + 4).ValueOrDie();
  std::memcpy(moved->mutable_data() + 4, bytes->data(),
              static_cast<std::size_t>(bytes->size()));
  const auto odd = std::make_shared<arrow::Buffer>(moved->data() + 4, bytes->size());
  ExpectInvalid(Read(odd, arrow::int64(), 3), "odd address");
}

TEST(FlatColumns, RefuseAnotherNumberOfColumns) {
  const auto bytes = BytesOf(kNumbers());
  const auto wide = WrittenBytes({kNumbers(), kNumbers()},
                                 {FieldOf(*kNumbers()), FieldOf(*kNumbers())}, 3);
  ExpectInvalid(Read(wide, arrow::int64(), 3), "2 columns, expected 1");
  ExpectInvalid(ReadFlatColumns(bytes, {arrow::int64(), arrow::int64()}, 3),
                "1 columns, expected 2");
}

TEST(FlatColumns, RefuseAnotherNumberOfRows) {
  for (const int64_t wrong :
       {int64_t{0}, int64_t{4}, int64_t{-1}, std::numeric_limits<int64_t>::max()}) {
    ExpectInvalid(Read(BytesOf(kNumbers()), arrow::int64(), wrong),
                  "3 rows, expected " + std::to_string(wrong));
    ExpectInvalid(Read(WithNumber(kNumbers(), kNumRows, static_cast<uint64_t>(wrong)),
                       arrow::int64(), 3),
                  std::to_string(wrong) + " rows, expected 3");
  }
  ExpectInvalid(Read(WithNumber(kNumbers(), kNumRows, ~uint64_t{0}), arrow::int64(), -1),
                "-1 rows, expected -1");
}

TEST(FlatColumns, RefuseBuffersOfAnotherLength) {
  for (const uint64_t wrong :
       {uint64_t{2}, uint64_t{1} << 32, ~uint64_t{0}, uint64_t{1} << 63}) {
    const std::string number = std::to_string(wrong);
    ExpectInvalid(Read(WithNumber(kNumbers(), kBitmapBytes, wrong), arrow::int64(), 3),
                  number + " bytes of which rows are null, expected 1");
    ExpectInvalid(Read(WithNumber(kNumbers(), kValueBytes, wrong), arrow::int64(), 3),
                  number + " bytes of values or offsets, expected 24");
    ExpectInvalid(Read(WithNumber(kNumbers(), kTextBytes, wrong), arrow::int64(), 3),
                  number + " bytes of text, expected 0");
    ExpectInvalid(Read(WithNumber(kTexts(), kValueBytes, wrong), arrow::utf8(), 3),
                  number + " bytes of values or offsets, expected 16");
  }
  for (const uint64_t wrong :
       {uint64_t{65}, uint64_t{1} << 32, ~uint64_t{0}, uint64_t{1} << 63}) {
    ExpectInvalid(Read(WithNumber(kTexts(), kTextBytes, wrong), arrow::utf8(), 3),
                  "cut off: a buffer of " + std::to_string(wrong) +
                      " bytes and its padding, 64 left");
  }
}

TEST(FlatColumns, RefuseTypesThatAreNotFlat) {
  ExpectInvalid(Read(BytesOf(kNumbers()), arrow::list(arrow::int64()), 3),
                "of another form than those of list");
  ExpectInvalid(Read(BytesOf(kNumbers()), arrow::utf8_view(), 3),
                "of another form than those of string_view");
}

}  // namespace

}  // namespace springald::wire
