#include <string.h>

#include "springald/abi/abi_c_test.h"
#include "springald/abi/abi_c_testing.h"

static const char* InvokeInWorkers(const struct springald_function* function) {
  const int64_t values[] = {4, 5};
  const void* buffers[2];
  struct ArrowArray out;
  struct ArrowArray argument = Integers(values, 2, buffers);
  num_released_arrays = 0;
  CHECK(springald_function_invoke(function, &argument, 1, 2, NULL, &out, NULL) ==
        SPRINGALD_OK);
  CHECK(argument.release == NULL && num_released_arrays == 1);
  CHECK(out.length == 2 && ((const int64_t*)out.buffers[1])[out.offset + 1] == 10);
  out.release(&out);

  const int64_t unlucky = 13;
  struct springald_error error;
  argument = Integers(&unlucky, 1, buffers);
  CHECK(springald_function_invoke(function, &argument, 1, 1, NULL, &out, &error) ==
        SPRINGALD_USER_ERROR);
  CHECK(strcmp(error.message, "unlucky") == 0);
  CHECK(strcmp(error.exception_type, "ValueError") == 0);
  CHECK(strstr(error.traceback, "line 4, in f") != NULL);
  CHECK(error.row == 0 && error.exception == NULL);
  error.release(&error);

  char output[64];
  const size_t size = springald_function_output(function, NULL, 0);
  CHECK(size == strlen("no 13\n"));
  CHECK(springald_function_output(function, output, sizeof(output)) == size);
  CHECK(memcmp(output, "no 13\n", size) == 0);
  CHECK(springald_function_output(function, output, 3) == size);
  CHECK(memcmp(output, "13\n", 3) == 0);
  return NULL;
}

static const char* EndWorkers(struct springald_runtime* runtime,
                              const struct springald_function* function) {
  struct springald_worker_figures figures;
  memset(&figures, 0, sizeof(figures));
  figures.struct_size = sizeof(figures);
  springald_runtime_workers(runtime, &figures);
  CHECK(figures.max_workers == 2 && figures.num_workers == 1 && figures.num_busy == 0);
  CHECK(figures.num_started == 1 && figures.num_lost == 0 && figures.num_killed == 0);
  CHECK(figures.shared_bytes > 0 && figures.last_start_us > 0);
  CHECK(figures.fork_server_pid > 1);

  springald_runtime_shutdown(runtime);
  springald_runtime_shutdown(runtime);
  springald_runtime_workers(runtime, &figures);
  CHECK(figures.num_workers == 0 && figures.fork_server_pid == 0);
  CHECK(figures.num_retired == 1 && figures.shared_bytes == 0);
  const int64_t value = 1;
  const void* buffers[2];
  struct ArrowArray out;
  struct ArrowArray argument = Integers(&value, 1, buffers);
  CHECK(springald_function_invoke(function, &argument, 1, 1, NULL, &out, NULL) ==
        SPRINGALD_CANCELLED);
  CHECK(argument.release == NULL);
  return NULL;
}

const char* RunInWorkers(const struct pickled_function* pickled) {
  struct springald_definition_fields fields = Fields();
  fields.python_version = pickled->python_version;
  fields.payload = pickled->payload;
  fields.payload_size = pickled->payload_size;
  fields.timeout_ms = 60000;
  struct springald_definition* definition = NULL;
  CHECK(Create(&fields, &definition, NULL) == SPRINGALD_OK);

  const char* preload[] = {"calendar"};
  struct springald_sidecar_options sidecar;
  memset(&sidecar, 0, sizeof(sidecar));
  sidecar.struct_size = sizeof(sidecar);
  sidecar.max_workers = 2;
  sidecar.preload = preload;
  sidecar.num_preload = 1;
  sidecar.cpu_limit_ms = -1;
  struct springald_runtime_options options;
  memset(&options, 0, sizeof(options));
  options.struct_size = sizeof(options);
  options.backend = SPRINGALD_BACKEND_SIDECAR;
  options.sidecar = &sidecar;
  struct springald_runtime* runtime = NULL;
  struct springald_function* function = NULL;
  CHECK(springald_runtime_create(&options, &runtime, NULL) == SPRINGALD_OK);
  CHECK(springald_runtime_load(runtime, definition, &function, NULL) == SPRINGALD_OK);
  springald_definition_release(definition);
  CHECK_ALL(InvokeInWorkers(function));
  CHECK_ALL(EndWorkers(runtime, function));
  springald_runtime_release(runtime);
  springald_function_release(function);

  struct springald_error error;
  options.backend = 7;
  CHECK(springald_runtime_create(&options, &runtime, &error) == SPRINGALD_INTERNAL);
  CHECK(strstr(error.message, "no backend of number 7") != NULL);
  error.release(&error);
  return NULL;
}
