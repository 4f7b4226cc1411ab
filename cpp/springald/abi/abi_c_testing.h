#ifndef SPRINGALD_ABI_C_TESTING_H_
#define SPRINGALD_ABI_C_TESTING_H_

/* What the C programs that test abi.h make by hand: definitions and columns. A file that
   includes a previous version of abi.h first is compiled against that one, because all
   versions have the same include guard. */

#include <stdatomic.h>
#include <string.h>

#include <arrow/c/abi.h>

#include "springald/abi.h"

#define TEXT_OF(token) #token
#define LINE_TEXT(line) TEXT_OF(line)
/* Ends a function that returns NULL, or what is wrong. */
#define CHECK(condition)                                       \
  do {                                                         \
    if (!(condition)) {                                        \
      return __FILE__ ":" LINE_TEXT(__LINE__) ": " #condition; \
    }                                                          \
  } while (0)
/* The same for a check that is a function. */
#define CHECK_ALL(call)                   \
  do {                                    \
    const char* check_all_wrong = (call); \
    if (check_all_wrong != NULL) {        \
      return check_all_wrong;             \
    }                                     \
  } while (0)

/* How often the release callbacks below were called, by any thread. */
static atomic_int num_released_schemas;
static atomic_int num_released_arrays;

static inline void ReleaseSchema(struct ArrowSchema* schema) {
  for (int64_t i = 0; i < schema->n_children; ++i) {
    if (schema->children[i]->release != NULL) {
      schema->children[i]->release(schema->children[i]);
    }
  }
  ++num_released_schemas;
  schema->release = NULL;
}

static inline void ReleaseArray(struct ArrowArray* array) {
  ++num_released_arrays;
  array->release = NULL;
}

/* A nullable field whose strings outlive it. */
static inline struct ArrowSchema Field(const char* format, const char* name) {
  struct ArrowSchema field;
  memset(&field, 0, sizeof(field));
  field.format = format;
  field.name = name;
  field.flags = ARROW_FLAG_NULLABLE;
  field.release = ReleaseSchema;
  return field;
}

/* An int64 array without nulls over `values`. `buffers` has room for two. */
static inline struct ArrowArray Integers(const int64_t* values, int64_t length,
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

/* The parts of a definition of `double_it`, without a payload. */
static inline struct springald_definition_fields Fields(void) {
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

/* Makes a definition of one int64 argument `n` and an int64 result, and returns -1 where
   the types were not moved from: their callbacks run, whether it fails or not. */
static inline int32_t Create(const struct springald_definition_fields* fields,
                             struct springald_definition** out,
                             struct springald_error* error) {
  struct ArrowSchema argument = Field("l", "n");
  struct ArrowSchema* children[] = {&argument};
  struct ArrowSchema arguments = Field("+s", "");
  struct ArrowSchema result = Field("l", "r");
  arguments.flags = 0;
  arguments.n_children = 1;
  arguments.children = children;
  const int num_before = num_released_schemas;
  const int32_t code =
      springald_definition_create(fields, &arguments, &result, out, error);
  return arguments.release == NULL && result.release == NULL &&
                 num_released_schemas == num_before + 3
             ? code
             : -1;
}

#endif  // SPRINGALD_ABI_C_TESTING_H_
