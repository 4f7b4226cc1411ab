#include "springald/codec/text.h"

#include <arrow/util/utf8.h>

namespace springald {

arrow::Status CheckText(std::string_view what, std::string_view text) {
  arrow::util::InitializeUTF8();  // does nothing after the first time
  if (!arrow::util::ValidateUTF8(text)) {
    return arrow::Status::Invalid(what, " is not valid UTF-8");
  }
  const auto zero = text.find('\0');
  if (zero != std::string_view::npos) {
    return arrow::Status::Invalid(what, " has a zero byte, at ", zero);
  }
  return arrow::Status::OK();
}

}  // namespace springald
