#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "springald/abi/abi_c_test.h"
#include "springald/abi/abi_c_testing.h"

enum { kNumThreads = 8, kNumCalls = 50, kNumRows = 100 };

/* What the callbacks of a runtime saw. */
struct seen {
  atomic_int num_logs;
  atomic_int num_metrics;
  atomic_int num_failed;
  atomic_long num_rows;
};

static void OnLog(void* context, int32_t level, const char* message, const char* udf_name,
                  const char* udf_hash) {
  struct seen* seen = context;
  (void)level;
  seen->num_logs += strcmp(message, "loaded") == 0 &&
                    strcmp(udf_name, "double_it") == 0 && strlen(udf_hash) == 64;
}

static void OnMetric(void* context, const char* udf_name, const char* udf_hash,
                     int64_t num_rows, int64_t elapsed_ns, int32_t status) {
  struct seen* seen = context;
  seen->num_metrics +=
      strcmp(udf_name, "double_it") == 0 && strlen(udf_hash) == 64 && elapsed_ns > 0;
  seen->num_rows += num_rows;
  seen->num_failed += status != SPRINGALD_OK;
}

static int32_t MakeRuntime(struct seen* seen, struct springald_runtime** out) {
  struct springald_runtime_options options;
  memset(&options, 0, sizeof(options));
  options.struct_size = sizeof(options);
  options.log = OnLog;
  options.log_context = seen;
  options.metric = OnMetric;
  options.metric_context = seen;
  return springald_runtime_create(&options, out, NULL);
}

static int32_t MakeDefinition(const struct pickled_function* pickled,
                              struct springald_definition** out) {
  struct springald_definition_fields fields = Fields();
  fields.python_version = pickled->python_version;
  fields.payload = pickled->payload;
  fields.payload_size = pickled->payload_size;
  return Create(&fields, out, NULL);
}

static int32_t Load(const struct pickled_function* pickled, struct seen* seen,
                    struct springald_function** out) {
  struct springald_runtime* runtime = NULL;
  struct springald_definition* definition = NULL;
  int32_t code = MakeRuntime(seen, &runtime);
  if (code == SPRINGALD_OK) {
    code = MakeDefinition(pickled, &definition);
  }
  if (code == SPRINGALD_OK) {
    code = springald_runtime_load(runtime, definition, out, NULL);
  }
  /* The function needs neither. */
  springald_definition_release(definition);
  springald_runtime_release(runtime);
  return code;
}

/* Doubles numbers again and again; returns what is wrong, or NULL. */
static void* Invoke(void* function) {
  int64_t values[kNumRows];
  const void* buffers[2];
  for (int64_t call = 0; call < kNumCalls; ++call) {
    for (int64_t row = 0; row < kNumRows; ++row) {
      values[row] = 1000 * call + row + 14;
    }
    struct ArrowArray argument = Integers(values, kNumRows, buffers);
    struct ArrowArray out;
    if (springald_function_invoke(function, &argument, 1, kNumRows, NULL, &out, NULL) !=
        SPRINGALD_OK) {
      return "the call failed";
    }
    const int64_t* doubled = out.buffers[1];
    for (int64_t row = 0; row < kNumRows; ++row) {
      if (doubled[row] != 2 * values[row]) {
        return "a thread got another's result";
      }
    }
    out.release(&out);
  }
  return NULL;
}

const char* InvokeFromManyThreads(const struct pickled_function* pickled) {
  struct seen seen = {0};
  struct springald_function* function = NULL;
  CHECK(Load(pickled, &seen, &function) == SPRINGALD_OK);
  const int num_released_before = num_released_arrays;
  pthread_t threads[kNumThreads];
  for (int i = 0; i < kNumThreads; ++i) {
    CHECK(pthread_create(&threads[i], NULL, Invoke, function) == 0);
  }
  for (int i = 0; i < kNumThreads; ++i) {
    void* wrong = NULL;
    CHECK(pthread_join(threads[i], &wrong) == 0);
    CHECK_ALL((const char*)wrong);
  }
  CHECK(num_released_arrays == num_released_before + kNumThreads * kNumCalls);
  struct springald_metrics metrics;
  metrics.struct_size = sizeof(metrics);
  springald_function_metrics(function, &metrics);
  CHECK(metrics.num_loads == 1 && metrics.num_errors == 0);
  CHECK(metrics.num_calls == kNumThreads * kNumCalls);
  CHECK(metrics.num_rows == kNumThreads * kNumCalls * kNumRows);
  CHECK(seen.num_metrics == metrics.num_calls && seen.num_rows == metrics.num_rows);
  CHECK(seen.num_logs == 1 && seen.num_failed == 0);
  springald_function_release(function);
  return NULL;
}

/* What a thread loads. */
struct load {
  struct springald_runtime* runtime;
  const struct springald_definition* definition;
  struct springald_function* function;
  int32_t code;
};

static void* RunLoad(void* argument) {
  struct load* load = argument;
  load->code =
      springald_runtime_load(load->runtime, load->definition, &load->function, NULL);
  return NULL;
}

const char* LoadFromManyThreads(const struct pickled_function* pickled) {
  struct seen seen = {0};
  struct springald_runtime* runtime = NULL;
  struct springald_definition* definition = NULL;
  CHECK(MakeRuntime(&seen, &runtime) == SPRINGALD_OK);
  CHECK(MakeDefinition(pickled, &definition) == SPRINGALD_OK);
  struct load loads[kNumThreads];
  pthread_t threads[kNumThreads];
  for (int i = 0; i < kNumThreads; ++i) {
    loads[i] = (struct load){runtime, definition, NULL, -1};
    CHECK(pthread_create(&threads[i], NULL, RunLoad, &loads[i]) == 0);
  }
  for (int i = 0; i < kNumThreads; ++i) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(loads[i].code == SPRINGALD_OK && loads[i].function != NULL);
  }
  CHECK(seen.num_logs == 1);
  /* Each handle is one of its own, to the same function. */
  CHECK(InvokeOnce(loads[0].function, 4) == 8);
  springald_function_release(loads[0].function);
  struct springald_metrics metrics;
  metrics.struct_size = sizeof(metrics);
  springald_function_metrics(loads[1].function, &metrics);
  CHECK(metrics.num_loads == 1 && metrics.num_calls == 1);
  for (int i = 1; i < kNumThreads; ++i) {
    springald_function_release(loads[i].function);
  }
  springald_definition_release(definition);
  springald_runtime_release(runtime);
  return NULL;
}

/* A call that is to be cancelled. */
struct endless {
  const struct springald_function* function;
  struct springald_cancel_token* token;
  int64_t descriptor;
  int32_t code;
  struct springald_error error;
};

static void* RunEndless(void* argument) {
  struct endless* endless = argument;
  const void* buffers[2];
  struct ArrowArray column = Integers(&endless->descriptor, 1, buffers);
  struct ArrowArray out;
  endless->code = springald_function_invoke(endless->function, &column, 1, 1,
                                            endless->token, &out, &endless->error);
  return NULL;
}

const char* CancelFromAnotherThread(const struct pickled_function* pickled) {
  enum { kNumEndless = 2 };
  struct seen seen = {0};
  struct springald_function* function = NULL;
  struct springald_cancel_token* token = NULL;
  int pipe_ends[2];
  CHECK(Load(pickled, &seen, &function) == SPRINGALD_OK);
  CHECK(springald_cancel_token_create(&token, NULL) == SPRINGALD_OK);
  CHECK(pipe(pipe_ends) == 0);
  struct endless calls[kNumEndless];
  pthread_t threads[kNumEndless];
  memset(calls, 0, sizeof(calls));
  for (int i = 0; i < kNumEndless; ++i) {
    calls[i].function = function;
    calls[i].token = token;
    calls[i].descriptor = pipe_ends[1];
    CHECK(pthread_create(&threads[i], NULL, RunEndless, &calls[i]) == 0);
    char byte = 0;
    CHECK(read(pipe_ends[0], &byte, 1) == 1 && byte == 'x'); /* it is in its loop */
  }
  CHECK(springald_cancel_token_fire(token) == kNumEndless);
  springald_cancel_token_release(token);
  for (int i = 0; i < kNumEndless; ++i) {
    CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(calls[i].code == SPRINGALD_CANCELLED);
    CHECK(calls[i].error.code == SPRINGALD_CANCELLED);
    CHECK(strcmp(calls[i].error.udf_name, "double_it") == 0);
    calls[i].error.release(&calls[i].error);
  }
  CHECK(seen.num_failed == kNumEndless && seen.num_rows == kNumEndless);
  springald_function_release(function);
  CHECK(close(pipe_ends[0]) == 0 && close(pipe_ends[1]) == 0);
  return NULL;
}
