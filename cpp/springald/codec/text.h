#pragma once

#include <string_view>

#include <arrow/status.h>

namespace springald {

/// Fails with Invalid, naming `what`, where `text` is not UTF-8 or holds a zero byte,
/// at which the C ABI would cut it off.
arrow::Status CheckText(std::string_view what, std::string_view text);

}  // namespace springald
