/// \file
/// Calls springald and lets callgrind count the instructions of nothing but those calls.
///
/// A shared library that run_cases.py loads, in the process that callgrind watches. The
/// functions of the C ABI come as pointers, because the springald under count may be
/// older or newer than the header that this file sees; so their types stand here.
///
/// Each function makes `num_calls` calls, frees what they return, and writes the counts
/// to a dump of callgrind's that bears `label`; with a NULL label nothing is counted.
/// Each returns the status of the last call. The caller holds the GIL.
#include <Python.h>

#include <arrow/c/abi.h>
#include <string.h>
#include <valgrind/callgrind.h>

#include "springald/abi.h"

typedef int32_t (*invoke_function)(const void* function, struct ArrowArray* arguments,
                                   size_t num_arguments, int64_t num_rows, void* cancel,
                                   struct ArrowArray* out, struct springald_error* error);
typedef int32_t (*call_function)(const void* function, PyObject* const* arguments,
                                 size_t num_arguments, void* cancel, PyObject** out,
                                 struct springald_error* error);
typedef int32_t (*decode_function)(const uint8_t* bytes, size_t size, void** out,
                                   struct springald_error* error);
typedef void (*release_function)(void* definition);

enum { kMaxArguments = 4, kMaxMessage = 500 };

/// What the last failed call said, while nothing was counted.
static char last_message[kMaxMessage];

SPRINGALD_EXPORT const char* LastMessage(void) { return last_message; }

static void Begin(const char* label) {
  if (label != NULL) {
    CALLGRIND_START_INSTRUMENTATION;
    CALLGRIND_ZERO_STATS;
  }
}

static void End(const char* label) {
  if (label != NULL) {
    CALLGRIND_STOP_INSTRUMENTATION;
    CALLGRIND_DUMP_STATS_AT(label);
  }
}

static void Clear(struct springald_error* error, const char* label) {
  if (error->release == NULL) {
    return;
  }
  if (label == NULL) {
    strncpy(last_message, error->message, kMaxMessage - 1);
  }
  error->release(error);
}

static void ReleaseLent(struct ArrowArray* array) { array->release = NULL; }

/// Calls springald_function_invoke. `arguments` are lent: each call gets copies that
/// free nothing.
SPRINGALD_EXPORT int32_t CountInvoke(const char* label, int64_t num_calls,
                                     invoke_function invoke, const void* function,
                                     const struct ArrowArray* arguments,
                                     size_t num_arguments, int64_t num_rows) {
  struct ArrowArray lent[kMaxArguments];
  int32_t status = SPRINGALD_INTERNAL;
  if (num_arguments > kMaxArguments) {
    return status;
  }
  Begin(label);
  for (int64_t i = 0; i < num_calls; ++i) {
    struct ArrowArray out = {0};
    struct springald_error error = {0};
    for (size_t j = 0; j < num_arguments; ++j) {
      lent[j] = arguments[j];
      lent[j].release = ReleaseLent;
    }
    status = invoke(function, lent, num_arguments, num_rows, NULL, &out, &error);
    Clear(&error, label);
    if (out.release != NULL) {
      out.release(&out);
    }
  }
  End(label);
  return status;
}

/// Calls springald_function_call with one `pyarrow.Array`.
SPRINGALD_EXPORT int32_t CountCall(const char* label, int64_t num_calls,
                                   call_function call, const void* function,
                                   PyObject* argument) {
  int32_t status = SPRINGALD_INTERNAL;
  Begin(label);
  for (int64_t i = 0; i < num_calls; ++i) {
    PyObject* out = NULL;
    struct springald_error error = {0};
    status = call(function, &argument, 1, NULL, &out, &error);
    Clear(&error, label);
    Py_XDECREF(out);
  }
  End(label);
  return status;
}

/// Calls springald_definition_decode and springald_definition_release.
SPRINGALD_EXPORT int32_t CountDecode(const char* label, int64_t num_calls,
                                     decode_function decode, release_function release,
                                     const uint8_t* bytes, size_t size) {
  int32_t status = SPRINGALD_INTERNAL;
  Begin(label);
  for (int64_t i = 0; i < num_calls; ++i) {
    void* definition = NULL;
    struct springald_error error = {0};
    status = decode(bytes, size, &definition, &error);
    Clear(&error, label);
    release(definition);
  }
  End(label);
  return status;
}

/// Calls `callable(argument).__arrow_c_array__()`, as the engine does with each batch.
SPRINGALD_EXPORT int32_t CountEngineCall(const char* label, int64_t num_calls,
                                         PyObject* callable, PyObject* argument) {
  int32_t status = SPRINGALD_OK;
  PyObject* method = PyUnicode_InternFromString("__arrow_c_array__");
  Begin(label);
  for (int64_t i = 0; i < num_calls; ++i) {
    PyObject* column = PyObject_CallOneArg(callable, argument);
    PyObject* capsules =
        column == NULL ? NULL : PyObject_CallMethodNoArgs(column, method);
    if (capsules == NULL) {
      PyErr_Clear();
      status = SPRINGALD_INTERNAL;
    }
    Py_XDECREF(capsules);
    Py_XDECREF(column);
  }
  End(label);
  Py_XDECREF(method);
  return status;
}
