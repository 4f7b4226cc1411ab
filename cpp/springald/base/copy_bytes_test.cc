#include "springald/base/copy_bytes.h"

#include <string>

#include <gtest/gtest.h>

namespace springald {

namespace {

TEST(CopyBytes, CopiesEachSizeAndNothingElse) {
  std::string source(100, ' ');
  for (std::size_t i = 0; i < source.size(); ++i) {
    source[i] = static_cast<char>('!' + i);
  }
  for (std::size_t size = 0; size <= 80; ++size) {
    std::string out(size + 2, '.');
    CopyBytes(out.data() + 1, source.data() + 3, size);
    EXPECT_EQ(out, "." + source.substr(3, size) + ".");
  }
}

}  // namespace

}  // namespace springald
