#include "springald/python/box/decimal_text.h"

#include <algorithm>
#include <string>

namespace springald::python {

namespace {

// The greatest power of ten in a word, and its zeros.
constexpr uint64_t kChunk = UINT64_C(10000000000000000000);
constexpr int kChunkDigits = 19;

/// Divides by kChunk in place and returns the remainder.
uint64_t DivideByChunk(uint64_t* words, std::size_t num_words) {
  __extension__ using Wide = unsigned __int128;
  uint64_t rest = 0;
  for (std::size_t i = num_words; i-- > 0;) {
    const Wide part = static_cast<Wide>(rest) << 64 | words[i];
    words[i] = static_cast<uint64_t>(part / kChunk);
    rest = static_cast<uint64_t>(part % kChunk);
  }
  return rest;
}

/// Writes the digits of `value`, at least `min_digits`, so that they end at `end`;
/// returns where they start.
char* WriteDigits(uint64_t value, int min_digits, char* end) {
  for (; value != 0 || min_digits > 0; --min_digits) {
    *--end = static_cast<char>('0' + value % 10);
    value /= 10;
  }
  return end;
}

void Negate(uint64_t* words, std::size_t num_words) {
  bool carry = true;
  for (std::size_t i = 0; i < num_words; ++i) {
    words[i] = ~words[i] + (carry ? 1 : 0);
    carry = carry && words[i] == 0;
  }
}

}  // namespace

DecimalText::DecimalText(int32_t scale) {
  const std::string exponent =
      scale == 0 ? "" : "E" + std::to_string(-static_cast<int64_t>(scale));
  digits_end_ = kCapacity - exponent.size();
  std::copy(exponent.begin(), exponent.end(), text_.begin() + digits_end_);
}

std::string_view DecimalText::Of(const uint64_t* words, std::size_t num_words) {
  std::array<uint64_t, kMaxWords> rest{};
  std::copy(words, words + num_words, rest.begin());
  const bool is_negative = words[num_words - 1] >> 63 != 0;
  if (is_negative) {
    Negate(rest.data(), num_words);
  }
  char* const end = text_.data() + digits_end_;
  char* start = end;
  for (;;) {
    while (num_words > 1 && rest[num_words - 1] == 0) {
      --num_words;
    }
    if (num_words == 1) {
      break;
    }
    start = WriteDigits(DivideByChunk(rest.data(), num_words), kChunkDigits, start);
  }
  start = WriteDigits(rest[0], start == end ? 1 : 0, start);
  if (is_negative) {
    *--start = '-';
  }
  return {start, static_cast<std::size_t>(text_.data() + kCapacity - start)};
}

}  // namespace springald::python
