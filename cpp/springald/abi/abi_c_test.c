#include "springald/abi/abi_c_test.h"

#include <string.h>

#include "springald/abi/abi_c_testing.h"

/* The pickle of None, and its SHA-256. */
static const uint8_t kPickledNone[] = {0x80, 0x05, 'N', '.'};
static const uint8_t kHashOfNone[] = {0x6c, 0x09, 0x63, 0x5d, 0xec, 0xb8, 0x15, 0x3d,
                                      0x3c, 0x12, 0xe3, 0x78, 0x2a, 0x69, 0xfd, 0x2e,
                                      0xb0, 0x97, 0x42, 0x6f, 0x91, 0x25, 0x47, 0xd3,
                                      0x51, 0xa8, 0x64, 0x7b, 0x27, 0xd5, 0x58, 0x0a};

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
  CHECK(memcmp(fields.payload_hash, kHashOfNone, sizeof(kHashOfNone)) == 0);
  CHECK(fields.timeout_ms == 1500);
  CHECK(fields.memory_limit_bytes == INT64_C(1) << 33);
  CHECK(fields.cpu_limit_ms == 3 && fields.max_open_files == 4);
  CHECK(fields.max_result_bytes == INT64_MAX);
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
  CHECK(springald_abi_version() == SPRINGALD_ABI_VERSION_4);
  CHECK(strchr(springald_version(), '.') != NULL);

  const struct springald_requirement requirements[] = {{"numpy", "2.3.4"},
                                                       {"mine", NULL}};
  struct springald_definition_fields fields = Fields();
  fields.requirements = requirements;
  fields.num_requirements = 2;
  fields.source_file = "a.py";
  fields.source_first_line = 7;
  fields.source_text = "def double_it(n): ...\n";
  fields.payload = kPickledNone;
  fields.payload_size = sizeof(kPickledNone);
  fields.timeout_ms = 1500;
  fields.memory_limit_bytes = INT64_C(1) << 33;
  fields.cpu_limit_ms = 3;
  fields.max_open_files = 4;
  fields.max_result_bytes = INT64_MAX;
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

  CHECK_ALL(CheckDescription(read));
  CHECK_ALL(CheckSignature(read));
  springald_definition_release(read);
  springald_definition_release(NULL);
  return CheckRefusal();
}

/* Creates a definition of `fields`, which is refused with `message`. */
static const char* CheckRefused(const struct springald_definition_fields* fields,
                                const char* message) {
  struct springald_definition* definition = NULL;
  struct springald_error error;
  memset(&error, 0, sizeof(error));
  CHECK(Create(fields, &definition, &error) == SPRINGALD_INVALID_DEFINITION);
  CHECK(definition == NULL && strcmp(error.udf_name, "double_it") == 0);
  const int is_found = strstr(error.message, message) != NULL;
  error.release(&error);
  CHECK(is_found);
  return NULL;
}

/* Describes, writes and reads again a definition with a reference. */
static const char* CheckReference(const struct springald_definition_fields* given) {
  struct springald_definition* made = NULL;
  struct springald_definition* read = NULL;
  CHECK(Create(given, &made, NULL) == SPRINGALD_OK);
  const uint8_t* bytes = NULL;
  size_t size = 0;
  springald_definition_bytes(made, &bytes, &size, NULL);
  CHECK(springald_definition_decode(bytes, size, &read, NULL) == SPRINGALD_OK);
  springald_definition_release(made);
  struct springald_definition_fields fields = Fields();
  CHECK(springald_definition_describe(read, &fields, NULL) == SPRINGALD_OK);
  CHECK(strcmp(fields.payload_reference, given->payload_reference) == 0);
  CHECK(fields.payload == NULL && fields.payload_size == 0);
  if (given->payload_hash == NULL) {
    CHECK(fields.payload_hash == NULL);
  } else {
    CHECK(memcmp(fields.payload_hash, given->payload_hash, 32) == 0);
  }
  springald_definition_release(read);
  return NULL;
}

const char* ReferToPayloadByHash(void) {
  struct springald_definition_fields fields = Fields();
  fields.payload_reference = "store:double_it";
  CHECK_ALL(CheckRefused(&fields,
                         "hash of the referenced payload is not given: "
                         "'store:double_it'"));
  fields.payload_hash = kHashOfNone;
  CHECK_ALL(CheckReference(&fields));
  fields.payload_reference = "live:5";
  fields.payload_hash = NULL;
  CHECK_ALL(CheckReference(&fields));

  fields = Fields();
  fields.payload_hash = kHashOfNone;
  CHECK_ALL(CheckRefused(&fields, "neither a payload nor a reference"));
  fields.payload = kPickledNone;
  fields.payload_size = sizeof(kPickledNone);
  struct springald_definition* definition = NULL;
  CHECK(Create(&fields, &definition, NULL) == SPRINGALD_OK);
  springald_definition_release(definition);
  fields.payload_size -= 1;
  CHECK_ALL(CheckRefused(&fields, "does not match its hash: SHA-256 "));
  const uint8_t zeros[32] = {0};
  fields.payload_hash = zeros;
  CHECK_ALL(CheckRefused(&fields, "expected 0000"));
  fields.payload_reference = "live:5";
  fields.payload_size += 1;
  fields.payload_hash = kHashOfNone;
  CHECK_ALL(CheckRefused(&fields, "both a payload, of 4 bytes, and a reference"));
  return NULL;
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

/* A slice, and no rows at all. */
static const char* InvokeOverPart(const struct springald_function* function) {
  const int64_t values[] = {13, 5, 13};
  const void* buffers[2];
  struct ArrowArray out;
  memset(&out, 0, sizeof(out));
  struct ArrowArray argument = Integers(values, 1, buffers);
  argument.offset = 1;
  CHECK(springald_function_invoke(function, &argument, 1, 1, NULL, &out, NULL) ==
        SPRINGALD_OK);
  CHECK(out.length == 1 && ((const int64_t*)out.buffers[1])[out.offset] == 10);
  out.release(&out);
  argument = Integers(values, 0, buffers);
  CHECK(springald_function_invoke(function, &argument, 1, 0, NULL, &out, NULL) ==
        SPRINGALD_OK);
  CHECK(out.length == 0 && argument.release == NULL);
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
  CHECK(strstr(error.traceback, "line 4, in f") != NULL);
  CHECK(error.exception != NULL && error.retryable == 0);
  void (*const release)(struct springald_error*) = error.release;
  release(&error);
  const struct springald_error nothing = {0};
  CHECK(memcmp(&error, &nothing, sizeof(error)) == 0);
  release(&error); /* allowed, though a caller would see that it is NULL */

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
  CHECK(observed->num_logs == 3); /* loaded, raised, cancelled */
  CHECK(observed->num_metrics == 3 && observed->num_rows == 7);
  CHECK(observed->last_status == SPRINGALD_CANCELLED);
  return NULL;
}

const char* LoadAndInvoke(const struct pickled_function* pickled) {
  struct springald_definition_fields fields = Fields();
  fields.python_version = pickled->python_version;
  fields.payload = pickled->payload;
  fields.payload_size = pickled->payload_size;
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

  CHECK_ALL(InvokeWell(function));
  CHECK_ALL(InvokeBadly(function));
  CHECK_ALL(CheckMetrics(function, &observed));
  CHECK_ALL(InvokeOverPart(function));
  springald_function_release(function);
  springald_function_release(NULL);
  springald_runtime_release(NULL);
  return NULL;
}

/* Loads `fields` and returns the code; what there is of an error is in `message`. */
static int32_t LoadFails(const struct springald_definition_fields* fields, char* message,
                         size_t size) {
  struct springald_definition* definition = NULL;
  struct springald_runtime* runtime = NULL;
  struct springald_function* function = NULL;
  struct springald_error error = {0};
  if (Create(fields, &definition, NULL) != SPRINGALD_OK ||
      springald_runtime_create(NULL, &runtime, NULL) != SPRINGALD_OK) {
    return -1;
  }
  const int32_t code = springald_runtime_load(runtime, definition, &function, &error);
  if (code == SPRINGALD_OK || code != error.code || function != NULL) {
    return -1;
  }
  strncpy(message, error.message, size - 1);
  error.release(&error);
  springald_runtime_release(runtime);
  springald_definition_release(definition);
  return code;
}

const char* RefuseToLoad(const struct pickled_function* pickled) {
  char message[512] = "";
  struct springald_definition_fields fields = Fields();
  fields.payload_reference = "store:double_it";
  fields.payload_hash = kHashOfNone;
  CHECK(LoadFails(&fields, message, sizeof(message)) == SPRINGALD_INVALID_DEFINITION);
  CHECK(strstr(message, "refers to store:double_it") != NULL);

  fields = Fields();
  fields.python_version = pickled->python_version;
  fields.payload = kPickledNone;
  fields.payload_size = sizeof(kPickledNone);
  CHECK(LoadFails(&fields, message, sizeof(message)) == SPRINGALD_INVALID_DEFINITION);
  CHECK(strstr(message, "not a function but a NoneType") != NULL);

  fields.python_version = "2.7.18";
  CHECK(LoadFails(&fields, message, sizeof(message)) == SPRINGALD_VERSION_MISMATCH);
  CHECK(strstr(message, "pickled by cpython 2.7") != NULL);

  const char* missing = "cnowhere_to_be_found\nf\n.";
  fields.python_version = pickled->python_version;
  fields.payload = (const uint8_t*)missing;
  fields.payload_size = strlen(missing);
  CHECK(LoadFails(&fields, message, sizeof(message)) == SPRINGALD_DEPENDENCY_ERROR);
  CHECK(strstr(message, "No module named 'nowhere_to_be_found'") != NULL);
  return NULL;
}
