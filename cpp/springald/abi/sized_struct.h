#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include <arrow/result.h>

#include "springald/abi.h"
#include "springald/base/udf_error.h"

namespace springald::abi {

// The structs of abi.h that begin with `struct_size`. The other side may have been built
// against a version with fewer fields, or with more: what the two have in common are the
// fields that its size covers as a whole.

#define SPRINGALD_FIELD_END(type, field) (offsetof(type, field) + sizeof(type::field))

/// Where each field of a struct ends, in bytes from its start, in order.
template <typename Struct>
inline constexpr std::array<std::size_t, 0> kFieldEnds{};

template <>
inline constexpr std::array kFieldEnds<springald_definition_fields>{
    SPRINGALD_FIELD_END(springald_definition_fields, struct_size),
    SPRINGALD_FIELD_END(springald_definition_fields, name),
    SPRINGALD_FIELD_END(springald_definition_fields, mode),
    SPRINGALD_FIELD_END(springald_definition_fields, volatility),
    SPRINGALD_FIELD_END(springald_definition_fields, null_handling),
    SPRINGALD_FIELD_END(springald_definition_fields, python_implementation),
    SPRINGALD_FIELD_END(springald_definition_fields, python_version),
    SPRINGALD_FIELD_END(springald_definition_fields, cloudpickle_version),
    SPRINGALD_FIELD_END(springald_definition_fields, pyarrow_version),
    SPRINGALD_FIELD_END(springald_definition_fields, requirements),
    SPRINGALD_FIELD_END(springald_definition_fields, num_requirements),
    SPRINGALD_FIELD_END(springald_definition_fields, source_file),
    SPRINGALD_FIELD_END(springald_definition_fields, source_first_line),
    SPRINGALD_FIELD_END(springald_definition_fields, source_text),
    SPRINGALD_FIELD_END(springald_definition_fields, payload),
    SPRINGALD_FIELD_END(springald_definition_fields, payload_size),
    SPRINGALD_FIELD_END(springald_definition_fields, payload_reference),
    SPRINGALD_FIELD_END(springald_definition_fields, payload_hash),
    SPRINGALD_FIELD_END(springald_definition_fields, timeout_ms),
    SPRINGALD_FIELD_END(springald_definition_fields, memory_limit_bytes),
    SPRINGALD_FIELD_END(springald_definition_fields, cpu_limit_ms),
    SPRINGALD_FIELD_END(springald_definition_fields, max_open_files),
    SPRINGALD_FIELD_END(springald_definition_fields, max_result_bytes)};

template <>
inline constexpr std::array kFieldEnds<springald_runtime_options>{
    SPRINGALD_FIELD_END(springald_runtime_options, struct_size),
    SPRINGALD_FIELD_END(springald_runtime_options, log),
    SPRINGALD_FIELD_END(springald_runtime_options, log_context),
    SPRINGALD_FIELD_END(springald_runtime_options, metric),
    SPRINGALD_FIELD_END(springald_runtime_options, metric_context),
    SPRINGALD_FIELD_END(springald_runtime_options, cache_capacity_bytes),
    SPRINGALD_FIELD_END(springald_runtime_options, backend),
    SPRINGALD_FIELD_END(springald_runtime_options, sidecar)};

template <>
inline constexpr std::array kFieldEnds<springald_sidecar_options>{
    SPRINGALD_FIELD_END(springald_sidecar_options, struct_size),
    SPRINGALD_FIELD_END(springald_sidecar_options, max_workers),
    SPRINGALD_FIELD_END(springald_sidecar_options, python_executable),
    SPRINGALD_FIELD_END(springald_sidecar_options, preload),
    SPRINGALD_FIELD_END(springald_sidecar_options, num_preload),
    SPRINGALD_FIELD_END(springald_sidecar_options, timeout_ms),
    SPRINGALD_FIELD_END(springald_sidecar_options, memory_limit_bytes),
    SPRINGALD_FIELD_END(springald_sidecar_options, cpu_limit_ms),
    SPRINGALD_FIELD_END(springald_sidecar_options, max_open_files),
    SPRINGALD_FIELD_END(springald_sidecar_options, max_result_bytes),
    SPRINGALD_FIELD_END(springald_sidecar_options, max_batches_per_worker),
    SPRINGALD_FIELD_END(springald_sidecar_options, idle_timeout_ms)};

template <>
inline constexpr std::array kFieldEnds<springald_worker_figures>{
    SPRINGALD_FIELD_END(springald_worker_figures, struct_size),
    SPRINGALD_FIELD_END(springald_worker_figures, max_workers),
    SPRINGALD_FIELD_END(springald_worker_figures, num_workers),
    SPRINGALD_FIELD_END(springald_worker_figures, num_busy),
    SPRINGALD_FIELD_END(springald_worker_figures, num_started),
    SPRINGALD_FIELD_END(springald_worker_figures, num_retired),
    SPRINGALD_FIELD_END(springald_worker_figures, num_lost),
    SPRINGALD_FIELD_END(springald_worker_figures, num_killed),
    SPRINGALD_FIELD_END(springald_worker_figures, num_retried),
    SPRINGALD_FIELD_END(springald_worker_figures, shared_bytes),
    SPRINGALD_FIELD_END(springald_worker_figures, last_start_us),
    SPRINGALD_FIELD_END(springald_worker_figures, fork_server_pid)};

template <>
inline constexpr std::array kFieldEnds<springald_batch>{
    SPRINGALD_FIELD_END(springald_batch, struct_size),
    SPRINGALD_FIELD_END(springald_batch, arguments),
    SPRINGALD_FIELD_END(springald_batch, num_arguments),
    SPRINGALD_FIELD_END(springald_batch, is_constant),
    SPRINGALD_FIELD_END(springald_batch, num_rows),
    SPRINGALD_FIELD_END(springald_batch, stream_id),
    SPRINGALD_FIELD_END(springald_batch, cancel)};

template <>
inline constexpr std::array kFieldEnds<springald_function_description>{
    SPRINGALD_FIELD_END(springald_function_description, struct_size),
    SPRINGALD_FIELD_END(springald_function_description, not_inlined_reason),
    SPRINGALD_FIELD_END(springald_function_description, not_distinct_reason),
    SPRINGALD_FIELD_END(springald_function_description, num_inlined_rows),
    SPRINGALD_FIELD_END(springald_function_description, num_repeated_rows)};

template <>
inline constexpr std::array kFieldEnds<springald_metrics>{
    SPRINGALD_FIELD_END(springald_metrics, struct_size),
    SPRINGALD_FIELD_END(springald_metrics, num_loads),
    SPRINGALD_FIELD_END(springald_metrics, num_calls),
    SPRINGALD_FIELD_END(springald_metrics, num_rows),
    SPRINGALD_FIELD_END(springald_metrics, python_ns),
    SPRINGALD_FIELD_END(springald_metrics, num_errors)};

#undef SPRINGALD_FIELD_END

/// No struct of any version is as large as this: such a size was never set.
inline constexpr std::size_t kMaxStructBytes = 4096;

/// Returns how many bytes the fields have that a struct of `struct_size` bytes covers as
/// a whole; 0 where the size is not set.
template <typename Struct>
std::size_t KnownBytes(std::size_t struct_size) {
  static_assert(kFieldEnds<Struct>.size() > 0, "the ends of its fields are not listed");
  if (struct_size > kMaxStructBytes) {
    return 0;
  }
  const auto& ends = kFieldEnds<Struct>;
  const auto past = std::upper_bound(ends.begin(), ends.end(), struct_size);
  return past == ends.begin() ? 0 : *(past - 1);
}

/// Checks `struct_size`. `name` is the struct's. Fails with `code`.
template <typename Struct>
arrow::Status CheckStructSize(std::size_t struct_size, const std::string& name,
                              UdfErrorCode code) {
  if (KnownBytes<Struct>(struct_size) != 0) {
    return arrow::Status::OK();
  }
  return MakeUdfError(code, "the struct_size of a " + name +
                                " is not set: " + std::to_string(struct_size) +
                                "; set it to sizeof(" + name + ")");
}

/// Returns the fields of `given` that both sides know; the others are zero.
///
/// Fails with `code` where the size is not set, and where `given` asks for something that
/// this version does not know.
template <typename Struct>
arrow::Result<Struct> ReadStruct(const Struct& given, const std::string& name,
                                 UdfErrorCode code) {
  const std::size_t struct_size = given.struct_size;
  ARROW_RETURN_NOT_OK(CheckStructSize<Struct>(struct_size, name, code));
  // By offset, because the object may be smaller or larger than the type says.
  const auto* bytes = reinterpret_cast<const unsigned char*>(&given);
  for (std::size_t i = sizeof(Struct); i < struct_size; ++i) {
    if (bytes[i] != 0) {
      return MakeUdfError(
          code, "a field of the " + name + " is set that this version of springald, " +
                    springald_version() + ", does not know: at byte " +
                    std::to_string(i) + ", and it knows " +
                    std::to_string(sizeof(Struct)) +
                    "; zero the struct before it is filled, or upgrade springald");
    }
  }
  Struct known{};
  std::memcpy(&known, bytes, KnownBytes<Struct>(struct_size));
  return known;
}

/// Writes the fields of `all` that the caller's struct has room for, but its size.
template <typename Struct>
void WriteStruct(Struct all, Struct* out) {
  all.struct_size = out->struct_size;
  std::memcpy(static_cast<void*>(out), &all, KnownBytes<Struct>(all.struct_size));
}

}  // namespace springald::abi
