#include "springald/abi/boundary.h"

#include <memory>
#include <new>
#include <string>
#include <utility>

#include "springald/base/udf_error.h"

namespace springald::abi {

namespace {

void ReleaseError(springald_error* error) {
  delete static_cast<UdfErrorInfo*>(error->private_data);
  *error = {};
}

const char* TextOrNull(const std::string& text) {
  return text.empty() ? nullptr : text.c_str();
}

}  // namespace

int32_t ExportStatus(const arrow::Status& status, springald_error* error) noexcept {
  if (status.ok()) {
    return SPRINGALD_OK;
  }
  try {
    auto info = std::make_unique<UdfErrorInfo>(GetUdfErrorInfo(status));
    const auto code = static_cast<int32_t>(info->code);
    if (error != nullptr) {
      *error = {};
      error->code = code;
      error->message = info->message.c_str();
      error->udf_name = TextOrNull(info->udf_name);
      error->exception_type = TextOrNull(info->exception_type);
      error->traceback = TextOrNull(info->traceback);
      error->arguments = TextOrNull(info->arguments);
      error->row = info->row.value_or(-1);
      error->retryable = info->retryable ? 1 : 0;
      error->exception = static_cast<_object*>(info->exception.get());
      error->release = ReleaseError;
      error->private_data = info.release();
    }
    return code;
  } catch (const std::bad_alloc&) {
    if (error != nullptr) {
      *error = {};
      error->code = SPRINGALD_INTERNAL;
      error->message = "out of memory";
      error->row = -1;
    }
    return SPRINGALD_INTERNAL;
  }
}

}  // namespace springald::abi
