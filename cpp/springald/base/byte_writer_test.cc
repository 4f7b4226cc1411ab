#include "springald/base/byte_writer.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "springald/base/byte_reader.h"

namespace springald {

namespace {

/// Bytes that may hold zeros.
template <std::size_t N>
std::string Bytes(const char (&literal)[N]) {
  return std::string(literal, N - 1);
}

TEST(ByteWriter, WritesLittleEndianIntegers) {
  ByteWriter writer;
  writer.WriteUint8(0x01);
  writer.WriteUint16(0x0302);
  writer.WriteUint32(0x07060504);
  writer.WriteUint64(0xf8f9fafbfcfdfeff);
  EXPECT_EQ(writer.bytes(), Bytes("\x01\x02\x03\x04\x05\x06\x07\xff\xfe\xfd\xfc\xfb"
                                  "\xfa\xf9\xf8"));
}

TEST(ByteWriter, WritesVarints) {
  ByteWriter writer;
  for (const uint64_t value :
       {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{300}, ~uint64_t{0}}) {
    writer.WriteVarint(value);
  }
  EXPECT_EQ(writer.bytes(), Bytes("\x00\x7f\x80\x01\xac\x02"
                                  "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"));
}

TEST(ByteWriter, WritesBytesWithTheirLength) {
  ByteWriter writer;
  writer.WriteLengthDelimited("abc");
  writer.WriteLengthDelimited("");
  writer.WriteBytes("xy");
  writer.WriteLengthDelimited(Bytes("\0\0"));
  EXPECT_EQ(writer.bytes(), Bytes("\x03"
                                  "abc\0xy\x02\0\0"));
}

TEST(ByteWriter, WritesALengthOfMoreThanOneByte) {
  ByteWriter writer;
  writer.WriteLengthDelimited(std::string(300, 'x'));
  EXPECT_EQ(writer.bytes(), "\xac\x02" + std::string(300, 'x'));
}

TEST(ByteWriter, HandsOverWhatItWrote) {
  ByteWriter writer;
  EXPECT_EQ(writer.Finish(), "");
  writer.WriteUint8('a');
  EXPECT_EQ(writer.Finish(), "a");
}

TEST(ByteWriter, WritesWhatAReaderReads) {
  for (int bit = 0; bit < 64; ++bit) {
    for (const uint64_t value : {uint64_t{1} << bit, (uint64_t{1} << bit) - 1}) {
      ByteWriter writer;
      writer.WriteVarint(value);
      writer.WriteUint64(value);
      writer.WriteUint32(static_cast<uint32_t>(value));
      writer.WriteUint16(static_cast<uint16_t>(value));
      ByteReader reader(writer.bytes());
      EXPECT_EQ(reader.ReadVarint().ValueOrDie(), value);
      EXPECT_EQ(reader.ReadUint64().ValueOrDie(), value);
      EXPECT_EQ(reader.ReadUint32().ValueOrDie(), static_cast<uint32_t>(value));
      EXPECT_EQ(reader.ReadUint16().ValueOrDie(), static_cast<uint16_t>(value));
      EXPECT_TRUE(reader.AtEnd());
    }
  }
}

}  // namespace

}  // namespace springald
