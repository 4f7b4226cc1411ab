#include "springald/codec/content_hash.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace springald {

namespace {

struct Vector {
  std::string bytes;
  std::string expected_hex;
};

// The examples that NIST publishes for FIPS 180-4.
TEST(ContentHash, MatchesThePublishedVectors) {
  const std::vector<Vector> vectors = {
      {"", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
      {"abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
      {"abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
       "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
      {"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmn"
       "hijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
       "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"},
      {std::string(1000000, 'a'),
       "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
  };
  for (const Vector& vector : vectors) {
    EXPECT_EQ(ContentHash::Of(vector.bytes).ToHex(), vector.expected_hex)
        << vector.bytes.size() << " bytes";
  }
}

// The padding takes one block up to 55 bytes in the last one, and two from 56 on.
TEST(ContentHash, PadsAtEveryEdgeOfABlock) {
  const std::vector<Vector> vectors = {
      {std::string(55, 'a'),
       "9f4390f8d30c2dd92ec9f095b65e2b9ae9b0a925a5258e241c9f1e910f734318"},
      {std::string(56, 'a'),
       "b35439a4ac6f0948b6d6f9e3c6af0f5f590ce20f1bde7090ef7970686ec6738a"},
      {std::string(63, 'a'),
       "7d3e74a05d7db15bce4ad9ec0658ea98e3f06eeecf16b4c6fff2da457ddc2f34"},
      {std::string(64, 'a'),
       "ffe054fe7ae0cb6dc65c3af9b61d5209f439851db43d0ba5997337df154668eb"},
      {std::string(65, 'a'),
       "635361c48bb9eab14198e76ea8ab7f1a41685d6ad62aa9146d301d4f17eb0ae0"},
  };
  for (const Vector& vector : vectors) {
    EXPECT_EQ(ContentHash::Of(vector.bytes).ToHex(), vector.expected_hex)
        << vector.bytes.size() << " bytes";
  }
}

TEST(ContentHash, DefaultIsZero) {
  EXPECT_EQ(ContentHash().ToHex(), std::string(64, '0'));
  EXPECT_NE(ContentHash(), ContentHash::Of(""));
}

TEST(ContentHash, ComparesByBytes) {
  EXPECT_EQ(ContentHash::Of("a"), ContentHash::Of(std::string("a")));
  EXPECT_LT(ContentHash::Of("abc"), ContentHash::Of(""));  // ba… < e3…
  EXPECT_EQ(ContentHash(ContentHash::Of("x").bytes()), ContentHash::Of("x"));
}

}  // namespace

}  // namespace springald
