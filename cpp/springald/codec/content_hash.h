#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

namespace springald {

/// The SHA-256 (FIPS 180-4) of some bytes: the identity of a definition and of
/// a payload. A value type; safe to share between threads.
class ContentHash {
 public:
  static constexpr std::size_t kNumBytes = 32;

  /// All zero bytes: the hash of nothing in particular.
  ContentHash() = default;
  explicit ContentHash(std::array<uint8_t, kNumBytes> bytes) : bytes_(bytes) {}

  /// Computes the hash of `bytes`.
  static ContentHash Of(std::string_view bytes);

  const std::array<uint8_t, kNumBytes>& bytes() const { return bytes_; }

  /// Returns 64 lower-case hexadecimal digits.
  std::string ToHex() const;

  auto operator<=>(const ContentHash&) const = default;

 private:
  std::array<uint8_t, kNumBytes> bytes_{};
};

}  // namespace springald
