#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "springald/base/udf_error.h"
#include "springald/codec/definition_codec.h"

/// Decodes what it is given, encodes that, decodes it again and compares.
///
/// What the decoder accepts, the encoder has to accept, unless it lost the room: the
/// canonical form of a signature may be longer than what was read.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto first = springald::DecodeDefinition(bytes);
  if (!first.ok()) {
    const auto info = springald::GetUdfErrorInfo(first.status());
    if (info.code != springald::UdfErrorCode::kInvalidDefinition ||
        info.message.empty()) {
      std::abort();
    }
    return 0;
  }
  const auto encoded = springald::EncodeDefinition(*first);
  if (!encoded.ok()) {
    if (encoded.status().message().find("too large") == std::string::npos) {
      std::abort();
    }
    return 0;
  }
  const auto second = springald::DecodeDefinition(*encoded);
  if (!second.ok() || !second->Equals(*first)) {
    std::abort();
  }
  const auto again = springald::EncodeDefinition(*second);
  if (!again.ok() || *again != *encoded) {
    std::abort();
  }
  return 0;
}
