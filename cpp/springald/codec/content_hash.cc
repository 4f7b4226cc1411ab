#include "springald/codec/content_hash.h"

#include <bit>
#include <cstring>

namespace springald {

namespace {

constexpr std::size_t kBlockBytes = 64;
constexpr std::size_t kLengthBytes = 8;

// FIPS 180-4, section 4.2.2: the fractional parts of the cube roots of the first
// 64 primes.
constexpr uint32_t kRoundConstants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4,
    0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe,
    0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f,
    0x4a7484aa, 0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7,
    0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85, 0x2e1b2138, 0x4d2c6dfc,
    0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b,
    0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116,
    0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7,
    0xc67178f2};

using State = std::array<uint32_t, 8>;

// Section 5.3.3: the fractional parts of the square roots of the first 8 primes.
constexpr State kInitialState = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

/// Section 6.2.2, step 1: spreads a block over 64 words.
void ExpandBlock(const uint8_t* block, uint32_t (&words)[64]) {
  for (int i = 0; i < 16; ++i) {
    words[i] = uint32_t{block[4 * i]} << 24 | uint32_t{block[4 * i + 1]} << 16 |
               uint32_t{block[4 * i + 2]} << 8 | uint32_t{block[4 * i + 3]};
  }
  for (int i = 16; i < 64; ++i) {
    const uint32_t far = words[i - 15];
    const uint32_t near = words[i - 2];
    const uint32_t far_mix = std::rotr(far, 7) ^ std::rotr(far, 18) ^ (far >> 3);
    const uint32_t near_mix = std::rotr(near, 17) ^ std::rotr(near, 19) ^ (near >> 10);
    words[i] = near_mix + words[i - 7] + far_mix + words[i - 16];
  }
}

/// Section 6.2.2, steps 2 to 4. The letters are those of the standard.
void AddBlock(const uint8_t* block, State* state) {
  uint32_t words[64];
  ExpandBlock(block, words);
  auto [a, b, c, d, e, f, g, h] = *state;
  for (int i = 0; i < 64; ++i) {
    const uint32_t sum1 = std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25);
    const uint32_t choice = (e & f) ^ (~e & g);
    const uint32_t t1 = h + sum1 + choice + kRoundConstants[i] + words[i];
    const uint32_t sum0 = std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22);
    const uint32_t majority = (a & b) ^ (a & c) ^ (b & c);
    h = g;
    g = f;
    f = e;
    e = d + t1;
    d = c;
    c = b;
    b = a;
    a = t1 + sum0 + majority;
  }
  const State mixed = {a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < mixed.size(); ++i) {
    (*state)[i] += mixed[i];
  }
}

/// Section 5.1.1: what follows the last whole block: a 1 bit, zeros, and the
/// length in bits, in one block or two.
void AddTail(const uint8_t* tail, std::size_t num_tail_bytes, uint64_t num_bytes,
             State* state) {
  uint8_t padded[2 * kBlockBytes] = {};
  if (num_tail_bytes > 0) {
    std::memcpy(padded, tail, num_tail_bytes);
  }
  padded[num_tail_bytes] = 0x80;
  const bool fits = num_tail_bytes + 1 + kLengthBytes <= kBlockBytes;
  const std::size_t num_padded_bytes = fits ? kBlockBytes : 2 * kBlockBytes;
  const uint64_t num_bits = num_bytes * 8;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    padded[num_padded_bytes - 1 - i] = static_cast<uint8_t>(num_bits >> (8 * i));
  }
  for (std::size_t i = 0; i < num_padded_bytes; i += kBlockBytes) {
    AddBlock(padded + i, state);
  }
}

}  // namespace

ContentHash ContentHash::Of(std::string_view bytes) {
  State state = kInitialState;
  const auto* data = reinterpret_cast<const uint8_t*>(bytes.data());
  const std::size_t num_whole_bytes = bytes.size() / kBlockBytes * kBlockBytes;
  for (std::size_t i = 0; i < num_whole_bytes; i += kBlockBytes) {
    AddBlock(data + i, &state);
  }
  AddTail(data + num_whole_bytes, bytes.size() - num_whole_bytes, bytes.size(), &state);

  std::array<uint8_t, kNumBytes> hash;
  for (std::size_t i = 0; i < kNumBytes; ++i) {
    hash[i] = static_cast<uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
  }
  return ContentHash(hash);
}

std::string ContentHash::ToHex() const {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  hex.reserve(2 * kNumBytes);
  for (const uint8_t byte : bytes_) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 0xf];
  }
  return hex;
}

}  // namespace springald
