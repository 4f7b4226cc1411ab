#include "springald/codec/signature.h"

#include <cstdint>
#include <memory>
#include <string>

#include <arrow/api.h>
#include <arrow/extension/bool8.h>
#include <arrow/extension/fixed_shape_tensor.h>
#include <arrow/extension/json.h>
#include <arrow/extension/uuid.h>
#include <arrow/ipc/writer.h>
#include <gtest/gtest.h>

namespace springald {

namespace {

constexpr SchemaBounds kBounds = {1 << 20};

void ExpectInvalid(const arrow::Status& status, const std::string& piece) {
  EXPECT_TRUE(status.IsInvalid()) << status.ToString();
  EXPECT_NE(status.message().find(piece), std::string::npos) << status.message();
}

void ExpectRoundTrip(const std::shared_ptr<arrow::Schema>& schema) {
  const std::string bytes = EncodeSchema(*schema).ValueOrDie();
  const auto back = DecodeSchema(bytes, kBounds);
  ASSERT_TRUE(back.ok()) << back.status().ToString();
  EXPECT_TRUE((*back)->Equals(*schema, /*check_metadata=*/true))
      << (*back)->ToString() << "\n"
      << schema->ToString();
}

std::shared_ptr<arrow::DataType> Nested(int num_levels) {
  std::shared_ptr<arrow::DataType> type = arrow::int8();
  for (int i = 1; i < num_levels; ++i) {
    type = arrow::list(type);
  }
  return type;
}

template <typename Integer>
void Append(std::string* bytes, Integer value) {
  bytes->append(reinterpret_cast<const char*>(&value), sizeof(value));
}

/// A schema message whose `num_fields` fields are all one and the same part of the
/// flatbuffer, with a name of `num_name_bytes`.
std::string SharedFields(uint32_t num_fields, uint32_t num_name_bytes) {
  std::string b;
  Append<uint32_t>(&b, 16);                                   // to the message
  for (const uint16_t entry : {10, 12, 4,  6, 8,  0,          // 4: its layout
                               12, 0,  4,  1, 12, 0,          // 16: the message
                               8,  8,  0,  4,                 // 28: next layout
                               8,  0,  24, 0,                 // 36: the schema
                               16, 20, 4,  0, 8,  12, 0, 16,  // 44: of the field
                               4,  4}) {                      // 60: of its type
    Append(&b, entry);
  }
  Append(&b, num_fields);  // 64: the vector
  const uint32_t field = 68 + 4 * num_fields;
  for (uint32_t i = 0; i < num_fields; ++i) {
    Append(&b, field - (68 + 4 * i));
  }
  Append(&b, field - 44);       // the field: back to its layout
  Append<uint32_t>(&b, 24);     // to its name
  Append<uint32_t>(&b, 6);      // a boolean
  Append<uint32_t>(&b, 8);      // to its type
  Append<uint32_t>(&b, 8);      // to its children
  Append(&b, field + 20 - 60);  // the type: back to its layout
  Append<uint32_t>(&b, 0);      // the children: none
  Append(&b, num_name_bytes);   // the name
  b.append(num_name_bytes, 'n');
  b.append(8 - num_name_bytes % 4, '\0');
  std::string message;
  Append<uint32_t>(&message, 0xffffffff);
  Append(&message, static_cast<uint32_t>(b.size()));
  return message + b;
}

TEST(Signature, KeepsNamesTypesAndMetadata) {
  ExpectRoundTrip(arrow::schema({}));
  ExpectRoundTrip(arrow::schema(
      {arrow::field("a", arrow::utf8(), false, arrow::key_value_metadata({"k"}, {"v"})),
       arrow::field("", arrow::timestamp(arrow::TimeUnit::NANO, "UTC"))},
      arrow::key_value_metadata({"x"}, {""})));
}

TEST(Signature, KeepsDictionaryTypesWithoutDictionaries) {
  const auto dictionary = arrow::dictionary(arrow::int8(), arrow::utf8(), true);
  ExpectRoundTrip(
      arrow::schema({arrow::field("a", dictionary), arrow::field("b", dictionary),
                     arrow::field("c", arrow::list(arrow::dictionary(
                                           arrow::int64(), arrow::list(dictionary))))}));
}

TEST(Signature, ReadsExtensionTypesThatNobodyRegisteredAsTheirStorage) {
  const auto metadata = arrow::key_value_metadata(
      {"k", "ARROW:extension:name", "ARROW:extension:metadata"}, {"v", "acme.word", "1"});
  const auto word = arrow::field("a", arrow::utf8(), true, metadata);
  ExpectRoundTrip(arrow::schema({word, arrow::field("b", arrow::list(word))}));
}

TEST(Signature, KeepsExtensionTypesOfArrowItself) {
  const auto tensor = arrow::extension::fixed_shape_tensor(arrow::int8(), {2, 3});
  for (const auto& type : {arrow::extension::uuid(), arrow::extension::json(),
                           arrow::extension::bool8(), tensor}) {
    const auto schema = arrow::schema(
        {arrow::field("a", type, false, arrow::key_value_metadata({"k"}, {"v"})),
         arrow::field("b", arrow::struct_({arrow::field("c", arrow::list(type))}))});
    ExpectRoundTrip(schema);
    const std::string bytes = EncodeSchema(*schema).ValueOrDie();
    EXPECT_EQ(*EncodeSchema(*DecodeSchema(bytes, kBounds).ValueOrDie()), bytes);
  }
}

TEST(Signature, ReadsTheOtherEndiannessAsThisOne) {
  const auto swapped = arrow::schema({arrow::field("a", arrow::int64())})
                           ->WithEndianness(arrow::Endianness::Big);
  const auto bytes = arrow::ipc::SerializeSchema(*swapped).ValueOrDie()->ToString();
  EXPECT_TRUE(DecodeSchema(bytes, kBounds).ValueOrDie()->is_native_endian());
  EXPECT_TRUE(DecodeSchema(EncodeSchema(*swapped).ValueOrDie(), kBounds)
                  .ValueOrDie()
                  ->is_native_endian());
}

TEST(Signature, ReadsBytesAtAnyAddress) {
  const auto schema = arrow::schema({arrow::field("a", arrow::int64())});
  for (std::size_t shift = 0; shift < 8; ++shift) {
    const std::string bytes = std::string(shift, '!') + *EncodeSchema(*schema);
    EXPECT_TRUE(DecodeSchema(std::string_view(bytes).substr(shift), kBounds).ok());
  }
}

TEST(Signature, RefusesEveryTruncation) {
  const auto bytes = *EncodeSchema(*arrow::schema({arrow::field("a", arrow::utf8())}));
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_TRUE(DecodeSchema(bytes.substr(0, size), kBounds).status().IsInvalid());
  }
}

TEST(Signature, RefusesWhatFollows) {
  const auto bytes = *EncodeSchema(*arrow::schema({}));
  ExpectInvalid(
      DecodeSchema(bytes + std::string("\xff\xff\xff\xff\0\0\0\0", 8), kBounds).status(),
      "Bytes follow the schema message: 8");
}

TEST(Signature, RefusesDeclaredSizePastEnd) {
  auto bytes = *EncodeSchema(*arrow::schema({}));
  bytes[7] = 0x7f;
  ExpectInvalid(DecodeSchema(bytes, kBounds).status(), "too large");
  bytes[7] = 0;
  bytes[4] = static_cast<char>(bytes[4] + 8);
  ExpectInvalid(DecodeSchema(bytes, kBounds).status(), "cut off");
}

TEST(Signature, RefusesAnotherMessage) {
  const auto schema = arrow::schema({arrow::field("a", arrow::int64())});
  const auto batch = arrow::RecordBatch::MakeEmpty(schema).ValueOrDie();
  const auto options = arrow::ipc::IpcWriteOptions::Defaults();
  const auto bytes = arrow::ipc::SerializeRecordBatch(*batch, options).ValueOrDie();
  ExpectInvalid(DecodeSchema(bytes->ToString(), kBounds).status(),
                "not a schema: its header is of type 3, expected 1");
}

TEST(Signature, RefusesTextThatIsNone) {
  const auto name = [](const std::string& text) {
    return EncodeSchema(*arrow::schema({arrow::field(text, arrow::int8())}));
  };
  ExpectInvalid(DecodeSchema(*name("\xff"), kBounds).status(), "name is not valid UTF-8");
  ExpectInvalid(DecodeSchema(*name(std::string(1, '\0')), kBounds).status(),
                "name has a zero byte, at 0");
  const auto inner = arrow::struct_({arrow::field("\xff", arrow::int8())});
  const auto nested = EncodeSchema(*arrow::schema({arrow::field("a", inner)}));
  ExpectInvalid(DecodeSchema(*nested, kBounds).status(), "name is not valid UTF-8");
  const auto zone = arrow::timestamp(arrow::TimeUnit::SECOND, "\xff");
  const auto bytes = EncodeSchema(*arrow::schema({arrow::field("a", zone)}));
  ExpectInvalid(DecodeSchema(*bytes, kBounds).status(), "time zone is not valid UTF-8");
}

TEST(Signature, BoundsTheNesting) {
  ExpectRoundTrip(arrow::schema({arrow::field("a", Nested(64))}));
  const auto bytes = *EncodeSchema(*arrow::schema({arrow::field("a", Nested(65))}));
  ExpectInvalid(DecodeSchema(bytes, kBounds).status(), "nested too deeply: more than 64");
}

TEST(Signature, BoundsWhatSharedPartsUnfoldTo) {
  // Arrow itself takes such a message, and copies the name as often as it is used.
  const std::string small = SharedFields(3, 100);
  const auto schema = DecodeSchema(small, kBounds);
  ASSERT_TRUE(schema.ok()) << schema.status().ToString();
  EXPECT_EQ((*schema)->num_fields(), 3);
  EXPECT_EQ((*schema)->field(2)->name(), std::string(100, 'n'));

  const std::string large = SharedFields(10000, 1000);
  EXPECT_LT(large.size(), 50000u);
  ExpectInvalid(DecodeSchema(large, kBounds).status(),
                "too large when it is unfolded: more than 1048576 bytes");
}

}  // namespace

}  // namespace springald
