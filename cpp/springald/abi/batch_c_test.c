#include <string.h>

#include "springald/abi/abi_c_test.h"
#include "springald/abi/abi_c_testing.h"

/* A batch over one argument. */
static struct springald_batch Batch(struct ArrowArray* argument, int64_t num_rows,
                                    const uint8_t* is_constant) {
  struct springald_batch batch;
  memset(&batch, 0, sizeof(batch));
  batch.struct_size = sizeof(batch);
  batch.arguments = argument;
  batch.num_arguments = 1;
  batch.is_constant = is_constant;
  batch.num_rows = num_rows;
  return batch;
}

static const char* InvokeColumnsAndConstants(const struct springald_function* function) {
  const int64_t values[] = {1, 0, -21};
  const void* buffers[2];
  const uint8_t flags[] = {0, 1};
  struct ArrowArray out;
  struct ArrowArray argument = Integers(values, 3, buffers);
  struct springald_batch batch = Batch(&argument, 3, &flags[0]);
  num_released_arrays = 0;
  CHECK(springald_function_invoke_batch(function, &batch, &out, NULL) == SPRINGALD_OK);
  CHECK(argument.release == NULL && num_released_arrays == 1);
  CHECK(out.length == 3 && ((const int64_t*)out.buffers[1])[2] == -42);
  out.release(&out);

  argument = Integers(&values[2], 1, buffers);
  batch = Batch(&argument, 3, &flags[1]);
  CHECK(springald_function_invoke_batch(function, &batch, &out, NULL) == SPRINGALD_OK);
  CHECK(out.length == 3);
  for (int64_t row = 0; row < 3; ++row) {
    CHECK(((const int64_t*)out.buffers[1])[out.offset + row] == -42);
  }
  out.release(&out);

  struct springald_error error;
  argument = Integers(values, 3, buffers);
  batch = Batch(&argument, 3, &flags[1]);
  CHECK(springald_function_invoke_batch(function, &batch, &out, &error) ==
        SPRINGALD_INTERNAL);
  CHECK(strstr(error.message,
               "a constant of the batch has the wrong length: 3, "
               "expected 1") != NULL);
  CHECK(argument.release == NULL);
  error.release(&error);
  return NULL;
}

/* Of a host that knows fewer fields than the library, or more. */
static const char* InvokeBatchesOfAnySize(const struct springald_function* function) {
  const int64_t value = 4;
  const void* buffers[2];
  struct ArrowArray out;
  struct {
    struct springald_batch batch;
    uint64_t more;
  } future;
  memset(&future, 0, sizeof(future));
  for (size_t size = offsetof(struct springald_batch, stream_id); size <= sizeof(future);
       ++size) {
    struct ArrowArray argument = Integers(&value, 1, buffers);
    future.batch = Batch(&argument, 1, NULL);
    future.batch.struct_size = size;
    CHECK(springald_function_invoke_batch(function, &future.batch, &out, NULL) ==
          SPRINGALD_OK);
    CHECK(out.length == 1 && ((const int64_t*)out.buffers[1])[out.offset] == 8);
    out.release(&out);
  }
  const size_t refused[] = {0, sizeof(future)};
  for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); ++i) {
    struct ArrowArray argument = Integers(&value, 1, buffers);
    future.batch = Batch(&argument, 1, NULL);
    future.batch.struct_size = refused[i];
    future.more = 1;
    struct springald_error error;
    CHECK(springald_function_invoke_batch(function, &future.batch, &out, &error) ==
          SPRINGALD_INTERNAL);
    CHECK(strstr(error.message, "struct springald_batch") != NULL);
    CHECK(argument.release != NULL);
    argument.release(&argument);
    error.release(&error);
  }
  return NULL;
}

const char* InvokeBatches(const struct springald_function* function) {
  CHECK_ALL(InvokeColumnsAndConstants(function));
  CHECK_ALL(InvokeBatchesOfAnySize(function));
  CHECK(springald_function_end_stream(function, 3, 0, NULL) == SPRINGALD_OK);
  return NULL;
}
