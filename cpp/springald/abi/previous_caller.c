/* A host that was built when abi.h was at version 1: it has that header and knows no
   other. */
#include "abi_v1.h"

#ifdef SPRINGALD_ABI_VERSION_2
#error "this is the header of today"
#endif

#include <string.h>

#include "springald/abi/abi_c_test.h"
#include "springald/abi/abi_c_testing.h"

_Static_assert(sizeof(struct springald_error) == 88, "as in version 1");
_Static_assert(sizeof(struct springald_definition_fields) == 128, "as in version 1");
_Static_assert(sizeof(struct springald_runtime_options) == 48, "as in version 1");
_Static_assert(sizeof(struct springald_metrics) == 48, "as in version 1");

/* Memory behind a struct, which nobody may write. */
struct canary {
  unsigned char bytes[64];
};

static void Set(struct canary* canary) {
  memset(canary->bytes, 0xA5, sizeof(canary->bytes));
}

static int IsAlive(const struct canary* canary) {
  for (size_t i = 0; i < sizeof(canary->bytes); ++i) {
    if (canary->bytes[i] != 0xA5) {
      return 0;
    }
  }
  return 1;
}

struct guarded_error {
  struct springald_error error;
  struct canary canary;
};

static const char* Describe(const struct springald_definition* definition,
                            const struct pickled_function* pickled) {
  struct {
    struct springald_definition_fields fields;
    struct canary canary;
  } guarded;
  memset(&guarded.fields, 0, sizeof(guarded.fields));
  Set(&guarded.canary);
  guarded.fields.struct_size = sizeof(guarded.fields);
  CHECK(springald_definition_describe(definition, &guarded.fields, NULL) == SPRINGALD_OK);
  CHECK(IsAlive(&guarded.canary));
  CHECK(guarded.fields.struct_size == 128);
  CHECK(strcmp(guarded.fields.name, "double_it") == 0);
  CHECK(guarded.fields.payload_size == pickled->payload_size);
  CHECK(memcmp(guarded.fields.payload, pickled->payload, pickled->payload_size) == 0);
  CHECK(guarded.fields.payload_reference == NULL);

  struct ArrowSchema arguments;
  struct ArrowSchema result;
  CHECK(springald_definition_signature(definition, &arguments, &result, NULL) ==
        SPRINGALD_OK);
  CHECK(strcmp(arguments.children[0]->format, "l") == 0);
  arguments.release(&arguments);
  result.release(&result);
  return NULL;
}

/* Makes a definition, of fields behind which is what version 2 would take for a hash. */
static const char* Make(const struct pickled_function* pickled,
                        struct springald_definition** out) {
  struct {
    struct springald_definition_fields fields;
    struct canary canary;
  } guarded;
  struct springald_definition* made = NULL;
  guarded.fields = Fields();
  Set(&guarded.canary);
  guarded.fields.python_version = pickled->python_version;
  guarded.fields.payload = pickled->payload;
  guarded.fields.payload_size = pickled->payload_size;
  CHECK(Create(&guarded.fields, &made, NULL) == SPRINGALD_OK);
  const uint8_t* bytes = NULL;
  size_t size = 0;
  springald_definition_bytes(made, &bytes, &size, NULL);
  CHECK(springald_definition_decode(bytes, size, out, NULL) == SPRINGALD_OK);
  springald_definition_release(made);

  struct guarded_error refused;
  memset(&refused, 0, sizeof(refused));
  Set(&refused.canary);
  guarded.fields.mode = 77;
  CHECK(Create(&guarded.fields, &made, &refused.error) == SPRINGALD_INVALID_DEFINITION);
  CHECK(IsAlive(&refused.canary));
  CHECK(strstr(refused.error.message, "Unknown mode: 77") != NULL);
  refused.error.release(&refused.error);
  CHECK(IsAlive(&refused.canary) && refused.error.release == NULL);
  return NULL;
}

struct seen {
  int num_logs;
  int num_metrics;
  int32_t last_status;
};

static void OnLog(void* context, int32_t level, const char* message, const char* udf_name,
                  const char* udf_hash) {
  struct seen* seen = context;
  seen->num_logs +=
      level > 0 && message[0] != '\0' && udf_name[0] != '\0' && strlen(udf_hash) == 64;
}

static void OnMetric(void* context, const char* udf_name, const char* udf_hash,
                     int64_t num_rows, int64_t elapsed_ns, int32_t status) {
  struct seen* seen = context;
  seen->num_metrics +=
      udf_name[0] != '\0' && strlen(udf_hash) == 64 && num_rows == 2 && elapsed_ns >= 0;
  seen->last_status = status;
}

static const char* Load(const struct springald_definition* definition, struct seen* seen,
                        struct springald_function** out) {
  struct {
    struct springald_runtime_options options;
    struct canary canary;
  } guarded;
  memset(&guarded.options, 0, sizeof(guarded.options));
  Set(&guarded.canary);
  guarded.options.struct_size = sizeof(guarded.options);
  guarded.options.log = OnLog;
  guarded.options.log_context = seen;
  guarded.options.metric = OnMetric;
  guarded.options.metric_context = seen;
  guarded.options.cache_capacity_bytes = 1 << 20;
  struct springald_runtime* runtime = NULL;
  CHECK(springald_runtime_create(&guarded.options, &runtime, NULL) == SPRINGALD_OK);
  CHECK(springald_runtime_load(runtime, definition, out, NULL) == SPRINGALD_OK);
  springald_runtime_release(runtime);
  CHECK(IsAlive(&guarded.canary));
  return NULL;
}

/* Invokes over two rows. */
static int32_t Invoke(const struct springald_function* function, const int64_t* values,
                      struct springald_cancel_token* token, struct ArrowArray* out,
                      struct springald_error* error) {
  const void* buffers[2];
  struct ArrowArray argument = Integers(values, 2, buffers);
  return springald_function_invoke(function, &argument, 1, 2, token, out, error);
}

static const char* InvokeAll(const struct springald_function* function) {
  struct {
    struct ArrowArray column;
    struct canary canary;
  } out;
  struct guarded_error guarded;
  memset(&guarded, 0, sizeof(guarded));
  Set(&out.canary);
  Set(&guarded.canary);
  const int64_t values[] = {21, 13};
  CHECK(Invoke(function, values, NULL, &out.column, &guarded.error) ==
        SPRINGALD_USER_ERROR);
  CHECK(IsAlive(&guarded.canary) && IsAlive(&out.canary));
  CHECK(guarded.error.row == 1 && strcmp(guarded.error.arguments, "(13,)") == 0);
  CHECK(strcmp(guarded.error.exception_type, "ValueError") == 0);
  CHECK(strcmp(guarded.error.message, "unlucky") == 0);
  CHECK(guarded.error.traceback != NULL && guarded.error.retryable == 0);
  guarded.error.release(&guarded.error);

  const int64_t good[] = {21, -1};
  CHECK(Invoke(function, good, NULL, &out.column, &guarded.error) == SPRINGALD_OK);
  CHECK(IsAlive(&out.canary) && guarded.error.code == SPRINGALD_OK);
  const int64_t* doubled = out.column.buffers[1];
  CHECK(out.column.length == 2 && doubled[0] == 42 && doubled[1] == -2);
  out.column.release(&out.column);

  struct springald_cancel_token* token = NULL;
  CHECK(springald_cancel_token_create(&token, NULL) == SPRINGALD_OK);
  CHECK(springald_cancel_token_fire(token) == 0);
  CHECK(Invoke(function, good, token, &out.column, &guarded.error) ==
        SPRINGALD_CANCELLED);
  springald_cancel_token_release(token);
  CHECK(guarded.error.code == SPRINGALD_CANCELLED && IsAlive(&guarded.canary));
  guarded.error.release(&guarded.error);
  return NULL;
}

static const char* ReadMetrics(const struct springald_function* function) {
  struct {
    struct springald_metrics metrics;
    struct canary canary;
  } guarded;
  Set(&guarded.canary);
  guarded.metrics.struct_size = sizeof(guarded.metrics);
  springald_function_metrics(function, &guarded.metrics);
  CHECK(IsAlive(&guarded.canary));
  CHECK(guarded.metrics.struct_size == sizeof(guarded.metrics));
  CHECK(guarded.metrics.num_loads == 1 && guarded.metrics.num_calls == 3);
  CHECK(guarded.metrics.num_rows == 6 && guarded.metrics.num_errors == 2);
  CHECK(guarded.metrics.python_ns > 0);
  return NULL;
}

const char* RunPreviousCaller(const struct pickled_function* pickled) {
  CHECK(springald_abi_version() >= SPRINGALD_ABI_VERSION_1);
  CHECK(strchr(springald_version(), '.') != NULL);
  struct springald_definition* definition = NULL;
  CHECK_ALL(Make(pickled, &definition));
  CHECK_ALL(Describe(definition, pickled));
  struct seen seen = {0, 0, -1};
  struct springald_function* function = NULL;
  CHECK_ALL(Load(definition, &seen, &function));
  springald_definition_release(definition);
  CHECK_ALL(InvokeAll(function));
  CHECK_ALL(ReadMetrics(function));
  CHECK(seen.num_logs == 3); /* loaded, raised, cancelled */
  CHECK(seen.num_metrics == 3 && seen.last_status == SPRINGALD_CANCELLED);
  springald_function_release(function);
  return NULL;
}
