#include <stddef.h>
#include <string.h>

#include "springald/abi/abi_c_test.h"
#include "springald/abi/abi_c_testing.h"

enum { kCanary = 0xA5 };

/* Where a field is in its struct. */
struct place {
  size_t offset;
  size_t size;
};

#define PLACE(type, field) \
  {offsetof(struct type, field), sizeof(((struct type*)NULL)->field)}
#define FIELDS_PLACE(field) PLACE(springald_definition_fields, field)
#define METRICS_PLACE(field) PLACE(springald_metrics, field)
#define DESCRIPTION_PLACE(field) PLACE(springald_function_description, field)
#define NUM_PLACES(places) (sizeof(places) / sizeof((places)[0]))

static const struct place kFields[] = {
    FIELDS_PLACE(name),
    FIELDS_PLACE(mode),
    FIELDS_PLACE(volatility),
    FIELDS_PLACE(null_handling),
    FIELDS_PLACE(python_implementation),
    FIELDS_PLACE(python_version),
    FIELDS_PLACE(cloudpickle_version),
    FIELDS_PLACE(pyarrow_version),
    FIELDS_PLACE(requirements),
    FIELDS_PLACE(num_requirements),
    FIELDS_PLACE(source_file),
    FIELDS_PLACE(source_first_line),
    FIELDS_PLACE(source_text),
    FIELDS_PLACE(payload),
    FIELDS_PLACE(payload_size),
    FIELDS_PLACE(payload_reference),
    FIELDS_PLACE(payload_hash),
    FIELDS_PLACE(timeout_ms),
    FIELDS_PLACE(memory_limit_bytes),
    FIELDS_PLACE(cpu_limit_ms),
    FIELDS_PLACE(max_open_files),
    FIELDS_PLACE(max_result_bytes),
};
static const struct place kMetrics[] = {
    METRICS_PLACE(num_loads), METRICS_PLACE(num_calls),  METRICS_PLACE(num_rows),
    METRICS_PLACE(python_ns), METRICS_PLACE(num_errors),
};
static const struct place kDescription[] = {
    DESCRIPTION_PLACE(not_inlined_reason),
    DESCRIPTION_PLACE(not_distinct_reason),
    DESCRIPTION_PLACE(num_inlined_rows),
    DESCRIPTION_PLACE(num_repeated_rows),
};

static int IsCanary(const unsigned char* bytes, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (bytes[i] != kCanary) {
      return 0;
    }
  }
  return 1;
}

/* A struct of any type with room behind it, and its size in front. */
union sized {
  size_t struct_size;
  unsigned char bytes[512];
};

static void SetSize(union sized* taken, size_t size) {
  memset(taken, kCanary, sizeof(*taken));
  taken->struct_size = size;
}

/* Compares what was written for `taken->struct_size` with what was written for all. */
static const char* CheckWritten(const union sized* taken, const union sized* all,
                                const struct place* places, size_t num_places) {
  CHECK(!IsCanary(all->bytes + places[0].offset, places[0].size));
  size_t end = sizeof(size_t);
  for (size_t i = 0; i < num_places; ++i) {
    const struct place place = places[i];
    if (place.offset + place.size <= taken->struct_size) {
      CHECK(memcmp(taken->bytes + place.offset, all->bytes + place.offset, place.size) ==
            0);
    } else {
      CHECK(IsCanary(taken->bytes + place.offset, place.size));
    }
    end = place.offset + place.size;
  }
  CHECK(IsCanary(taken->bytes + end, sizeof(*taken) - end));
  return NULL;
}

/* Creates a definition of `fields` and returns its code. Where it fails, `message` says
   whether the error's message holds that. */
static int32_t TryCreate(const struct springald_definition_fields* fields,
                         const char* message) {
  struct springald_definition* definition = NULL;
  struct springald_error error = {0};
  const int32_t code = Create(fields, &definition, &error);
  springald_definition_release(definition);
  if (code == SPRINGALD_OK) {
    return code;
  }
  const int is_found = strstr(error.message, message) != NULL;
  error.release(&error);
  return is_found ? code : -1;
}

static const char* GiveFields(void) {
  static const uint8_t hash[32] = {1, 2, 3};
  struct springald_definition_fields fields = Fields();
  fields.payload_reference = "store:double_it";
  fields.payload_hash = hash;
  CHECK(TryCreate(&fields, "") == SPRINGALD_OK);
  /* A host of version 2 or 3, whose struct ends here. */
  const size_t end = offsetof(struct springald_definition_fields, timeout_ms);
  fields.struct_size = end;
  fields.timeout_ms = -1;
  CHECK(TryCreate(&fields, "") == SPRINGALD_OK);
  /* Each byte less, and the hash is as if it was not there. */
  for (size_t less = 1; less <= sizeof(fields.payload_hash); ++less) {
    fields.struct_size = end - less;
    CHECK(TryCreate(&fields, "hash of the referenced payload is not given") ==
          SPRINGALD_INVALID_DEFINITION);
  }
  fields.struct_size = offsetof(struct springald_definition_fields, payload_reference);
  CHECK(TryCreate(&fields, "neither a payload") == SPRINGALD_INVALID_DEFINITION);
  fields.struct_size = offsetof(struct springald_definition_fields, mode);
  CHECK(TryCreate(&fields, "The mode is not given") == SPRINGALD_INVALID_DEFINITION);
  fields.struct_size = sizeof(fields.struct_size);
  CHECK(TryCreate(&fields, "The mode is not given") == SPRINGALD_INVALID_DEFINITION);

  const size_t not_set[] = {0, 1, sizeof(size_t) - 1, 1 << 20, SIZE_MAX};
  for (size_t i = 0; i < sizeof(not_set) / sizeof(not_set[0]); ++i) {
    fields.struct_size = not_set[i];
    CHECK(TryCreate(&fields,
                    "struct_size of a struct springald_definition_fields is "
                    "not set: ") == SPRINGALD_INVALID_DEFINITION);
  }
  return NULL;
}

static const char* GiveLimits(void) {
  static const char* const messages[] = {
      "timeout is negative: -1 ms", "memory limit is negative: -1 bytes",
      "CPU limit is negative: -1 ms", "limit of open files is negative: -1 files",
      "limit of the result's size is negative: -1 bytes"};
  const size_t first = offsetof(struct springald_definition_fields, timeout_ms);
  for (size_t i = 0; i < NUM_PLACES(messages); ++i) {
    struct springald_definition_fields fields = Fields();
    fields.payload_reference = "live:5";
    const int64_t negative = -1;
    memcpy((char*)&fields + first + i * sizeof(negative), &negative, sizeof(negative));
    CHECK(TryCreate(&fields, messages[i]) == SPRINGALD_INVALID_DEFINITION);
    /* Where the size does not cover all of it, it is not there. */
    fields.struct_size = first + (i + 1) * sizeof(negative) - 1;
    CHECK(TryCreate(&fields, "") == SPRINGALD_OK);
  }
  return NULL;
}

/* A host that was built against a header of the future. */
static const char* GiveFieldsOfTheFuture(void) {
  struct {
    struct springald_definition_fields fields;
    uint64_t more[2];
  } future;
  memset(&future, 0, sizeof(future));
  future.fields = Fields();
  future.fields.payload_reference = "live:5";
  future.fields.struct_size = sizeof(future);
  CHECK(TryCreate(&future.fields, "") == SPRINGALD_OK);
  future.more[1] = 1;
  CHECK(TryCreate(&future.fields, "does not know: at byte 184, and it knows 176") ==
        SPRINGALD_INVALID_DEFINITION);
  return NULL;
}

static int32_t TryRuntime(const struct springald_runtime_options* options,
                          const char* message) {
  struct springald_runtime* runtime = NULL;
  struct springald_error error = {0};
  const int32_t code = springald_runtime_create(options, &runtime, &error);
  springald_runtime_release(runtime);
  if (code == SPRINGALD_OK) {
    return code;
  }
  const int is_found = strstr(error.message, message) != NULL && error.row == -1;
  error.release(&error);
  return is_found ? code : -1;
}

static const char* GiveOptions(void) {
  struct {
    struct springald_runtime_options options;
    uint64_t more;
  } future;
  memset(&future, 0, sizeof(future));
  CHECK(TryRuntime(NULL, "") == SPRINGALD_OK);
  CHECK(TryRuntime(&future.options,
                   "struct_size of a struct springald_runtime_options "
                   "is not set: 0; set it to sizeof(struct ") == SPRINGALD_INTERNAL);
  for (size_t size = sizeof(size_t); size <= sizeof(future); ++size) {
    future.options.struct_size = size;
    CHECK(TryRuntime(&future.options, "") == SPRINGALD_OK);
  }
  future.more = 1;
  CHECK(TryRuntime(&future.options, "or upgrade springald") == SPRINGALD_INTERNAL);
  future.options.struct_size = sizeof(future.options);
  CHECK(TryRuntime(&future.options, "") == SPRINGALD_OK);
  return NULL;
}

const char* GiveStructsOfAnySize(void) {
  CHECK_ALL(GiveFields());
  CHECK_ALL(GiveLimits());
  CHECK_ALL(GiveFieldsOfTheFuture());
  return GiveOptions();
}

static const char* TakeFields(const struct springald_definition* definition) {
  union sized all;
  SetSize(&all, sizeof(struct springald_definition_fields));
  CHECK(springald_definition_describe(definition, (void*)&all, NULL) == SPRINGALD_OK);
  for (size_t size = sizeof(size_t); size <= sizeof(all); ++size) {
    union sized taken;
    SetSize(&taken, size);
    CHECK(springald_definition_describe(definition, (void*)&taken, NULL) == SPRINGALD_OK);
    CHECK(taken.struct_size == size);
    CHECK_ALL(CheckWritten(&taken, &all, kFields, NUM_PLACES(kFields)));
  }
  union sized not_set;
  SetSize(&not_set, 0);
  struct springald_error error = {0};
  CHECK(springald_definition_describe(definition, (void*)&not_set, &error) ==
        SPRINGALD_INTERNAL);
  CHECK(strstr(error.message, "is not set: 0") != NULL);
  error.release(&error);
  CHECK(not_set.struct_size == 0);
  CHECK_ALL(CheckWritten(&not_set, &all, kFields, NUM_PLACES(kFields)));
  return NULL;
}

static const char* TakeFigures(const struct springald_function* function) {
  union sized metrics;
  SetSize(&metrics, sizeof(struct springald_metrics));
  springald_function_metrics(function, (void*)&metrics);
  union sized description;
  SetSize(&description, sizeof(struct springald_function_description));
  springald_function_describe(function, (void*)&description);
  for (size_t size = 0; size <= sizeof(metrics); ++size) {
    union sized taken;
    SetSize(&taken, size);
    springald_function_metrics(function, (void*)&taken);
    CHECK(taken.struct_size == size);
    CHECK_ALL(CheckWritten(&taken, &metrics, kMetrics, NUM_PLACES(kMetrics)));
    SetSize(&taken, size);
    springald_function_describe(function, (void*)&taken);
    CHECK(taken.struct_size == size);
    CHECK_ALL(CheckWritten(&taken, &description, kDescription, NUM_PLACES(kDescription)));
  }
  return NULL;
}

static const char* CheckDescription(const struct springald_function* function) {
  struct springald_function_description description;
  description.struct_size = sizeof(description);
  springald_function_describe(function, &description);
  CHECK(description.not_inlined_reason == NULL || *description.not_inlined_reason != 0);
  CHECK(description.not_distinct_reason == NULL || *description.not_distinct_reason != 0);
  CHECK(description.num_inlined_rows >= 0 && description.num_inlined_rows <= 1);
  CHECK(description.num_repeated_rows >= 0 && description.num_repeated_rows <= 1);
  return NULL;
}

struct seen {
  int num_logs;
  void* context;
};

static struct seen seen;

static void OnLog(void* context, int32_t level, const char* message, const char* udf_name,
                  const char* udf_hash) {
  (void)level, (void)message, (void)udf_name, (void)udf_hash;
  ++seen.num_logs;
  seen.context = context;
}

const char* TakeStructsOfAnySize(const struct pickled_function* pickled) {
  struct springald_definition_fields fields = Fields();
  fields.python_version = pickled->python_version;
  fields.payload = pickled->payload;
  fields.payload_size = pickled->payload_size;
  fields.timeout_ms = 60000;
  fields.max_result_bytes = INT64_MAX;
  struct springald_definition* definition = NULL;
  CHECK(Create(&fields, &definition, NULL) == SPRINGALD_OK);
  CHECK_ALL(TakeFields(definition));

  /* A host that knows the log and not its context, which ends within the size. */
  struct springald_runtime_options options;
  memset(&options, kCanary, sizeof(options));
  options.struct_size = offsetof(struct springald_runtime_options, metric) - 1;
  options.log = OnLog;
  struct springald_runtime* runtime = NULL;
  struct springald_function* function = NULL;
  memset(&seen, 0, sizeof(seen));
  CHECK(springald_runtime_create(&options, &runtime, NULL) == SPRINGALD_OK);
  CHECK(springald_runtime_load(runtime, definition, &function, NULL) == SPRINGALD_OK);
  CHECK(seen.num_logs == 1 && seen.context == NULL);
  CHECK(InvokeOnce(function, 4) == 8);
  CHECK_ALL(TakeFigures(function));
  CHECK_ALL(CheckDescription(function));
  springald_function_release(function);
  springald_runtime_release(runtime);
  springald_definition_release(definition);
  return NULL;
}
