#include "springald/base/byte_reader.h"

#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace springald {

namespace {

constexpr std::size_t kNoLimit = std::numeric_limits<std::size_t>::max();

/// Bytes that may hold zeros.
template <std::size_t N>
std::string Bytes(const char (&literal)[N]) {
  return std::string(literal, N - 1);
}

template <typename T>
void ExpectInvalid(const arrow::Result<T>& result, const std::string& piece) {
  EXPECT_TRUE(result.status().IsInvalid()) << result.status().ToString();
  EXPECT_NE(result.status().message().find(piece), std::string::npos)
      << result.status().message();
}

TEST(ByteReader, ReadsLittleEndianIntegers) {
  const std::string bytes = Bytes(
      "\x01\x02\x03\x04\x05\x06\x07\xff\xfe\xfd\xfc\xfb"
      "\xfa\xf9\xf8");
  ByteReader reader(bytes);
  EXPECT_EQ(reader.ReadUint8().ValueOrDie(), 0x01);
  EXPECT_EQ(reader.ReadUint16().ValueOrDie(), 0x0302);
  EXPECT_EQ(reader.ReadUint32().ValueOrDie(), 0x07060504u);
  EXPECT_EQ(reader.ReadUint64().ValueOrDie(), 0xf8f9fafbfcfdfeffu);
  EXPECT_TRUE(reader.AtEnd());
}

TEST(ByteReader, RefusesIntegerPastEndAndStays) {
  ByteReader reader("abc", 100);
  ExpectInvalid(reader.ReadUint32(), "at byte 100 needs 4 bytes, but 3 are left");
  EXPECT_EQ(reader.num_bytes_left(), 3u);
  EXPECT_EQ(reader.offset(), 100u);
  EXPECT_EQ(reader.ReadUint8().ValueOrDie(), 'a');
  ExpectInvalid(reader.ReadUint64(), "at byte 101 needs 8 bytes, but 2 are left");
}

TEST(ByteReader, ReadsVarints) {
  const std::string bytes = Bytes(
      "\x00\x7f\x80\x01\xac\x02"
      "\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01");
  ByteReader reader(bytes);
  for (const uint64_t expected :
       {uint64_t{0}, uint64_t{127}, uint64_t{128}, uint64_t{300}, ~uint64_t{0}}) {
    EXPECT_EQ(reader.ReadVarint().ValueOrDie(), expected);
  }
  EXPECT_TRUE(reader.AtEnd());
}

TEST(ByteReader, AcceptsPaddedVarintAsProtobufDoes) {
  const std::string bytes = Bytes("\x81\x80\x00");
  ByteReader reader(bytes);
  EXPECT_EQ(reader.ReadVarint().ValueOrDie(), 1u);
  EXPECT_TRUE(reader.AtEnd());
}

TEST(ByteReader, RefusesVarintThatIsCutOff) {
  ByteReader reader("\xff\xff");
  ExpectInvalid(reader.ReadVarint(), "varint at byte 0 is cut off after 2 bytes");
  EXPECT_EQ(reader.offset(), 0u);
  ExpectInvalid(ByteReader("").ReadVarint(), "cut off after 0 bytes");
}

TEST(ByteReader, RefusesVarintOver64Bits) {
  ExpectInvalid(ByteReader("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02").ReadVarint(),
                "longer than 64 bits");
  ExpectInvalid(ByteReader("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01").ReadVarint(),
                "longer than 64 bits");
}

TEST(ByteReader, ReadsLengthDelimitedSlicesInPlace) {
  const std::string bytes = Bytes(
      "\x03"
      "abc"
      "\x00");
  ByteReader reader(bytes);
  const auto slice = reader.ReadLengthDelimited(3).ValueOrDie();
  EXPECT_EQ(slice, "abc");
  EXPECT_EQ(slice.data(), bytes.data() + 1);
  EXPECT_EQ(reader.ReadLengthDelimited(0).ValueOrDie(), "");
  EXPECT_TRUE(reader.AtEnd());
}

TEST(ByteReader, RefusesLengthPastEnd) {
  ByteReader reader(
      "\x04"
      "abc");
  ExpectInvalid(reader.ReadLengthDelimited(kNoLimit), "4 announced, 3 left");
  EXPECT_EQ(reader.offset(), 0u);
  // The largest length there is must not wrap around.
  ExpectInvalid(ByteReader("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                           "abc")
                    .ReadLengthDelimited(kNoLimit),
                "18446744073709551615 announced, 3 left");
}

TEST(ByteReader, RefusesLengthOverLimitBeforeWhatIsLeft) {
  ExpectInvalid(ByteReader("\x7f").ReadLengthDelimited(10),
                "too large: 127 bytes, at most 10 are accepted");
  ExpectInvalid(ByteReader("abc").ReadBytes(3, 2), "at most 2 are accepted");
}

}  // namespace

}  // namespace springald
