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

static_assert(sizeof(springald_definition_fields) == 136);
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

static_assert(sizeof(springald_runtime_options) == 48);
static_assert(offsetof(springald_runtime_options, struct_size) == 0);
static_assert(offsetof(springald_runtime_options, log) == 8);
static_assert(offsetof(springald_runtime_options, log_context) == 16);
static_assert(offsetof(springald_runtime_options, metric) == 24);
static_assert(offsetof(springald_runtime_options, metric_context) == 32);
static_assert(offsetof(springald_runtime_options, cache_capacity_bytes) == 40);

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

TEST(AbiLayout, IsThatOfVersion3) {
  EXPECT_EQ(SPRINGALD_ABI_VERSION_1, 1);
  EXPECT_EQ(SPRINGALD_ABI_VERSION_2, 2);
  EXPECT_EQ(SPRINGALD_ABI_VERSION_3, 3);
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
  ExpectEveryFieldListed<springald_batch>();
  ExpectEveryFieldListed<springald_function_description>();
  ExpectEveryFieldListed<springald_metrics>();
}

}  // namespace

}  // namespace springald
