#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <arrow/array.h>
#include <arrow/extension/uuid.h>
#include <arrow/json/from_string.h>
#include <arrow/type.h>
#include <arrow/util/key_value_metadata.h>
#include <arrow/util/logging.h>

#include "springald/wire/columns.h"

namespace springald::wire {

/// A column of some type. The name says which.
struct SampleColumn {
  std::string name;
  std::shared_ptr<arrow::Array> column;
};

inline std::shared_ptr<arrow::Array> FromJson(
    const std::shared_ptr<arrow::DataType>& type, const std::string& json) {
  return arrow::json::ArrayFromJSONString(type, json).ValueOrDie();
}

/// The field that describes a column.
inline std::shared_ptr<arrow::Field> FieldOf(const arrow::Array& column) {
  return arrow::field("column", column.type());
}

/// Returns what ColumnsToWrite makes of the columns, with zeros where it writes nothing.
inline std::shared_ptr<arrow::Buffer> WrittenBytes(const arrow::ArrayVector& columns,
                                                   const arrow::FieldVector& fields,
                                                   int64_t num_rows) {
  const auto written = ColumnsToWrite::Of(columns, fields, num_rows).ValueOrDie();
  std::shared_ptr<arrow::Buffer> bytes =
      arrow::AllocateBuffer(written.num_bytes()).ValueOrDie();
  std::memset(bytes->mutable_data(), 0, static_cast<std::size_t>(bytes->size()));
  ARROW_CHECK_OK(written.WriteTo(bytes->mutable_data()));
  return bytes;
}

inline std::shared_ptr<arrow::Array> RunsOf(
    const std::shared_ptr<arrow::DataType>& end_type,
    const std::shared_ptr<arrow::Array>& values) {
  // Values of two rows each but the last, which has one.
  std::string ends;
  for (int64_t i = 0; i + 1 < values->length(); ++i) {
    ends += std::to_string(2 * i + 2) + ", ";
  }
  const int64_t num_rows = 2 * values->length() - 1;
  return arrow::RunEndEncodedArray::Make(
             num_rows, FromJson(end_type, "[" + ends + std::to_string(num_rows) + "]"),
             values)
      .ValueOrDie();
}

inline std::shared_ptr<arrow::Array> DictionaryOf(
    const std::shared_ptr<arrow::DataType>& index_type, const std::string& indices,
    const std::shared_ptr<arrow::Array>& values) {
  return arrow::DictionaryArray::FromArrays(arrow::dictionary(index_type, values->type()),
                                            FromJson(index_type, indices), values)
      .ValueOrDie();
}

inline std::shared_ptr<arrow::Array> ListsOf(
    const std::shared_ptr<arrow::Array>& values) {
  // [values[0], values[1]], null, [], the others
  return arrow::ListArray::FromArrays(
             *FromJson(arrow::int32(),
                       "[0, null, 2, 2, " + std::to_string(values->length()) + "]"),
             *values)
      .ValueOrDie();
}

inline std::shared_ptr<arrow::Array> Uuids() {
  return arrow::ExtensionType::WrapArray(
      arrow::extension::uuid(),
      FromJson(arrow::fixed_size_binary(16),
               R"(["0123456789abcdef", null, "a uuid of letter", "0123456789abcdef",
                   "................"])"));
}

inline std::shared_ptr<arrow::Array> LabelledLists() {
  const auto item = arrow::field("element", arrow::int16(), /*nullable=*/false,
                                 arrow::key_value_metadata({"unit"}, {"m"}));
  return FromJson(arrow::list(item), "[[1, 2], null, [], [3, 4]]");
}

/// One column of each family of types. The order is that of the seeds of the fuzz target
/// `columns`: new ones come last.
inline std::vector<SampleColumn> SampleColumns() {
  using namespace arrow;  // NOLINT: names of types, in a function
  const std::string texts = R"(["a", null, "", "a text of more than twelve bytes", "b"])";
  const auto words = FromJson(utf8(), texts);
  const auto indices = "[0, null, 3, 1, 0]";
  const auto pair =
      struct_({field("i", int32()), field("t", utf8(), /*nullable=*/false)});
  std::vector<SampleColumn> samples{
      {"null", FromJson(null(), "[null, null, null]")},
      {"bool", FromJson(boolean(), "[true, null, false, true]")},
      {"int64", FromJson(int64(), "[1, null, -9007199254740993, 4]")},
      {"double", FromJson(float64(), "[1.5, null, -0.0]")},
      {"decimal128", FromJson(decimal128(20, 2), R"(["1.50", null, "-3.25"])")},
      {"interval", FromJson(month_day_nano_interval(), "[[1, 2, 3], null]")},
      {"utf8", words},
      {"large_binary", FromJson(large_binary(), texts)},
      {"string_view", FromJson(utf8_view(), texts)},
      {"fixed_size_binary", FromJson(fixed_size_binary(3), R"(["abc", null, "def"])")},
      {"list", ListsOf(words)},
      {"list_view", FromJson(list_view(int16()), "[[1, 2], null, [], [3]]")},
      {"large_list_view",
       FromJson(large_list_view(utf8()), R"([["a"], null, ["b", ""]])")},
      {"fixed_size_list",
       FromJson(fixed_size_list(int8(), 2), "[[1, 2], null, [3, null]]")},
      {"struct", FromJson(pair, R"([[1, "a"], null, [null, "b"]])")},
      {"map", FromJson(map(utf8(), int32()), R"([[["a", 1], ["b", null]], null, []])")},
      {"sparse_union", FromJson(sparse_union({field("i", int32()), field("t", utf8())}),
                                R"([[0, 1], [1, "a"], [1, null]])")},
      {"dense_union",
       FromJson(dense_union({field("i", int32()), field("t", utf8())}, {5, 9}),
                R"([[5, 1], [9, "a"], [5, null], [9, "b"]])")},
      {"dictionary", DictionaryOf(int8(), indices, words)},
      {"list_of_dictionary", ListsOf(DictionaryOf(uint16(), indices, words))},
      {"dictionary_of_lists_of_dictionary",
       DictionaryOf(
           int32(), "[3, null, 0, 2]",
           ListsOf(DictionaryOf(int8(), indices, FromJson(utf8_view(), texts))))},
      {"runs", RunsOf(int32(), words)},
      {"runs_of_dictionary", RunsOf(int16(), DictionaryOf(int8(), indices, words))},
      {"uuid", Uuids()},
      {"list_of_uuid", ListsOf(Uuids())},
      {"dictionary_of_uuid", DictionaryOf(int8(), indices, Uuids())},
      {"runs_of_uuid", RunsOf(int64(), Uuids())},
      {"labelled_lists", LabelledLists()},
      {"dictionary_of_labelled_lists",
       DictionaryOf(int8(), "[1, 0, null, 3]", LabelledLists())},
  };
  const auto both = StructArray::Make(
      {DictionaryOf(int8(), indices, words), FromJson(binary_view(), texts)},
      {field("d", dictionary(int8(), utf8())), field("v", binary_view())});
  samples.push_back({"struct_of_dictionary_and_view", both.ValueOrDie()});
  return samples;
}

/// Types that SampleColumns leaves out because one of their family is there.
inline std::vector<SampleColumn> MoreColumns() {
  using namespace arrow;  // NOLINT: names of types, in a function
  const std::string numbers = "[1, null, 3, 0]";
  const std::string texts = R"(["a", null, "", "a text of more than twelve bytes", "b"])";
  std::vector<SampleColumn> samples;
  for (const auto& type :
       {int8(), int16(), int32(), uint8(), uint16(), uint32(), uint64(), float16(),
        float32(), date32(), time32(TimeUnit::SECOND), time32(TimeUnit::MILLI),
        time64(TimeUnit::MICRO), time64(TimeUnit::NANO), timestamp(TimeUnit::SECOND),
        timestamp(TimeUnit::NANO, "Europe/Berlin"), duration(TimeUnit::MILLI),
        month_interval()}) {
    samples.push_back({type->ToString(), FromJson(type, numbers)});
  }
  samples.push_back({"date64", FromJson(date64(), "[0, null, 86400000]")});
  samples.push_back({"day_time", FromJson(day_time_interval(), "[[1, 2], null]")});
  for (const auto& type : {smallest_decimal(5, 2), decimal64(15, 2), decimal256(50, 2)}) {
    samples.push_back({type->ToString(), FromJson(type, R"(["1.50", null, "-3.25"])")});
  }
  for (const auto& type : {large_utf8(), binary(), binary_view()}) {
    samples.push_back({type->ToString(), FromJson(type, texts)});
  }
  samples.push_back(
      {"large_list", FromJson(large_list(utf8()), R"([["a", null], null])")});
  return samples;
}

}  // namespace springald::wire
