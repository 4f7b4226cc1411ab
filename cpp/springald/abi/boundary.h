#pragma once

#include <exception>
#include <utility>

#include <arrow/status.h>

#include "springald/abi.h"

namespace springald::abi {

/// Puts `status` into `error` and returns its code. `error` may be null.
int32_t ExportStatus(const arrow::Status& status, springald_error* error) noexcept;

/// Runs `body` and turns all that can leave it into a code and an error.
///
/// Every `extern "C"` function of this library that can fail is one call of
/// AtBoundary and nothing else: an exception that unwinds into C or Rust ends the
/// process.
template <typename Body>
int32_t AtBoundary(springald_error* error, Body&& body) noexcept {
  try {
    return ExportStatus(std::forward<Body>(body)(), error);
  } catch (const std::exception& exception) {
    return ExportStatus(
        arrow::Status::UnknownError("Uncaught C++ exception: ", exception.what()), error);
  } catch (...) {
    return ExportStatus(arrow::Status::UnknownError("Uncaught non-C++ exception"), error);
  }
}

}  // namespace springald::abi
