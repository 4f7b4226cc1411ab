#include "springald/abi/abi_c_test.h"

#include <string.h>

#include <arrow/c/abi.h>

#define TEXT_OF(token) #token
#define LINE_TEXT(line) TEXT_OF(line)
#define CHECK(condition)                                          \
  do {                                                            \
    if (!(condition)) {                                           \
      return "abi_c_test.c:" LINE_TEXT(__LINE__) ": " #condition; \
    }                                                             \
  } while (0)

/* What the release callbacks below were called for. */
static int num_released_schemas = 0;
static int num_released_arrays = 0;

static void ReleaseSchema(struct ArrowSchema* schema) {
  for (int64_t i = 0; i < schema->n_children; ++i) {
    if (schema->children[i]->release != NULL) {
      schema->children[i]->release(schema->children[i]);
    }
  }
  ++num_released_schemas;
  schema->release = NULL;
}

static void ReleaseArray(struct ArrowArray* array) {
  ++num_released_arrays;
  array->release = NULL;
}

/* A nullable field whose strings outlive it. */
static struct ArrowSchema Field(const char* format, const char* name) {
  struct ArrowSchema field;
  memset(&field, 0, sizeof(field));
  field.format = format;
  field.name = name;
  field.flags = ARROW_FLAG_NULLABLE;
  field.release = ReleaseSchema;
  return field;
}

/* An int64 array without nulls over `values`. `buffers` has room for two. */
static struct ArrowArray Integers(const int64_t* values, int64_t length,
                                  const void** buffers) {
  struct ArrowArray array;
  memset(&array, 0, sizeof(array));
  buffers[0] = NULL;
  buffers[1] = values;
  array.length = length;
  array.n_buffers = 2;
  array.buffers = buffers;
  array.release = ReleaseArray;
  return array;
}

static struct springald_definition_fields Fields(void) {
  struct springald_definition_fields fields;
  memset(&fields, 0, sizeof(fields));
  fields.struct_size = sizeof(fields);
  fields.name = "double_it";
  fields.mode = SPRINGALD_MODE_ROW;
  fields.volatility = SPRINGALD_STABLE;
  fields.null_handling = SPRINGALD_NULL_CALL;
  fields.python_implementation = "cpython";
  fields.python_version = "3.11.7";
  return fields;
}

/* Makes a definition of one int64 argument `n` and an int64 result. */
static int32_t Create(const struct springald_definition_fields* fields,
                      struct springald_definition** out, struct springald_error* error) {
  struct ArrowSchema argument = Field("l", "n");
  struct ArrowSchema* children[] = {&argument};
  struct ArrowSchema arguments = Field("+s", "");
  struct ArrowSchema result = Field("l", "r");
  arguments.flags = 0;
  arguments.n_children = 1;
  arguments.children = children;
  num_released_schemas = 0;
  const int32_t code =
      springald_definition_create(fields, &arguments, &result, out, error);
  /* Moved from: the callbacks have run, whether it failed or not. */
  return arguments.release == NULL && result.release == NULL && num_released_schemas == 3
             ? code
             : -1;
}

static const char* CheckDescription(const struct springald_definition* definition) {
  struct springald_definition_fields fields;
  memset(&fields, 0, sizeof(fields));
  fields.struct_size = sizeof(fields);
  CHECK(springald_definition_describe(definition, &fields, NULL) == SPRINGALD_OK);
  CHECK(fields.struct_size == sizeof(fields));
  CHECK(strcmp(fields.name, "double_it") == 0);
  CHECK(fields.mode == SPRINGALD_MODE_ROW);
  CHECK(fields.volatility == SPRINGALD_STABLE);
  CHECK(fields.null_handling == SPRINGALD_NULL_CALL);
  CHECK(strcmp(fields.python_implementation, "cpython") == 0);
  CHECK(strcmp(fields.python_version, "3.11.7") == 0);
  CHECK(strcmp(fields.pyarrow_version, "") == 0);
  CHECK(fields.num_requirements == 2);
  CHECK(strcmp(fields.requirements[0].module, "numpy") == 0);
  CHECK(strcmp(fields.requirements[0].version, "2.3.4") == 0);
  CHECK(strcmp(fields.requirements[1].module, "mine") == 0);
  CHECK(strcmp(fields.requirements[1].version, "") == 0);
  CHECK(strcmp(fields.source_file, "a.py") == 0);
  CHECK(fields.source_first_line == 7);
  CHECK(strcmp(fields.source_text, "def double_it(n): ...\n") == 0);
  CHECK(fields.payload_size == 4 && memcmp(fields.payload, "\x80\x05N.", 4) == 0);
  CHECK(fields.payload_reference == NULL);

  /* A caller that knows the first fields only. */
  memset(&fields, 0, sizeof(fields));
  fields.struct_size = offsetof(struct springald_definition_fields, volatility);
  CHECK(springald_definition_describe(definition, &fields, NULL) == SPRINGALD_OK);
  CHECK(fields.mode == SPRINGALD_MODE_ROW);
  CHECK(fields.volatility == 0 && fields.payload == NULL);
  return NULL;
}

static const char* CheckSignature(const struct springald_definition* definition) {
  struct ArrowSchema arguments;
  struct ArrowSchema result;
  CHECK(springald_definition_signature(definition, &arguments, &result, NULL) ==
        SPRINGALD_OK);
  CHECK(strcmp(arguments.format, "+s") == 0 && arguments.n_children == 1);
  CHECK(strcmp(arguments.children[0]->format, "l") == 0);
  CHECK(strcmp(arguments.children[0]->name, "n") == 0);
  CHECK(strcmp(result.format, "l") == 0 && strcmp(result.name, "r") == 0);
  arguments.release(&arguments);
  result.release(&result);
  CHECK(arguments.release == NULL && result.release == NULL);
  return NULL;
}

static const char* CheckRefusal(void) {
  struct springald_definition* definition = NULL;
  struct springald_error error;
  memset(&error, 0, sizeof(error));
  struct springald_definition_fields fields = Fields();
  fields.payload_reference = "live:5";
  fields.mode = 77;
  CHECK(Create(&fields, &definition, &error) == SPRINGALD_INVALID_DEFINITION);
  CHECK(definition == NULL);
  CHECK(error.code == SPRINGALD_INVALID_DEFINITION);
  CHECK(strstr(error.message, "Unknown mode: 77") != NULL);
  CHECK(strcmp(error.udf_name, "double_it") == 0);
  CHECK(error.traceback == NULL && error.exception == NULL && error.row == -1);
  error.release(&error);
  CHECK(error.release == NULL);
  CHECK(Create(&fields, &definition, NULL) == SPRINGALD_INVALID_DEFINITION);

  const uint8_t garbage[] = {0xff, 0xff};
  CHECK(springald_definition_decode(garbage, sizeof(garbage), &definition, &error) ==
        SPRINGALD_INVALID_DEFINITION);
  CHECK(definition == NULL && error.release != NULL);
  error.release(&error);
  CHECK(springald_definition_decode(NULL, 0, &definition, NULL) ==
        SPRINGALD_INVALID_DEFINITION);
  return NULL;
}

const char* RoundTripDefinition(void) {
  CHECK(springald_abi_version() == SPRINGALD_ABI_VERSION_1);
  CHECK(strchr(springald_version(), '.') != NULL);

  const struct springald_requirement requirements[] = {{"numpy", "2.3.4"},
                                                       {"mine", NULL}};
  struct springald_definition_fields fields = Fields();
  fields.requirements = requirements;
  fields.num_requirements = 2;
  fields.source_file = "a.py";
  fields.source_first_line = 7;
  fields.source_text = "def double_it(n): ...\n";
  fields.payload = (const uint8_t*)"\x80\x05N.";
  fields.payload_size = 4;
  struct springald_definition* made = NULL;
  CHECK(Create(&fields, &made, NULL) == SPRINGALD_OK);
  const uint8_t* bytes = NULL;
  const uint8_t* hash = NULL;
  size_t size = 0;
  springald_definition_bytes(made, &bytes, &size, &hash);
  CHECK(size > 4 && bytes != NULL && hash != NULL);

  struct springald_definition* read = NULL;
  CHECK(springald_definition_decode(bytes, size, &read, NULL) == SPRINGALD_OK);
  const uint8_t* read_hash = NULL;
  springald_definition_bytes(read, NULL, NULL, &read_hash);
  CHECK(memcmp(hash, read_hash, 32) == 0);
  springald_definition_release(made);

  const char* wrong = CheckDescription(read);
  if (wrong == NULL) {
    wrong = CheckSignature(read);
  }
  springald_definition_release(read);
  springald_definition_release(NULL);
  return wrong != NULL ? wrong : CheckRefusal();
}

int32_t CreateLiveDefinition(struct springald_definition** out) {
  struct springald_definition_fields fields = Fields();
  fields.payload_reference = "live:5";
  return Create(&fields, out, NULL);
}

int64_t InvokeOnce(const struct springald_function* function, int64_t value) {
  const void* buffers[2];
  struct ArrowArray argument = Integers(&value, 1, buffers);
  struct ArrowArray out;
  if (springald_function_invoke(function, &argument, 1, 1, NULL, &out, NULL) !=
      SPRINGALD_OK) {
    return INT64_MIN;
  }
  const int64_t* values = out.buffers[1];
  const int64_t returned = values[0];
  out.release(&out);
  return returned;
}

struct observed {
  int num_logs;
  int num_metrics;
  int64_t num_rows;
  int32_t last_status;
};

static void OnLog(void* context, int32_t level, const char* message, const char* udf_name,
                  const char* udf_hash) {
  struct observed* observed = context;
  observed->num_logs += level > 0 && message[0] != '\0' &&
                        strcmp(udf_name, "double_it") == 0 && strlen(udf_hash) == 64;
}

static void OnMetric(void* context, const char* udf_name, const char* udf_hash,
                     int64_t num_rows, int64_t elapsed_ns, int32_t status) {
  struct observed* observed = context;
  observed->num_metrics +=
      strcmp(udf_name, "double_it") == 0 && strlen(udf_hash) == 64 && elapsed_ns >= 0;
  observed->num_rows += num_rows;
  observed->last_status = status;
}

static const char* InvokeWell(const struct springald_function* function) {
  const int64_t values[] = {1, 0, -21};
  const void* buffers[2];
  struct ArrowArray argument = Integers(values, 3, buffers);
  struct ArrowArray out;
  memset(&out, 0, sizeof(out));
  num_released_arrays = 0;
  CHECK(springald_function_invoke(function, &argument, 1, 3, NULL, &out, NULL) ==
        SPRINGALD_OK);
  CHECK(argument.release == NULL && num_released_arrays == 1);
  CHECK(out.length == 3 && out.n_buffers == 2 && out.offset == 0);
  const int64_t* doubled = out.buffers[1];
  CHECK(doubled[0] == 2 && doubled[1] == 0 && doubled[2] == -42);
  out.release(&out);
  return NULL;
}

static const char* InvokeBadly(const struct springald_function* function) {
  const int64_t values[] = {1, 13};
  const void* buffers[2][2];
  struct ArrowArray arguments[] = {Integers(values, 2, buffers[0]),
                                   Integers(values, 2, buffers[1])};
  struct ArrowArray out;
  struct springald_error error;
  memset(&out, 0, sizeof(out));
  memset(&error, 0, sizeof(error));
  num_released_arrays = 0;
  CHECK(springald_function_invoke(function, arguments, 2, 2, NULL, &out, &error) ==
        SPRINGALD_INTERNAL);
  CHECK(strstr(error.message, "wrong number of columns: 2, expected 1") != NULL);
  CHECK(num_released_arrays == 2 && arguments[0].release == NULL &&
        arguments[1].release == NULL);
  error.release(&error);

  arguments[0] = Integers(values, 2, buffers[0]);
  CHECK(springald_function_invoke(function, arguments, 1, 2, NULL, &out, &error) ==
        SPRINGALD_USER_ERROR);
  CHECK(num_released_arrays == 3 && out.release == NULL);
  CHECK(error.row == 1 && strcmp(error.arguments, "(13,)") == 0);
  CHECK(strcmp(error.exception_type, "ValueError") == 0);
  CHECK(strcmp(error.message, "unlucky") == 0);
  CHECK(strcmp(error.udf_name, "double_it") == 0);
  CHECK(error.traceback != NULL && error.exception != NULL && error.retryable == 0);
  error.release(&error);

  struct springald_cancel_token* token = NULL;
  CHECK(springald_cancel_token_create(&token, NULL) == SPRINGALD_OK);
  CHECK(springald_cancel_token_fire(token) == 0);
  arguments[0] = Integers(values, 2, buffers[0]);
  CHECK(springald_function_invoke(function, arguments, 1, 2, token, &out, NULL) ==
        SPRINGALD_CANCELLED);
  CHECK(num_released_arrays == 4);
  springald_cancel_token_release(token);
  springald_cancel_token_release(NULL);
  return NULL;
}

static const char* CheckMetrics(const struct springald_function* function,
                                const struct observed* observed) {
  struct springald_metrics metrics;
  memset(&metrics, 0, sizeof(metrics));
  metrics.struct_size = sizeof(metrics);
  springald_function_metrics(function, &metrics);
  CHECK(metrics.struct_size == sizeof(metrics));
  CHECK(metrics.num_loads == 1 && metrics.num_calls == 3 && metrics.num_rows == 7);
  CHECK(metrics.python_ns > 0 && metrics.num_errors == 2);
  metrics.num_calls = -1;
  metrics.struct_size = offsetof(struct springald_metrics, num_calls);
  springald_function_metrics(function, &metrics);
  CHECK(metrics.num_loads == 1 && metrics.num_calls == -1);

  CHECK(observed->num_logs == 3); /* loaded, raised, cancelled */
  CHECK(observed->num_metrics == 3 && observed->num_rows == 7);
  CHECK(observed->last_status == SPRINGALD_CANCELLED);
  return NULL;
}

const char* LoadAndInvoke(const uint8_t* payload, size_t payload_size,
                          const char* python_version) {
  struct springald_definition_fields fields = Fields();
  fields.python_version = python_version;
  fields.payload = payload;
  fields.payload_size = payload_size;
  struct springald_definition* definition = NULL;
  CHECK(Create(&fields, &definition, NULL) == SPRINGALD_OK);

  struct observed observed = {0, 0, 0, -1};
  struct springald_runtime_options options;
  memset(&options, 0, sizeof(options));
  options.struct_size = sizeof(options);
  options.log = OnLog;
  options.log_context = &observed;
  options.metric = OnMetric;
  options.metric_context = &observed;
  struct springald_runtime* runtime = NULL;
  CHECK(springald_runtime_create(&options, &runtime, NULL) == SPRINGALD_OK);
  struct springald_function* function = NULL;
  struct springald_function* same = NULL;
  CHECK(springald_runtime_load(runtime, definition, &function, NULL) == SPRINGALD_OK);
  CHECK(springald_runtime_load(runtime, definition, &same, NULL) == SPRINGALD_OK);
  springald_function_release(same);
  springald_runtime_release(runtime);
  springald_definition_release(definition);

  const char* wrong = InvokeWell(function);
  if (wrong == NULL) {
    wrong = InvokeBadly(function);
  }
  if (wrong == NULL) {
    wrong = CheckMetrics(function, &observed);
  }
  springald_function_release(function);
  springald_function_release(NULL);
  springald_runtime_release(NULL);
  return wrong;
}
