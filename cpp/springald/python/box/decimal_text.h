#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace springald::python {

/// The text of decimals of one column, as `decimal.Decimal` reads it: all digits as an
/// integer and the exponent, "-12345E-2", so that the exponent is kept too.
class DecimalText {
 public:
  /// \param scale  How many of the digits are behind the point; may be negative.
  explicit DecimalText(int32_t scale);

  /// Returns the text of a number in two's complement, of `num_words` words of 64 bits,
  /// the lowest first. It is valid until the next call. REQUIRES: num_words <= kMaxWords.
  std::string_view Of(const uint64_t* words, std::size_t num_words);

  static constexpr std::size_t kMaxWords = 4;

 private:
  // A sign, 77 digits of 256 bits, and "E-2147483648".
  static constexpr std::size_t kCapacity = 96;

  std::array<char, kCapacity> text_;
  std::size_t digits_end_;  // behind it is the exponent
};

}  // namespace springald::python
