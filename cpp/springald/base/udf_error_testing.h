#pragma once

#include <string>

#include <gtest/gtest.h>

#include "springald/base/udf_error.h"

namespace springald {

/// Expects an error of `code` whose message holds `piece`; returns what is known of it.
inline UdfErrorInfo ExpectUdfError(const arrow::Status& status, UdfErrorCode code,
                                   const std::string& piece) {
  if (status.ok()) {
    ADD_FAILURE() << "no error; expected: " << piece;
    return {};
  }
  UdfErrorInfo info = GetUdfErrorInfo(status);
  EXPECT_EQ(static_cast<int>(info.code), static_cast<int>(code)) << status.ToString();
  EXPECT_NE(info.message.find(piece), std::string::npos)
      << "message: " << info.message << "\nexpected: " << piece;
  return info;
}

}  // namespace springald
