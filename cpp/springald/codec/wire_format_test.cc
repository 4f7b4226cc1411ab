#include "springald/codec/wire_format.h"

#include <string>

#include <gtest/gtest.h>

namespace springald {

namespace {

WireReader ReaderOf(const std::string& bytes) { return WireReader(ByteReader(bytes)); }

void ExpectInvalid(const arrow::Status& status, const std::string& piece) {
  EXPECT_TRUE(status.IsInvalid()) << status.ToString();
  EXPECT_NE(status.message().find(piece), std::string::npos) << status.message();
}

// The examples of protobuf's own page on its encoding.
TEST(WireFormat, WritesThePublishedExamples) {
  WireWriter writer;
  writer.WriteVarint(1, 150);
  writer.WriteBytes(2, "testing");
  EXPECT_EQ(writer.Finish(), "\x08\x96\x01\x12\x07testing");
  WireWriter outer;
  outer.WriteMessage(3, "\x08\x96\x01");
  EXPECT_EQ(outer.Finish(), "\x1a\x03\x08\x96\x01");
}

TEST(WireFormat, LeavesOutDefaultsButNotEmptyMessages) {
  WireWriter writer;
  writer.WriteVarint(1, 0);
  writer.WriteBytes(2, "");
  EXPECT_EQ(writer.bytes(), "");
  writer.WriteMessage(3, "");
  EXPECT_EQ(writer.bytes(), std::string("\x1a\x00", 2));
}

TEST(WireFormat, ReadsWhatItWrites) {
  WireWriter writer;
  writer.WriteVarint(1, ~uint64_t{0});
  writer.WriteBytes(536870911, "x");  // the largest field number
  const std::string bytes = writer.Finish();

  WireReader reader = ReaderOf(bytes);
  WireTag tag = reader.ReadTag().ValueOrDie();
  EXPECT_EQ(tag.field_number, 1u);
  EXPECT_EQ(reader.ReadVarint(tag).ValueOrDie(), ~uint64_t{0});
  tag = reader.ReadTag().ValueOrDie();
  EXPECT_EQ(tag.field_number, 536870911u);
  EXPECT_EQ(reader.ReadBytes(tag, 1).ValueOrDie(), "x");
  EXPECT_TRUE(reader.AtEnd());
}

TEST(WireFormat, NamesOffsetsOfTheOutermostMessage) {
  const std::string bytes = "\x08\x01\x1a\x02\x08\x80";
  WireReader reader = ReaderOf(bytes);
  ASSERT_TRUE(reader.Skip(reader.ReadTag().ValueOrDie()).ok());
  WireReader inner = reader.ReadMessage(reader.ReadTag().ValueOrDie(), 10).ValueOrDie();
  const WireTag tag = inner.ReadTag().ValueOrDie();
  EXPECT_EQ(tag.offset, 4u);
  ExpectInvalid(inner.ReadVarint(tag).status(), "varint at byte 5 is cut off");
}

TEST(WireFormat, SkipsEveryWireType) {
  const std::string bytes(
      "\x08\x96\x01"
      "\x11"
      "12345678"
      "\x1a\x02"
      "ab"
      "\x25"
      "1234",
      21);
  WireReader reader = ReaderOf(bytes);
  for (uint32_t number = 1; number <= 4; ++number) {
    const WireTag tag = reader.ReadTag().ValueOrDie();
    EXPECT_EQ(tag.field_number, number);
    EXPECT_TRUE(reader.Skip(tag).ok());
  }
  EXPECT_TRUE(reader.AtEnd());
}

TEST(WireFormat, RefusesToSkipPastTheEnd) {
  for (const std::string bytes : {"\x08\x80",
                                  "\x11"
                                  "1234567",
                                  "\x1a\x03"
                                  "ab",
                                  "\x25"
                                  "123"}) {
    WireReader reader = ReaderOf(bytes);
    const WireTag tag = reader.ReadTag().ValueOrDie();
    EXPECT_TRUE(reader.Skip(tag).IsInvalid()) << static_cast<int>(tag.type);
  }
}

TEST(WireFormat, RefusesGroups) {
  ExpectInvalid(ReaderOf("\x0b").ReadTag().status(), "not supported: 3");
  ExpectInvalid(ReaderOf("\x0c").ReadTag().status(), "not supported: 4");
}

TEST(WireFormat, RefusesASecondTime) {
  SeenFields seen;
  EXPECT_TRUE(seen.Add({5, WireType::kVarint, 0}).ok());
  EXPECT_TRUE(seen.Add({63, WireType::kVarint, 0}).ok());
  ExpectInvalid(seen.Add({5, WireType::kVarint, 9}),
                "Field 5 comes a second time, at byte 9");
}

}  // namespace

}  // namespace springald
