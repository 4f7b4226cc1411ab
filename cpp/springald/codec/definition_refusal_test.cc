#include <cstdint>
#include <string>

#include <gtest/gtest.h>

#include "springald/codec/definition_testing.h"

namespace springald {

namespace {

namespace field = definition_field;

TEST(DefinitionRefusal, AcceptsTheBytesThatTheOtherTestsChange) {
  const auto decoded = DecodeDefinition(EncodedFields().Join());
  ASSERT_TRUE(decoded.ok()) << decoded.status().ToString();
  EXPECT_TRUE(decoded->Equals(TinyDefinition()));
}

TEST(DefinitionRefusal, NoBytes) {
  ExpectBytesRefused("", "format version or the version of its oldest reader is not");
}

TEST(DefinitionRefusal, EveryTruncation) {
  const std::string bytes = EncodeDefinition(FullDefinition()).ValueOrDie();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    // Between two fields what is left is well formed, but something is missing.
    ExpectBytesRefused(bytes.substr(0, size), "");
  }
  ExpectBytesRefused(bytes.substr(0, bytes.size() - 1), "are cut off: 32 announced");
}

TEST(DefinitionRefusal, MalformedVarint) {
  ExpectBytesRefused("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f",
                     "longer than 64 bits");
  ExpectBytesRefused("\x08\x80", "cut off");
  ExpectBytesRefused("\x80", "cut off");
}

TEST(DefinitionRefusal, GroupsAndUnknownWireTypes) {
  for (const char type : {3, 4, 6, 7}) {
    // Also in a field that would be skipped.
    ExpectBytesRefused(
        EncodedFields()
            .SetRaw(20, std::string("\xa0\x01") + "x")
            .SetRaw(21, std::string(1, static_cast<char>(0xa8 | type)) + "\x01")
            .Join(),
        "Field 21 at byte");
    ExpectBytesRefused(std::string(1, static_cast<char>(4 << 3 | type)),
                       "wire type that is not supported: " + std::to_string(type));
  }
}

TEST(DefinitionRefusal, ImpossibleFieldNumbers) {
  ExpectBytesRefused(std::string("\x00\x01", 2), "impossible field number: 0");
  ExpectBytesRefused("\xf8\xff\xff\xff\xff\x01\x01", "impossible field number: ");
}

TEST(DefinitionRefusal, WrongWireType) {
  ExpectBytesRefused(EncodedFields().SetVarint(field::kName, 7).Join(),
                     "The name cannot be read: Field 4 at byte 6 has wire type 0, "
                     "expected 2");
  ExpectBytesRefused(EncodedFields().SetBytes(field::kMode, "x").Join(),
                     "The mode cannot be read: Field 5 at byte 9 has wire type 2");
}

TEST(DefinitionRefusal, VersionFromTheFuture) {
  EncodedFields fields;
  fields.SetVarint(field::kFormatVersion, 9).SetVarint(field::kMinReaderVersion, 8);
  // What came with that version must not hide the reason.
  fields.SetVarint(field::kMode, 77).Remove(field::kName);
  ExpectBytesRefused(fields.Join(),
                     "needs a reader of format version 8; this one knows 2");
}

TEST(DefinitionRefusal, VersionFromTheFutureWhereverItStands) {
  EncodedFields fields;
  fields.Remove(field::kMinReaderVersion).SetVarint(field::kMode, 77);
  fields.SetVarint(field::kFormatVersion, 9).SetRaw(20, "\x10\x08");
  ExpectBytesRefused(fields.Join(), "needs a reader of format version 8");
}

TEST(DefinitionRefusal, VersionsMissingOrSwapped) {
  ExpectBytesRefused(EncodedFields().Remove(field::kFormatVersion).Join(),
                     "is not given: 0, 1");
  ExpectBytesRefused(EncodedFields().Remove(field::kMinReaderVersion).Join(),
                     "is not given: 1, 0");
  ExpectBytesRefused(EncodedFields().SetVarint(field::kFormatVersion, 0).Join(),
                     "is not given: 0, 1");
}

TEST(DefinitionRefusal, UnknownEnumerationsByNumber) {
  struct Case {
    uint32_t number;
    const char* name;
  };
  for (const Case& c : {Case{field::kKind, "kind"}, Case{field::kMode, "mode"},
                        Case{field::kVolatility, "volatility"},
                        Case{field::kNullHandling, "null handling"}}) {
    const std::string name = c.name;
    ExpectBytesRefused(EncodedFields().SetVarint(c.number, 77).Join(),
                       "Unknown " + name + ": 77; this version knows 1 (");
    ExpectBytesRefused(EncodedFields().SetVarint(c.number, ~uint64_t{0}).Join(),
                       "Unknown " + name + ": -1");
    // Must not be cut to 32 bits, where it would be 1.
    ExpectBytesRefused(
        EncodedFields().SetVarint(c.number, (uint64_t{1} << 32) + 1).Join(),
        "The " + name + " cannot be read: Unknown value 4294967297");
    ExpectBytesRefused(EncodedFields().Remove(c.number).Join(),
                       "The " + name + " is not given");
  }
}

TEST(DefinitionRefusal, DuplicateSingularFields) {
  for (const uint32_t number :
       {field::kFormatVersion, field::kMinReaderVersion, field::kKind, field::kName,
        field::kMode, field::kArguments, field::kResult, field::kVolatility,
        field::kNullHandling, field::kPayload, field::kPayloadHash}) {
    ExpectBytesRefused(EncodedFields().Repeat(number).Join(),
                       "Field " + std::to_string(number) + " comes a second time");
  }
  for (const uint32_t number : {field::kEnvironment, field::kSource, field::kLimits}) {
    ExpectBytesRefused(EncodedFields().SetBytes(number, "").Repeat(number).Join(),
                       "Field " + std::to_string(number) + " comes a second time");
  }
  const std::string twice(
      "\x0a\x01"
      "a"
      "\x0a\x01"
      "b");
  for (const uint32_t number :
       {field::kEnvironment, field::kRequirements, field::kSource}) {
    ExpectBytesRefused(EncodedFields().SetBytes(number, twice).Join(),
                       "Field 1 comes a second time");
  }
}

TEST(DefinitionRefusal, LimitsThatComeTwice) {
  for (uint32_t number = 1; number <= 5; ++number) {
    WireWriter writer;
    writer.WriteVarint(number, 7);
    writer.WriteVarint(number, 7);
    ExpectBytesRefused(EncodedFields().SetBytes(field::kLimits, writer.Finish()).Join(),
                       "The limits cannot be read: Field " + std::to_string(number) +
                           " comes a second time");
  }
}

TEST(DefinitionRefusal, LimitsThatAreNoNumbers) {
  ExpectBytesRefused(EncodedFields().SetVarint(field::kLimits, 7).Join(),
                     "Field 16 at byte 235 has wire type 0, expected 2");
  WireWriter text;
  text.WriteBytes(limits_field::kCpuLimitMs, "x");
  ExpectBytesRefused(EncodedFields().SetBytes(field::kLimits, text.Finish()).Join(),
                     "The limits cannot be read: Field 3 at byte ");
}

TEST(DefinitionRefusal, LimitsPastTheLargestNumber) {
  // Such as a negative one, which an int64 would be written as.
  for (const uint64_t value : {~uint64_t{0}, uint64_t{1} << 63}) {
    for (uint32_t number = 1; number <= 5; ++number) {
      WireWriter writer;
      writer.WriteVarint(number, value);
      ExpectBytesRefused(EncodedFields().SetBytes(field::kLimits, writer.Finish()).Join(),
                         "is too large: " + std::to_string(value) +
                             ", at most 9223372036854775807 is accepted");
    }
  }
}

TEST(DefinitionRefusal, NegativeLimits) {
  struct Case {
    UdfLimits limits;
    const char* message;
  };
  for (const Case& c : {Case{{-1, 0, 0, 0, 0}, "The timeout is negative: -1 ms"},
                        Case{{0, -2, 0, 0, 0}, "memory limit is negative: -2 bytes"},
                        Case{{0, 0, -3, 0, 0}, "CPU limit is negative: -3 ms"},
                        Case{{0, 0, 0, -4, 0}, "open files is negative: -4 files"},
                        Case{{0, 0, 0, 0, -5}, "size is negative: -5 bytes"}}) {
    UdfDefinition definition = TinyDefinition();
    definition.limits = c.limits;
    ExpectRefused(EncodeDefinition(definition).status(), c.message);
  }
}

TEST(DefinitionRefusal, NamesThatAreNone) {
  ExpectBytesRefused(EncodedFields().Remove(field::kName).Join(), "name is empty");
  ExpectBytesRefused(EncodedFields().SetBytes(field::kName, "").Join(), "name is empty");
  ExpectBytesRefused(EncodedFields().SetBytes(field::kName, "\xff").Join(),
                     "name is not valid UTF-8");
  ExpectBytesRefused(
      EncodedFields().SetBytes(field::kName, std::string("a\0b", 3)).Join(),
      "name has a zero byte, at 1");
  ExpectBytesRefused(
      EncodedFields().SetBytes(field::kName, std::string(1025, 'n')).Join(),
      "1025 bytes, at most 1024 are accepted");
}

TEST(DefinitionRefusal, TextThatIsNotUtf8) {
  const std::string surrogate = "\xed\xa0\x80";
  const char* const names[] = {"Python implementation", "Python version",
                               "cloudpickle version", "pyarrow version"};
  for (uint32_t i = 0; i < 4; ++i) {
    WireWriter writer;
    writer.WriteBytes(environment_field::kImplementation + i, surrogate);
    ExpectBytesRefused(
        EncodedFields().SetBytes(field::kEnvironment, writer.Finish()).Join(),
        std::string(names[i]) + " is not valid UTF-8");
  }
  WireWriter file_name;
  file_name.WriteBytes(source_field::kFileName, surrogate);
  ExpectBytesRefused(EncodedFields().SetBytes(field::kSource, file_name.Finish()).Join(),
                     "source file name is not valid UTF-8");
  WireWriter text;
  text.WriteBytes(source_field::kText, surrogate);
  ExpectBytesRefused(EncodedFields().SetBytes(field::kSource, text.Finish()).Join(),
                     "source text is not valid UTF-8");
  WireWriter module;
  module.WriteBytes(requirement_field::kModule, surrogate);
  ExpectBytesRefused(
      EncodedFields().SetBytes(field::kRequirements, module.Finish()).Join(),
      "required module is not valid UTF-8");
  ExpectBytesRefused(EncodedFields()
                         .Remove(field::kPayload)
                         .SetBytes(field::kPayloadReference, surrogate)
                         .Join(),
                     "payload reference is not valid UTF-8");
}

TEST(DefinitionRefusal, SourceLinesThatAreNone) {
  WireWriter negative;
  negative.WriteVarint(source_field::kFirstLine, ~uint64_t{0});
  ExpectBytesRefused(EncodedFields().SetBytes(field::kSource, negative.Finish()).Join(),
                     "first line is negative: -1");
  WireWriter large;
  large.WriteVarint(source_field::kFirstLine, uint64_t{1} << 31);
  ExpectBytesRefused(EncodedFields().SetBytes(field::kSource, large.Finish()).Join(),
                     "The source cannot be read: Unknown value 2147483648");
}

TEST(DefinitionRefusal, RequirementWithoutModule) {
  ExpectBytesRefused(EncodedFields().SetBytes(field::kRequirements, "").Join(),
                     "requirement names no module");
}

TEST(DefinitionRefusal, PayloadThatDoesNotMatchItsHash) {
  ExpectBytesRefused(EncodedFields().SetBytes(field::kPayload, "other").Join(),
                     "payload does not match its hash: SHA-256 d9298a10");
  ExpectBytesRefused(EncodedFields().Remove(field::kPayloadHash).Join(),
                     "expected 0000000000");
  for (const std::size_t size : {0, 31}) {
    ExpectBytesRefused(
        EncodedFields().SetBytes(field::kPayloadHash, std::string(size, 'h')).Join(),
        "payload hash cannot be read: It has " + std::to_string(size) +
            " bytes, expected 32");
  }
  ExpectBytesRefused(
      EncodedFields().SetBytes(field::kPayloadHash, std::string(33, 'h')).Join(),
      "33 bytes, at most 32 are accepted");
}

TEST(DefinitionRefusal, BothPayloadAndReferenceOrNeither) {
  ExpectBytesRefused(EncodedFields().SetBytes(field::kPayloadReference, "live:x").Join(),
                     "both a payload, of 4 bytes, and a reference to one: 'live:x'");
  ExpectBytesRefused(EncodedFields().Remove(field::kPayload).Join(),
                     "neither a payload nor a reference");
}

TEST(DefinitionRefusal, ReferenceThatCannotBeVerified) {
  ExpectBytesRefused(EncodedFields()
                         .Remove(field::kPayload)
                         .Remove(field::kPayloadHash)
                         .SetBytes(field::kPayloadReference, "store:x")
                         .Join(),
                     "hash of the referenced payload is not given: 'store:x'");
}

TEST(DefinitionRefusal, SignatureMissingOrMalformed) {
  ExpectBytesRefused(EncodedFields().Remove(field::kArguments).Join(),
                     "argument types are not given");
  ExpectBytesRefused(EncodedFields().Remove(field::kResult).Join(),
                     "result type is not given");
  ExpectBytesRefused(EncodedFields().SetBytes(field::kArguments, "schema!!").Join(),
                     "list of argument types cannot be read: Not an encapsulated");
  const auto two = arrow::schema({TinyDefinition().result, TinyDefinition().result});
  ExpectBytesRefused(
      EncodedFields().SetBytes(field::kResult, EncodeSchema(*two).ValueOrDie()).Join(),
      "result type cannot be read: It has 2 fields, expected 1");
}

TEST(DefinitionRefusal, WhatIsOverTheLimits) {
  const std::string bytes = EncodeDefinition(FullDefinition()).ValueOrDie();
  DecodeLimits limits;
  limits.max_definition_bytes = bytes.size() - 1;
  ExpectBytesRefused(bytes, "definition is too large", limits);
  limits = {};
  limits.max_name_bytes = 9;
  ExpectBytesRefused(bytes, "10 bytes, at most 9 are accepted", limits);
  limits = {};
  limits.max_signature_bytes = 100;
  ExpectBytesRefused(bytes, "at most 100 are accepted", limits);
  limits = {};
  limits.max_num_arguments = 1;
  ExpectBytesRefused(bytes, "too large: 2 arguments, at most 1", limits);
  limits = {};
  limits.max_num_requirements = 1;
  ExpectBytesRefused(bytes, "too many: at most 1 are accepted", limits);
  limits = {};
  limits.max_string_bytes = 20;
  ExpectBytesRefused(bytes, "bytes, at most 20 are accepted", limits);
}

TEST(DefinitionRefusal, HostileLength) {
  // A payload of 2^63 bytes.
  const std::string hostile("\x6a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11);
  ExpectBytesRefused(EncodedFields().SetRaw(field::kPayload, hostile).Join(),
                     "9223372036854775808");
}

TEST(DefinitionRefusal, EncoderRefusesWhatADecoderWould) {
  const auto refused = [](const auto& change, const std::string& piece) {
    UdfDefinition definition = FullDefinition();
    change(&definition);
    ExpectRefused(EncodeDefinition(definition).status(), piece);
  };
  refused([](UdfDefinition* d) { d->name.clear(); }, "name is empty");
  refused([](UdfDefinition* d) { d->mode = UdfMode{9}; }, "Unknown mode: 9");
  refused([](UdfDefinition* d) { d->arguments.reset(); }, "argument types are not");
  refused([](UdfDefinition* d) { d->result.reset(); }, "result type is not given");
  refused([](UdfDefinition* d) { d->payload.clear(); }, "neither a payload");
  refused([](UdfDefinition* d) { d->payload_reference = "live:x"; }, "both a payload");
  refused([](UdfDefinition* d) { d->source->text = "\xff"; }, "source text is not valid");
  refused([](UdfDefinition* d) { d->source->first_line = -5; }, "negative: -5");
  refused([](UdfDefinition* d) { d->requirements[0].module = ""; }, "names no module");
  refused([](UdfDefinition* d) { d->requirements.resize(4097, {"m", ""}); },
          "4097 requirements, at most 4096");
  refused(
      [](UdfDefinition* d) {
        d->arguments = arrow::schema({arrow::field("\xff", arrow::int8())});
      },
      "field's name is not valid UTF-8");
  refused(
      [](UdfDefinition* d) {
        d->result = arrow::field(std::string(2 << 20, 'r'), arrow::int8());
      },
      "types are too large");
}

TEST(DefinitionRefusal, ErrorCarriesTheName) {
  UdfDefinition definition = TinyDefinition();
  definition.payload.clear();
  EXPECT_EQ(GetUdfErrorInfo(EncodeDefinition(definition).status()).udf_name, "f");
  const auto bytes = EncodedFields().SetVarint(field::kMode, 9).Join();
  EXPECT_EQ(GetUdfErrorInfo(DecodeDefinition(bytes).status()).udf_name, "f");
  const auto no_text = EncodedFields().SetBytes(field::kName, "\xff").Join();
  EXPECT_EQ(GetUdfErrorInfo(DecodeDefinition(no_text).status()).udf_name, "");
}

}  // namespace

}  // namespace springald
