#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <string>

#include <arrow/util/key_value_metadata.h>
#include <gtest/gtest.h>

#include "springald/base/udf_error.h"
#include "springald/codec/definition_codec.h"
#include "springald/codec/definition_fields.h"
#include "springald/codec/signature.h"
#include "springald/codec/wire_format.h"

namespace springald {

/// A definition with nothing but what has to be there.
inline UdfDefinition TinyDefinition() {
  UdfDefinition definition;
  definition.name = "f";
  definition.mode = UdfMode::kRow;
  definition.arguments = arrow::schema({});
  definition.result = arrow::field("r", arrow::boolean());
  definition.payload = "\x80\x05N.";
  definition.payload_hash = ContentHash::Of(definition.payload);
  return definition;
}

/// A definition with every field set.
inline UdfDefinition FullDefinition() {
  UdfDefinition definition = TinyDefinition();
  definition.name = "domaine_é";
  const auto unit = arrow::key_value_metadata({"unit"}, {"none"});
  definition.arguments =
      arrow::schema({arrow::field("email", arrow::utf8(), /*nullable=*/false, unit),
                     arrow::field("n", arrow::int64())},
                    arrow::key_value_metadata({"k"}, {"v"}));
  definition.result = arrow::field("domaine", arrow::utf8(), true,
                                   arrow::key_value_metadata({"é"}, {"ü"}));
  definition.volatility = Volatility::kVolatile;
  definition.null_handling = NullHandling::kSkip;
  definition.environment = {"cpython", "3.11.7", "3.1.1", "26.0.1"};
  definition.requirements = {{"numpy", "2.3.4"}, {"my_module", ""}};
  definition.source = SourceText{"project/zoë.py", 300,
                                 "@udf\ndef domaine_é(email, n):\n    return None\n"};
  return definition;
}

/// FullDefinition with every limit, which is format version 2.
inline UdfDefinition LimitedDefinition() {
  UdfDefinition definition = FullDefinition();
  definition.limits = {.timeout_ms = 1500,
                       .memory_limit_bytes = int64_t{2} << 30,
                       .cpu_limit_ms = 60'000,
                       .max_open_files = 64,
                       .max_result_bytes = std::numeric_limits<int64_t>::max()};
  return definition;
}

/// The encoded fields of TinyDefinition by number, to be changed and joined.
class EncodedFields {
 public:
  EncodedFields() {
    const UdfDefinition tiny = TinyDefinition();
    namespace field = definition_field;
    SetVarint(field::kFormatVersion, 1);
    SetVarint(field::kMinReaderVersion, 1);
    SetVarint(field::kKind, 1);
    SetBytes(field::kName, tiny.name);
    SetVarint(field::kMode, 2);
    SetBytes(field::kArguments, EncodeSchema(*tiny.arguments).ValueOrDie());
    SetBytes(field::kResult, EncodeSchema(arrow::Schema({tiny.result})).ValueOrDie());
    SetVarint(field::kVolatility, 1);
    SetVarint(field::kNullHandling, 1);
    SetBytes(field::kPayload, tiny.payload);
    SetBytes(field::kPayloadHash, BytesOf(tiny.payload_hash));
  }

  static std::string BytesOf(const ContentHash& hash) {
    return std::string(hash.bytes().begin(), hash.bytes().end());
  }

  EncodedFields& SetVarint(uint32_t number, uint64_t value) {
    WireWriter writer;
    writer.WriteVarint(number, value);
    return SetRaw(number, writer.Finish());
  }
  EncodedFields& SetBytes(uint32_t number, const std::string& bytes) {
    WireWriter writer;
    writer.WriteMessage(number, bytes);
    return SetRaw(number, writer.Finish());
  }
  /// Puts tag and value of a field as they are.
  EncodedFields& SetRaw(uint32_t number, std::string raw) {
    fields_[number] = std::move(raw);
    return *this;
  }
  EncodedFields& Repeat(uint32_t number) {
    return SetRaw(number, fields_[number] + fields_[number]);
  }
  EncodedFields& Remove(uint32_t number) { return SetRaw(number, ""); }

  std::string Join() const {
    std::string bytes;
    for (const auto& [number, raw] : fields_) {
      bytes += raw;
    }
    return bytes;
  }

 private:
  std::map<uint32_t, std::string> fields_;
};

/// Expects kInvalidDefinition with a message that holds `piece`.
inline void ExpectRefused(const arrow::Status& status, const std::string& piece) {
  ASSERT_FALSE(status.ok()) << "accepted; expected: " << piece;
  const UdfErrorInfo info = GetUdfErrorInfo(status);
  EXPECT_EQ(info.code, UdfErrorCode::kInvalidDefinition) << status.ToString();
  EXPECT_NE(info.message.find(piece), std::string::npos)
      << "message: " << info.message << "\nexpected: " << piece;
}

inline void ExpectBytesRefused(const std::string& bytes, const std::string& piece,
                               const DecodeLimits& limits = {}) {
  ExpectRefused(DecodeDefinition(bytes, limits).status(), piece);
}

}  // namespace springald
