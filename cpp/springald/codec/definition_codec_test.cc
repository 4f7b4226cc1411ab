#include "springald/codec/definition_codec.h"

#include <fstream>
#include <iterator>
#include <string>

#include <gtest/gtest.h>

#include "springald/codec/definition_testing.h"

namespace springald {

namespace {

std::string ReadGolden(const std::string& name) {
  const std::string path = std::string(SPRINGALD_GOLDEN_FOLDER) + "/" + name + ".bin";
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file.good()) << path;
  return std::string(std::istreambuf_iterator<char>(file), {});
}

void ExpectRoundTrip(const UdfDefinition& definition) {
  const std::string bytes = EncodeDefinition(definition).ValueOrDie();
  const UdfDefinition back = DecodeDefinition(bytes).ValueOrDie();
  EXPECT_TRUE(back.Equals(definition));
  EXPECT_EQ(EncodeDefinition(back).ValueOrDie(), bytes);
}

/// Golden bytes were written by Python's protobuf: see tests/golden.
void ExpectGolden(const std::string& name, const UdfDefinition& expected) {
  const std::string bytes = ReadGolden(name);
  const auto decoded = DecodeDefinition(bytes);
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_TRUE(decoded->Equals(expected)) << name;
  EXPECT_EQ(EncodeDefinition(*decoded).ValueOrDie(), bytes) << name;
}

TEST(DefinitionCodec, KeepsEveryField) { ExpectRoundTrip(FullDefinition()); }

TEST(DefinitionCodec, KeepsTheSmallestDefinition) { ExpectRoundTrip(TinyDefinition()); }

TEST(DefinitionCodec, KeepsEveryEnumeration) {
  UdfDefinition definition = TinyDefinition();
  for (const auto mode : {UdfMode::kArrow, UdfMode::kRow}) {
    for (const auto volatility :
         {Volatility::kImmutable, Volatility::kStable, Volatility::kVolatile}) {
      for (const auto nulls : {NullHandling::kCall, NullHandling::kSkip}) {
        definition.mode = mode;
        definition.volatility = volatility;
        definition.null_handling = nulls;
        ExpectRoundTrip(definition);
      }
    }
  }
}

TEST(DefinitionCodec, KeepsLimits) {
  ExpectRoundTrip(LimitedDefinition());
  for (const UdfLimits& limits :
       {UdfLimits{1, 0, 0, 0, 0}, UdfLimits{0, 1, 0, 0, 0}, UdfLimits{0, 0, 1, 0, 0},
        UdfLimits{0, 0, 0, 1, 0}, UdfLimits{0, 0, 0, 0, 1}}) {
    UdfDefinition definition = TinyDefinition();
    definition.limits = limits;
    ExpectRoundTrip(definition);
  }
}

TEST(DefinitionCodec, WritesTheVersionOfTheNewestAdditionThatIsUsed) {
  const auto starts_with = [](const UdfDefinition& definition, const char* versions) {
    return EncodeDefinition(definition).ValueOrDie().starts_with(versions);
  };
  EXPECT_TRUE(starts_with(FullDefinition(), "\x08\x01\x10\x01"));
  EXPECT_TRUE(starts_with(LimitedDefinition(), "\x08\x02\x10\x01"));
}

TEST(DefinitionCodec, ReadsNoLimitsWhereAllAreZero) {
  EncodedFields fields;
  EXPECT_TRUE(DecodeDefinition(fields.SetBytes(definition_field::kLimits, "").Join())
                  ->Equals(TinyDefinition()));
  fields.SetBytes(definition_field::kLimits, std::string("\x08\x00", 2));
  EXPECT_TRUE(DecodeDefinition(fields.Join())->Equals(TinyDefinition()));
}

TEST(DefinitionCodec, Keeps256Arguments) {
  arrow::FieldVector fields;
  for (int i = 0; i < 256; ++i) {
    fields.push_back(arrow::field(std::to_string(i), arrow::float64()));
  }
  UdfDefinition definition = TinyDefinition();
  definition.arguments = arrow::schema(fields);
  ExpectRoundTrip(definition);
}

TEST(DefinitionCodec, KeepsReferencesWithAndWithoutHash) {
  UdfDefinition definition = TinyDefinition();
  definition.payload.clear();
  definition.payload_reference = "store:abc";
  ExpectRoundTrip(definition);
  definition.payload_reference = "live:abc";
  ExpectRoundTrip(definition);
  definition.payload_hash = ContentHash();
  ExpectRoundTrip(definition);
}

TEST(DefinitionCodec, TellsAnEmptySourceFromNone) {
  UdfDefinition definition = TinyDefinition();
  definition.source.emplace();
  ExpectRoundTrip(definition);
  EXPECT_FALSE(definition.Equals(TinyDefinition()));
}

TEST(DefinitionCodec, ComputesTheHashOfAnInlinePayload) {
  UdfDefinition definition = TinyDefinition();
  definition.payload_hash = ContentHash::Of("something else");
  const std::string bytes = EncodeDefinition(definition).ValueOrDie();
  EXPECT_EQ(DecodeDefinition(bytes)->payload_hash, ContentHash::Of(definition.payload));
}

TEST(DefinitionCodec, ReadsFieldsInAnyOrder) {
  // The fields of the first half, behind those of the second.
  EncodedFields first;
  EncodedFields second;
  for (uint32_t number = 1; number <= 15; ++number) {
    (number < 8 ? second : first).Remove(number);
  }
  const auto decoded = DecodeDefinition(second.Join() + first.Join());
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_TRUE(decoded->Equals(TinyDefinition()));
}

TEST(DefinitionCodec, SkipsWhatALaterWriterAdded) {
  EncodedFields fields;
  fields.SetVarint(definition_field::kFormatVersion, 7);
  fields.SetVarint(20, 5);
  fields.SetBytes(17, "later");
  fields.SetRaw(18, std::string("\x95\x01"
                                "1234"));  // fixed32
  fields.SetRaw(19, std::string("\x99\x01"
                                "12345678"));  // fixed64
  WireWriter environment;
  environment.WriteBytes(environment_field::kImplementation, "cpython");
  environment.WriteVarint(99, 1);
  fields.SetBytes(definition_field::kEnvironment, environment.Finish());
  WireWriter source;
  source.WriteBytes(source_field::kText, "x = 1");
  source.WriteBytes(99, "later");
  fields.SetBytes(definition_field::kSource, source.Finish());
  WireWriter requirement;
  requirement.WriteBytes(requirement_field::kModule, "numpy");
  requirement.WriteBytes(99, "later");
  fields.SetBytes(definition_field::kRequirements, requirement.Finish());
  WireWriter limits;
  limits.WriteVarint(limits_field::kMaxOpenFiles, 8);
  limits.WriteBytes(99, "later");
  fields.SetBytes(definition_field::kLimits, limits.Finish());

  const auto decoded = DecodeDefinition(fields.Join());
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  UdfDefinition expected = TinyDefinition();
  expected.environment.implementation = "cpython";
  expected.source = SourceText{"", 0, "x = 1"};
  expected.requirements = {{"numpy", ""}};
  expected.limits.max_open_files = 8;
  EXPECT_TRUE(decoded->Equals(expected));
}

TEST(DefinitionCodec, EqualsSeesEveryField) {
  const auto differs = [](const auto& change) {
    UdfDefinition definition = FullDefinition();
    change(&definition);
    return !definition.Equals(FullDefinition()) && !FullDefinition().Equals(definition);
  };
  EXPECT_FALSE(differs([](UdfDefinition*) {}));
  EXPECT_TRUE(differs([](UdfDefinition* d) { d->kind = UdfKind{2}; }));
  EXPECT_TRUE(differs([](UdfDefinition* d) { d->name = "g"; }));
  EXPECT_TRUE(differs([](UdfDefinition* d) { d->mode = UdfMode::kArrow; }));
  EXPECT_TRUE(differs([](UdfDefinition* d) { d->arguments.reset(); }));
  EXPECT_TRUE(
      differs([](UdfDefinition* d) { d->arguments = d->arguments->RemoveMetadata(); }));
  EXPECT_TRUE(differs([](UdfDefinition* d) { d->result = d->result->RemoveMetadata(); }));
  EXPECT_TRUE(differs([](UdfDefinition* d) { d->volatility = Volatility::kStable; }));
  EXPECT_TRUE(differs([](UdfDefinition* d) { d->null_handling = NullHandling::kCall; }));
  EXPECT_TRUE(differs([](UdfDefinition* d) { d->environment.version = "3.12.0"; }));
  EXPECT_TRUE(differs([](UdfDefinition* d) { d->requirements.pop_back(); }));
  EXPECT_TRUE(differs([](UdfDefinition* d) { d->source.reset(); }));
  EXPECT_TRUE(differs([](UdfDefinition* d) { d->payload = "x"; }));
  EXPECT_TRUE(differs([](UdfDefinition* d) { d->payload_reference = "live:x"; }));
  EXPECT_TRUE(differs([](UdfDefinition* d) { d->payload_hash = ContentHash(); }));
  EXPECT_TRUE(differs([](UdfDefinition* d) { d->limits.timeout_ms = 1; }));
}

TEST(DefinitionCodec, ReadsGoldenBytes) {
  ExpectGolden("definition_v1_tiny", TinyDefinition());
  ExpectGolden("definition_v1_full", FullDefinition());

  UdfDefinition live = TinyDefinition();
  live.name = "<lambda>";
  live.payload.clear();
  live.payload_hash = ContentHash();
  live.payload_reference = "live:0123456789abcdef0123456789abcdef";
  live.source.emplace();
  ExpectGolden("definition_v1_live", live);

  ExpectGolden("definition_v2_limits", LimitedDefinition());
}

TEST(DefinitionCodec, ReadsGoldenBytesWithEveryType) {
  const auto decoded =
      DecodeDefinition(ReadGolden("definition_v1_referenced")).ValueOrDie();
  UdfDefinition expected = TinyDefinition();
  expected.name = "every_type";
  expected.mode = UdfMode::kArrow;
  expected.volatility = Volatility::kStable;
  expected.payload_reference = "store:" + expected.payload_hash.ToHex();
  expected.payload.clear();
  expected.arguments = decoded.arguments;
  ExpectGolden("definition_v1_referenced", expected);

  const auto& arguments = *decoded.arguments;
  ASSERT_EQ(arguments.num_fields(), 33);
  const auto expect_type = [&arguments](int i, std::shared_ptr<arrow::DataType> type) {
    EXPECT_TRUE(arguments.field(i)->type()->Equals(type))
        << arguments.field(i)->ToString();
  };
  expect_type(0, arrow::null());
  expect_type(7, arrow::decimal128(38, -3));
  expect_type(14, arrow::timestamp(arrow::TimeUnit::NANO, "Europe/Zürich"));
  expect_type(30, arrow::dictionary(arrow::int16(), arrow::utf8()));
  expect_type(32, arrow::dense_union({arrow::field("a", arrow::int32()),
                                      arrow::field("b", arrow::utf8())},
                                     {5, 9}));
}

}  // namespace

}  // namespace springald
