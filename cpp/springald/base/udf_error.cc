#include "springald/base/udf_error.h"

#include <string_view>
#include <utility>

namespace springald {

namespace {

constexpr const char* kTypeId = "springald::UdfErrorDetail";

arrow::StatusCode ArrowCode(UdfErrorCode code) {
  switch (code) {
    case UdfErrorCode::kInvalidDefinition:
    case UdfErrorCode::kResult:
      return arrow::StatusCode::Invalid;
    case UdfErrorCode::kVersionMismatch:
    case UdfErrorCode::kDependency:
      return arrow::StatusCode::NotImplemented;
    case UdfErrorCode::kCancelled:
    case UdfErrorCode::kInterrupted:
      return arrow::StatusCode::Cancelled;
    case UdfErrorCode::kMemory:
      return arrow::StatusCode::OutOfMemory;
    case UdfErrorCode::kResultSize:
      return arrow::StatusCode::CapacityError;
    case UdfErrorCode::kOpenFiles:
    case UdfErrorCode::kExecution:
      return arrow::StatusCode::ExecutionError;
    case UdfErrorCode::kWorkerLost:
    case UdfErrorCode::kTimeout:
    case UdfErrorCode::kCpuTime:
    case UdfErrorCode::kInternal:
      break;
  }
  return arrow::StatusCode::UnknownError;
}

}  // namespace

const char* UdfErrorDetail::type_id() const { return kTypeId; }

std::string UdfErrorDetail::ToString() const {
  return "UDF error " + std::to_string(static_cast<int32_t>(info_.code));
}

arrow::Status MakeUdfError(UdfErrorInfo info) {
  const auto code = ArrowCode(info.code);
  std::string message = info.message;
  return arrow::Status(code, std::move(message),
                       std::make_shared<UdfErrorDetail>(std::move(info)));
}

arrow::Status MakeUdfError(UdfErrorCode code, std::string message) {
  UdfErrorInfo info;
  info.code = code;
  info.message = std::move(message);
  return MakeUdfError(std::move(info));
}

arrow::Status MakeCancelledError() {
  return MakeUdfError(UdfErrorCode::kCancelled, "the query was cancelled");
}

arrow::Status WithUdfName(const arrow::Status& status, const std::string& udf_name) {
  UdfErrorInfo info = GetUdfErrorInfo(status);
  info.udf_name = udf_name;
  return MakeUdfError(std::move(info));
}

UdfErrorInfo GetUdfErrorInfo(const arrow::Status& status) {
  const auto& detail = status.detail();
  if (detail != nullptr && std::string_view(detail->type_id()) == kTypeId) {
    return static_cast<const UdfErrorDetail&>(*detail).info();
  }
  UdfErrorInfo info;
  info.message = status.ToString();
  return info;
}

}  // namespace springald
