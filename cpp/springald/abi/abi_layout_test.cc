// What a program that was built against this header relies on. No number here ever
// changes; a version adds numbers, and makes structs with a struct_size larger.

#include "springald/abi.h"

#include <cstddef>
#include <type_traits>

#include <gtest/gtest.h>

#include "springald/abi/sized_struct.h"
#include "springald/base/udf_error.h"
#include "springald/codec/udf_definition.h"

namespace springald {

namespace {

static_assert(sizeof(void*) == 8 && sizeof(size_t) == 8, "the layout is that of 64 bits");

static_assert(sizeof(springald_error) == 88);
static_assert(offsetof(springald_error, code) == 0);
static_assert(offsetof(springald_error, message) == 8);
static_assert(offsetof(springald_error, udf_name) == 16);
static_assert(offsetof(springald_error, exception_type) == 24);
static_assert(offsetof(springald_error, traceback) == 32);
static_assert(offsetof(springald_error, arguments) == 40);
static_assert(offsetof(springald_error, row) == 48);
static_assert(offsetof(springald_error, retryable) == 56);
static_assert(offsetof(springald_error, exception) == 64);
static_assert(offsetof(springald_error, release) == 72);
static_assert(offsetof(springald_error, private_data) == 80);

static_assert(sizeof(springald_requirement) == 16);
static_assert(offsetof(springald_requirement, module) == 0);
static_assert(offsetof(springald_requirement, version) == 8);

static_assert(sizeof(springald_definition_fields) == 176);
static_assert(offsetof(springald_definition_fields, struct_size) == 0);
static_assert(offsetof(springald_definition_fields, name) == 8);
static_assert(offsetof(springald_definition_fields, mode) == 16);
static_assert(offsetof(springald_definition_fields, volatility) == 20);
static_assert(offsetof(springald_definition_fields, null_handling) == 24);
static_assert(offsetof(springald_definition_fields, python_implementation) == 32);
static_assert(offsetof(springald_definition_fields, python_version) == 40);
static_assert(offsetof(springald_definition_fields, cloudpickle_version) == 48);
static_assert(offsetof(springald_definition_fields, pyarrow_version) == 56);
static_assert(offsetof(springald_definition_fields, requirements) == 64);
static_assert(offsetof(springald_definition_fields, num_requirements) == 72);
static_assert(offsetof(springald_definition_fields, source_file) == 80);
static_assert(offsetof(springald_definition_fields, source_first_line) == 88);
static_assert(offsetof(springald_definition_fields, source_text) == 96);
static_assert(offsetof(springald_definition_fields, payload) == 104);
static_assert(offsetof(springald_definition_fields, payload_size) == 112);
static_assert(offsetof(springald_definition_fields, payload_reference) == 120);
// In version 1 it ended here.
static_assert(offsetof(springald_definition_fields, payload_hash) == 128);
// In versions 2 and 3 it ended here.
static_assert(offsetof(springald_definition_fields, timeout_ms) == 136);
static_assert(offsetof(springald_definition_fields, memory_limit_bytes) == 144);
static_assert(offsetof(springald_definition_fields, cpu_limit_ms) == 152);
static_assert(offsetof(springald_definition_fields, max_open_files) == 160);
static_assert(offsetof(springald_definition_fields, max_result_bytes) == 168);

static_assert(sizeof(springald_runtime_options) == 64);
static_assert(offsetof(springald_runtime_options, struct_size) == 0);
static_assert(offsetof(springald_runtime_options, log) == 8);
static_assert(offsetof(springald_runtime_options, log_context) == 16);
static_assert(offsetof(springald_runtime_options, metric) == 24);
static_assert(offsetof(springald_runtime_options, metric_context) == 32);
static_assert(offsetof(springald_runtime_options, cache_capacity_bytes) == 40);
// In versions 1 to 3 it ended here.
static_assert(offsetof(springald_runtime_options, backend) == 48);
static_assert(offsetof(springald_runtime_options, sidecar) == 56);

static_assert(sizeof(springald_sidecar_options) == 96);
static_assert(offsetof(springald_sidecar_options, struct_size) == 0);
static_assert(offsetof(springald_sidecar_options, max_workers) == 8);
static_assert(offsetof(springald_sidecar_options, python_executable) == 16);
static_assert(offsetof(springald_sidecar_options, preload) == 24);
static_assert(offsetof(springald_sidecar_options, num_preload) == 32);
static_assert(offsetof(springald_sidecar_options, timeout_ms) == 40);
static_assert(offsetof(springald_sidecar_options, memory_limit_bytes) == 48);
static_assert(offsetof(springald_sidecar_options, cpu_limit_ms) == 56);
static_assert(offsetof(springald_sidecar_options, max_open_files) == 64);
static_assert(offsetof(springald_sidecar_options, max_result_bytes) == 72);
static_assert(offsetof(springald_sidecar_options, max_batches_per_worker) == 80);
static_assert(offsetof(springald_sidecar_options, idle_timeout_ms) == 88);

static_assert(sizeof(springald_worker_figures) == 96);
static_assert(offsetof(springald_worker_figures, struct_size) == 0);
static_assert(offsetof(springald_worker_figures, max_workers) == 8);
static_assert(offsetof(springald_worker_figures, num_workers) == 16);
static_assert(offsetof(springald_worker_figures, num_busy) == 24);
static_assert(offsetof(springald_worker_figures, num_started) == 32);
static_assert(offsetof(springald_worker_figures, num_retired) == 40);
static_assert(offsetof(springald_worker_figures, num_lost) == 48);
static_assert(offsetof(springald_worker_figures, num_killed) == 56);
static_assert(offsetof(springald_worker_figures, num_retried) == 64);
static_assert(offsetof(springald_worker_figures, shared_bytes) == 72);
static_assert(offsetof(springald_worker_figures, last_start_us) == 80);
static_assert(offsetof(springald_worker_figures, fork_server_pid) == 88);

static_assert(sizeof(springald_metrics) == 48);
static_assert(offsetof(springald_metrics, struct_size) == 0);
static_assert(offsetof(springald_metrics, num_loads) == 8);
static_assert(offsetof(springald_metrics, num_calls) == 16);
static_assert(offsetof(springald_metrics, num_rows) == 24);
static_assert(offsetof(springald_metrics, python_ns) == 32);
static_assert(offsetof(springald_metrics, num_errors) == 40);

static_assert(sizeof(springald_batch) == 56);
static_assert(offsetof(springald_batch, struct_size) == 0);
static_assert(offsetof(springald_batch, arguments) == 8);
static_assert(offsetof(springald_batch, num_arguments) == 16);
static_assert(offsetof(springald_batch, is_constant) == 24);
static_assert(offsetof(springald_batch, num_rows) == 32);
static_assert(offsetof(springald_batch, stream_id) == 40);
static_assert(offsetof(springald_batch, cancel) == 48);

static_assert(sizeof(springald_function_description) == 40);
static_assert(offsetof(springald_function_description, struct_size) == 0);
static_assert(offsetof(springald_function_description, not_inlined_reason) == 8);
static_assert(offsetof(springald_function_description, not_distinct_reason) == 16);
static_assert(offsetof(springald_function_description, num_inlined_rows) == 24);
static_assert(offsetof(springald_function_description, num_repeated_rows) == 32);

static_assert(std::is_standard_layout_v<springald_error>);
static_assert(std::is_trivial_v<springald_error>);
static_assert(std::is_trivial_v<springald_definition_fields>);
static_assert(std::is_trivial_v<springald_runtime_options>);
static_assert(std::is_trivial_v<springald_sidecar_options>);
static_assert(std::is_trivial_v<springald_worker_figures>);
static_assert(std::is_trivial_v<springald_batch>);
static_assert(std::is_trivial_v<springald_metrics>);
static_assert(std::is_trivial_v<springald_function_description>);

// The numbers inside are those outside.
template <typename Enumeration>
constexpr int Number(Enumeration value) {
  return static_cast<int>(value);
}
static_assert(SPRINGALD_OK == 0);
static_assert(SPRINGALD_INVALID_DEFINITION == Number(UdfErrorCode::kInvalidDefinition));
static_assert(SPRINGALD_USER_ERROR == Number(UdfErrorCode::kExecution));
static_assert(SPRINGALD_RESULT_ERROR == Number(UdfErrorCode::kResult));
static_assert(SPRINGALD_VERSION_MISMATCH == Number(UdfErrorCode::kVersionMismatch));
static_assert(SPRINGALD_DEPENDENCY_ERROR == Number(UdfErrorCode::kDependency));
static_assert(SPRINGALD_CANCELLED == Number(UdfErrorCode::kCancelled));
static_assert(SPRINGALD_INTERRUPTED == Number(UdfErrorCode::kInterrupted));
static_assert(SPRINGALD_INTERNAL == Number(UdfErrorCode::kInternal));
static_assert(SPRINGALD_WORKER_LOST == 9);
static_assert(SPRINGALD_TIMEOUT == 10);
static_assert(SPRINGALD_MEMORY == 11);
static_assert(SPRINGALD_CPU_TIME == 12);
static_assert(SPRINGALD_OPEN_FILES == 13);
static_assert(SPRINGALD_RESULT_SIZE == 14);
static_assert(SPRINGALD_BACKEND_EMBEDDED == 0);
static_assert(SPRINGALD_BACKEND_SIDECAR == 1);
static_assert(SPRINGALD_MODE_ARROW == Number(UdfMode::kArrow));
static_assert(SPRINGALD_MODE_ROW == Number(UdfMode::kRow));
static_assert(SPRINGALD_MODE_PANDAS == Number(UdfMode::kPandas));
static_assert(SPRINGALD_MODE_NUMPY == Number(UdfMode::kNumpy));
static_assert(SPRINGALD_MODE_ITERATOR == Number(UdfMode::kIterator));
static_assert(SPRINGALD_IMMUTABLE == Number(Volatility::kImmutable));
static_assert(SPRINGALD_STABLE == Number(Volatility::kStable));
static_assert(SPRINGALD_VOLATILE == Number(Volatility::kVolatile));
static_assert(SPRINGALD_NULL_CALL == Number(NullHandling::kCall));
static_assert(SPRINGALD_NULL_SKIP == Number(NullHandling::kSkip));

// As C sees them: callbacks and functions have these types in every version.
static_assert(std::is_same_v<springald_log_callback, void (*)(void*, int32_t, const char*,
                                                              const char*, const char*)>);
static_assert(
    std::is_same_v<springald_metric_callback,
                   void (*)(void*, const char*, const char*, int64_t, int64_t, int32_t)>);

TEST(AbiLayout, IsThatOfVersion4) {
  EXPECT_EQ(SPRINGALD_ABI_VERSION_1, 1);
  EXPECT_EQ(SPRINGALD_ABI_VERSION_2, 2);
  EXPECT_EQ(SPRINGALD_ABI_VERSION_3, 3);
  EXPECT_EQ(SPRINGALD_ABI_VERSION_4, 4);
}

/// The list of field ends that decides what a smaller struct holds has no gap: each field
/// begins where the one before ended, or at most with padding.
template <typename Struct>
void ExpectEveryFieldListed() {
  const auto& ends = abi::kFieldEnds<Struct>;
  std::size_t end = 0;
  for (const std::size_t next : ends) {
    EXPECT_GT(next, end);
    EXPECT_LE(next - end, sizeof(void*) + 4) << "a field before byte " << next;
    end = next;
  }
  EXPECT_EQ(end, sizeof(Struct));
}

TEST(AbiLayout, EveryFieldOfASizedStructIsListed) {
  ExpectEveryFieldListed<springald_definition_fields>();
  ExpectEveryFieldListed<springald_runtime_options>();
  ExpectEveryFieldListed<springald_sidecar_options>();
  ExpectEveryFieldListed<springald_worker_figures>();
  ExpectEveryFieldListed<springald_batch>();
  ExpectEveryFieldListed<springald_function_description>();
  ExpectEveryFieldListed<springald_metrics>();
}

}  // namespace

}  // namespace springald
