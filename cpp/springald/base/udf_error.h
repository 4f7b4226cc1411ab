#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include <arrow/status.h>

namespace springald {

/// Who or what made a call fail. The values are those of `springald_status` in
/// `include/springald/abi.h` and of the Python classes in `springald.errors`.
enum class UdfErrorCode : int32_t {
  kInvalidDefinition = 1,  ///< `UdfDefinitionError`
  kExecution = 2,          ///< `UdfExecutionError`: the user's function raised
  kResult = 3,             ///< `UdfResultError`: wrong type, length or null
  kVersionMismatch = 4,    ///< `UdfVersionMismatchError`
  kDependency = 5,         ///< `UdfDependencyError`
  kCancelled = 6,          ///< `UdfCancelledError`: the caller stopped the call
  kInterrupted = 7,        ///< `KeyboardInterrupt`, which is the user's
  kInternal = 8,           ///< `UdfError`: a mistake of this library
  // Of functions that run in worker processes:
  kWorkerLost = 9,   ///< `UdfWorkerLostError`: the process that ran the function ended
  kTimeout = 10,     ///< `UdfTimeoutError`: a batch took too long
  kMemory = 11,      ///< `UdfMemoryError`: a batch needed too much memory
  kCpuTime = 12,     ///< `UdfCpuTimeError`: a batch used too much processor time
  kOpenFiles = 13,   ///< `UdfOpenFilesError`: the function opened too many files
  kResultSize = 14,  ///< `UdfResultSizeError`: the result of a batch is too large
};
inline constexpr int32_t kMaxUdfErrorCode = 14;

/// What is known of a failure. Empty strings mean "does not apply".
struct UdfErrorInfo {
  UdfErrorCode code = UdfErrorCode::kInternal;
  std::string udf_name;
  /// Name of the Python class that was raised, as a traceback prints it.
  std::string exception_type;
  std::string message;
  /// The user's frames only, as `traceback.format_exception` prints them.
  std::string traceback;
  /// Index of the failing row in its batch, counted from 0; row mode only.
  std::optional<int64_t> row;
  /// `repr` of the arguments of `row`, cut to a bound.
  std::string arguments;
  /// True where the same call may succeed later.
  bool retryable = false;
  /// The Python exception object where it was raised in this process, as a
  /// reference that the deleter drops under the GIL; null elsewhere. It is
  /// opaque here because `base` knows no Python.
  std::shared_ptr<void> exception;
};

/// Carries a `UdfErrorInfo` through `arrow::Status`. Immutable.
class UdfErrorDetail : public arrow::StatusDetail {
 public:
  explicit UdfErrorDetail(UdfErrorInfo info) : info_(std::move(info)) {}

  const char* type_id() const override;
  std::string ToString() const override;
  const UdfErrorInfo& info() const { return info_; }

 private:
  const UdfErrorInfo info_;
};

/// Returns a status that carries `info`; its message is `info.message`.
arrow::Status MakeUdfError(UdfErrorInfo info);

/// Returns a status of `code` with `message` and nothing else known.
arrow::Status MakeUdfError(UdfErrorCode code, std::string message);

/// Returns a status of `kCancelled`.
arrow::Status MakeCancelledError();

/// Returns `status`, which is not OK, as the failure of the function `udf_name`.
arrow::Status WithUdfName(const arrow::Status& status, const std::string& udf_name);

/// Returns the `UdfErrorInfo` of a status that is not OK. A status without one
/// is reported as `kInternal` with the status's own text.
UdfErrorInfo GetUdfErrorInfo(const arrow::Status& status);

}  // namespace springald
