#include "springald/backend/distinct_rows.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <string>

#include <arrow/array/builder_binary.h>
#include <arrow/array/builder_decimal.h>
#include <arrow/array/builder_primitive.h>
#include <arrow/array/concatenate.h>
#include <arrow/compute/api_vector.h>
#include <arrow/datum.h>
#include <gtest/gtest.h>

#include "springald/backend/value_numbering.h"

namespace springald {

namespace {

template <typename Builder, typename Value>
std::shared_ptr<arrow::Array> ArrayOf(const std::vector<Value>& values,
                                      Builder builder = Builder()) {
  for (const auto& value : values) {
    EXPECT_TRUE(builder.Append(value).ok());
  }
  return builder.Finish().ValueOrDie();
}

std::shared_ptr<arrow::Array> Integers(const std::vector<int64_t>& values) {
  return ArrayOf<arrow::Int64Builder>(values);
}

std::shared_ptr<arrow::Array> Strings(const std::vector<std::string>& values) {
  return ArrayOf<arrow::StringBuilder>(values);
}

/// `num_rows` of the values, in an order of chance.
template <typename Value>
std::vector<Value> Mixed(const std::vector<Value>& values, int64_t num_rows) {
  std::mt19937 chance(7);
  std::vector<Value> mixed;
  for (int64_t i = 0; i < num_rows; ++i) {
    mixed.push_back(values[chance() % values.size()]);
  }
  return mixed;
}

/// Expects that taking the distinct values by their numbers gives the column again, and
/// that no two of them are the same.
void ExpectNumbersOf(const std::shared_ptr<arrow::Array>& column, int64_t num_distinct) {
  DistinctRowsFinder finder;
  const auto distinct = finder.Find({column}, column->length());
  ASSERT_TRUE(distinct.has_value()) << column->type()->ToString();
  EXPECT_EQ(distinct->num_rows(), num_distinct);
  ASSERT_EQ(distinct->columns[0]->length(), num_distinct);
  const auto back = distinct->Spread(*distinct->columns[0]).ValueOrDie();
  ASSERT_TRUE(back->ValidateFull().ok());
  EXPECT_TRUE(back->Equals(
      column, arrow::EqualOptions::Defaults().nans_equal(true).signed_zeros_equal(false)))
      << back->ToString() << column->ToString();
  for (int64_t i = 0; i < num_distinct; ++i) {
    const int32_t first = distinct->first_rows[static_cast<std::size_t>(i)];
    EXPECT_EQ(distinct->numbers[static_cast<std::size_t>(first)], i);
    EXPECT_TRUE(i == 0 || first > distinct->first_rows[static_cast<std::size_t>(i - 1)]);
  }
}

TEST(DistinctRows, StringsOfEachLength) {
  std::vector<std::string> values;
  for (std::size_t size = 0; size < 45; ++size) {
    values.push_back(std::string(size, 'a'));
    if (size > 0) {
      // Different in the first, in the middle, in the last byte.
      for (const std::size_t at : {std::size_t{0}, size / 2, size - 1}) {
        values.push_back(std::string(size, 'a'));
        values.back()[at] = static_cast<char>('b' + (at == 0 ? 0 : at == size - 1));
      }
    }
  }
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  auto mixed = values;
  for (int i = 0; i < 20; ++i) {
    mixed.insert(mixed.begin(), values[0]);
  }
  const auto rest = Mixed(values, 4000);
  mixed.insert(mixed.begin() + 10, rest.begin(), rest.end());
  ExpectNumbersOf(Strings(mixed), static_cast<int64_t>(values.size()));
}

TEST(DistinctRows, NumbersOfEachWidth) {
  const std::vector<int64_t> values = {0, 1, -1, 100, -128, 127, 5};
  ExpectNumbersOf(ArrayOf<arrow::Int8Builder>(Mixed(values, 500)), 7);
  ExpectNumbersOf(ArrayOf<arrow::UInt16Builder>(Mixed(values, 500)), 7);
  ExpectNumbersOf(ArrayOf<arrow::Int32Builder>(Mixed(values, 500)), 7);
  ExpectNumbersOf(Integers(Mixed(values, 500)), 7);
  ExpectNumbersOf(ArrayOf<arrow::BooleanBuilder>(Mixed<uint8_t>({0, 1}, 500)), 2);
}

TEST(DistinctRows, TypesThatAreStoredAsNumbers) {
  // Bit patterns are compared, whatever they mean.
  const auto as = [](const std::shared_ptr<arrow::Array>& numbers,
                     const std::shared_ptr<arrow::DataType>& type) {
    auto data = numbers->data()->Copy();
    data->type = type;
    return arrow::MakeArray(data);
  };
  const std::vector<int64_t> values = {0, 1, 2, 100, 5};
  const auto halves = ArrayOf<arrow::UInt16Builder>(Mixed(values, 500));
  ExpectNumbersOf(as(halves, arrow::float16()), 5);
  const auto words = ArrayOf<arrow::Int32Builder>(Mixed(values, 500));
  for (const auto& type :
       {arrow::time32(arrow::TimeUnit::SECOND), arrow::decimal32(9, 2)}) {
    ExpectNumbersOf(as(words, type), 5);
  }
  const auto longs = Integers(Mixed<int64_t>({0, 86400000, 172800000}, 500));
  for (const auto& type :
       {arrow::date64(), arrow::time64(arrow::TimeUnit::NANO),
        arrow::duration(arrow::TimeUnit::MICRO), arrow::decimal64(18, 2)}) {
    ExpectNumbersOf(as(longs, type), 3);
  }
}

TEST(DistinctRows, BytesOfAFixedNumber) {
  const std::vector<std::string> values = {"abcdefg", "abcdefh", "bbcdefg", "abcxefg"};
  const auto rows = ArrayOf<arrow::FixedSizeBinaryBuilder>(
      Mixed(values, 500), arrow::FixedSizeBinaryBuilder(arrow::fixed_size_binary(7)));
  ExpectNumbersOf(rows, 4);
  ExpectNumbersOf(rows->Slice(3), 4);
  const std::vector<arrow::Decimal128> decimals = {
      arrow::Decimal128(5), arrow::Decimal128(-5), arrow::Decimal128(1, 5)};
  ExpectNumbersOf(
      ArrayOf<arrow::Decimal128Builder>(
          Mixed(decimals, 500), arrow::Decimal128Builder(arrow::decimal128(38, 2))),
      3);
  EXPECT_FALSE(CanNumber(*arrow::fixed_size_binary(0)));
}

TEST(DistinctRows, FloatsAreComparedBitByBit) {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> values = {0.0, -0.0, nan, -nan, 1.5, INFINITY};
  ExpectNumbersOf(ArrayOf<arrow::DoubleBuilder>(Mixed(values, 500)), 6);
  ExpectNumbersOf(ArrayOf<arrow::FloatBuilder>(Mixed(values, 500)), 6);
}

TEST(DistinctRows, NullsAreOneValueAndSlicesAreRespected) {
  arrow::StringBuilder builder;
  for (int i = 0; i < 300; ++i) {
    ASSERT_TRUE((i % 3 == 0 ? builder.AppendNull()
                            : builder.Append(i < 13       ? "unseen"
                                             : i % 2 == 0 ? ""
                                                          : "b"))
                    .ok());
  }
  const auto column = builder.Finish().ValueOrDie();
  ExpectNumbersOf(column->Slice(13, 200), 3);
  ExpectNumbersOf(column->Slice(15, 200), 3);
}

TEST(DistinctRows, MoreValuesThanTheFirstTableHasRoomFor) {
  std::vector<int64_t> values(4000);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<int64_t>(i) << 33;
  }
  auto mixed = Mixed(std::vector<int64_t>{0, INT64_C(1) << 33}, 20000);
  mixed.insert(mixed.end(), values.begin(), values.end());
  ExpectNumbersOf(Integers(mixed), 4000);
}

TEST(DistinctRows, RowsOfSeveralColumns) {
  const auto numbers = Integers(Mixed<int64_t>({1, 2, 3}, 600));
  const auto words = Strings(Mixed<std::string>({"a", "b"}, 600));
  const auto same = Integers(std::vector<int64_t>(600, 9));
  DistinctRowsFinder finder;
  const auto distinct = finder.Find({numbers, same, words}, 600);
  ASSERT_TRUE(distinct.has_value());
  EXPECT_LE(distinct->num_rows(), 6);
  const arrow::ArrayVector columns = {numbers, same, words};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    EXPECT_TRUE(distinct->Spread(*distinct->columns[i]).ValueOrDie()->Equals(columns[i]));
  }
}

TEST(DistinctRows, ResultsWithNullsAreSpread) {
  const auto column = Integers(Mixed<int64_t>({1, 2}, 100));
  DistinctRowsFinder finder;
  const auto distinct = finder.Find({column}, 100);
  ASSERT_TRUE(distinct.has_value());
  arrow::StringBuilder builder;
  ASSERT_TRUE(builder.AppendNull().ok() && builder.Append("two").ok());
  const auto results = builder.Finish().ValueOrDie();
  const auto spread = distinct->Spread(*results).ValueOrDie();
  ASSERT_EQ(spread->length(), 100);
  for (int64_t i = 0; i < 100; ++i) {
    EXPECT_EQ(spread->IsNull(i), distinct->numbers[static_cast<std::size_t>(i)] == 0);
  }
}

TEST(DistinctRows, MoreBytesThanATypeHoldsAreRefusedBeforeAnythingIsMade) {
  const auto column = Integers(std::vector<int64_t>(4096, 1));
  DistinctRowsFinder finder;
  const auto distinct = finder.Find({column}, 4096);
  ASSERT_TRUE(distinct.has_value());
  const auto status = distinct->Spread(*Strings({std::string(1 << 20, 'x')})).status();
  EXPECT_TRUE(status.IsCapacityError()) << status.ToString();
}

TEST(DistinctRows, MostlyDifferentRowsAreGivenUp) {
  std::vector<int64_t> values(8192);
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<int64_t>(i);
  }
  const auto different = Integers(values);
  const auto same = Integers(std::vector<int64_t>(8192, 1));
  DistinctRowsFinder finder;
  EXPECT_FALSE(finder.Find({different}, 8192).has_value());
  EXPECT_FALSE(finder.Find({same}, 8192).has_value()) << "one batch is left out";
  EXPECT_TRUE(finder.Find({same}, 8192).has_value());
  EXPECT_TRUE(finder.Find({same}, 8192).has_value());
  EXPECT_FALSE(finder.Find({same->Slice(0, 5)}, 5).has_value()) << "too few rows";
}

TEST(DistinctRows, ValuesThatAllCollideAreGivenUp) {
  // Bytes whose hashes have the same low bits, found by trying.
  std::vector<int64_t> colliding;
  for (int64_t i = 1; colliding.size() < 120; ++i) {
    const uint64_t product = static_cast<uint64_t>(i) * 0x9E3779B97F4A7C15;
    if ((((product ^ (product >> 32)) >> 8) & 0x3FFF) == 77) {
      colliding.push_back(i);
    }
  }
  auto values = Mixed(std::vector<int64_t>{colliding[0]}, 1000);
  values.insert(values.end(), colliding.begin(), colliding.end());
  DistinctRowsFinder finder;
  EXPECT_FALSE(finder.Find({Integers(values)}, static_cast<int64_t>(values.size())));
}

TEST(DistinctRows, OtherTypesAreNotCompared) {
  EXPECT_FALSE(CanNumber(*arrow::utf8_view()));
  EXPECT_FALSE(CanNumber(*arrow::list(arrow::int64())));
  EXPECT_TRUE(CanNumber(*arrow::timestamp(arrow::TimeUnit::NANO, "UTC")));
}

}  // namespace

}  // namespace springald
