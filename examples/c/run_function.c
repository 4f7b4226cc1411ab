/* Runs a Python function over an Arrow column, as an engine would: starts Python, reads
   what make_function.py wrote, and calls the function for two batches, of which the
   second fails.

   usage: run_function PYTHON DEFINITION

   PYTHON is the program of the environment that has springald: `springald config
   --python`. README.md says how to compile this. */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <arrow/c/abi.h>
#include <springald/abi.h>

/* --- Errors ----------------------------------------------------------------- */

static void PrintError(struct springald_error* error) {
  printf("%s failed: %s: %s\n", error->udf_name != NULL ? error->udf_name : "springald",
         error->exception_type != NULL ? error->exception_type : "error", error->message);
  if (error->row >= 0) {
    printf("in row %lld of its batch, called with %s\n", (long long)error->row,
           error->arguments != NULL ? error->arguments : "nothing");
  }
  if (error->traceback != NULL) {
    printf("%s", error->traceback);
  }
  if (error->release != NULL) {
    error->release(error);
  }
}

/* --- Columns of strings ------------------------------------------------------ */

/* The memory of one column, freed when its ArrowArray is released. */
struct text_column {
  const void* buffers[3]; /* validity, offsets, text */
  uint8_t* is_valid;
  int32_t* offsets;
  char* text;
};

static void ReleaseColumn(struct ArrowArray* array) {
  struct text_column* column = array->private_data;
  free(column->is_valid);
  free(column->offsets);
  free(column->text);
  free(column);
  array->release = NULL;
}

/* Makes a column of the type utf8, in which a NULL is a null. Returns 0 where there is no
   memory. Whoever has the array releases it, from whichever thread. */
static int MakeColumn(const char* const* values, int64_t num_rows,
                      struct ArrowArray* out) {
  size_t num_bytes = 0;
  for (int64_t row = 0; row < num_rows; ++row) {
    num_bytes += values[row] != NULL ? strlen(values[row]) : 0;
  }
  struct text_column* column = calloc(1, sizeof(*column));
  if (column == NULL) {
    return 0;
  }
  memset(out, 0, sizeof(*out));
  out->private_data = column;
  out->release = ReleaseColumn;
  column->is_valid = calloc((size_t)num_rows / 8 + 1, 1);
  column->offsets = calloc((size_t)num_rows + 1, sizeof(int32_t));
  column->text = malloc(num_bytes + 1);
  if (column->is_valid == NULL || column->offsets == NULL || column->text == NULL) {
    out->release(out);
    return 0;
  }
  for (int64_t row = 0; row < num_rows; ++row) {
    const size_t size = values[row] != NULL ? strlen(values[row]) : 0;
    if (values[row] != NULL) {
      column->is_valid[row / 8] |= (uint8_t)(1 << (row % 8));
      memcpy(column->text + column->offsets[row], values[row], size);
    } else {
      ++out->null_count;
    }
    column->offsets[row + 1] = column->offsets[row] + (int32_t)size;
  }
  column->buffers[0] = column->is_valid;
  column->buffers[1] = column->offsets;
  column->buffers[2] = column->text;
  out->length = num_rows;
  out->n_buffers = 3;
  out->buffers = column->buffers;
  return 1;
}

static void PrintColumn(const struct ArrowArray* array) {
  const uint8_t* is_valid = array->buffers[0]; /* NULL where there is no null */
  const int32_t* offsets = array->buffers[1];
  const char* text = array->buffers[2];
  for (int64_t row = 0; row < array->length; ++row) {
    const int64_t i = array->offset + row;
    if (is_valid != NULL && (is_valid[i / 8] >> (i % 8) & 1) == 0) {
      printf("row %lld: null\n", (long long)row);
    } else {
      printf("row %lld: %.*s\n", (long long)row, (int)(offsets[i + 1] - offsets[i]),
             text + offsets[i]);
    }
  }
}

/* --- The function ------------------------------------------------------------- */

/* Runs one batch and prints what comes out of it. */
static int RunBatch(const struct springald_function* function, const char* const* values,
                    int64_t num_rows) {
  struct springald_error error = {0};
  struct ArrowArray argument;
  struct ArrowArray out;
  if (!MakeColumn(values, num_rows, &argument)) {
    fprintf(stderr, "out of memory\n");
    return 0;
  }
  /* The argument is the library's from here on, whether the call fails or not. */
  if (springald_function_invoke(function, &argument, 1, num_rows, NULL, &out, &error) !=
      SPRINGALD_OK) {
    PrintError(&error);
    return 0;
  }
  PrintColumn(&out);
  out.release(&out);
  return 1;
}

/* Looks whether the function takes and gives one column of strings. An engine would look
   in its plan for the types, and find the function by its name. */
static int CheckSignature(const struct springald_definition* definition) {
  struct springald_definition_fields fields = {.struct_size = sizeof(fields)};
  struct springald_error error = {0};
  struct ArrowSchema arguments;
  struct ArrowSchema result;
  if (springald_definition_describe(definition, &fields, &error) != SPRINGALD_OK ||
      springald_definition_signature(definition, &arguments, &result, &error) !=
          SPRINGALD_OK) {
    PrintError(&error);
    return 0;
  }
  const int is_text = arguments.n_children == 1 &&
                      strcmp(arguments.children[0]->format, "u") == 0 &&
                      strcmp(result.format, "u") == 0;
  printf("%s: %s -> %s\n", fields.name, is_text ? "utf8" : "something else",
         is_text ? "utf8" : result.format);
  arguments.release(&arguments);
  result.release(&result);
  return is_text;
}

static void PrintMetrics(const struct springald_function* function) {
  struct springald_metrics metrics = {.struct_size = sizeof(metrics)};
  springald_function_metrics(function, &metrics);
  printf("%lld calls, %lld rows, %lld failed\n", (long long)metrics.num_calls,
         (long long)metrics.num_rows, (long long)metrics.num_errors);
}

/* Called in this program by the main thread only, in an engine by any. */
static void OnLog(void* context, int32_t level, const char* message, const char* udf_name,
                  const char* udf_hash) {
  fprintf(context, "log %d: %s %.8s: %s\n", (int)level, udf_name, udf_hash, message);
}

/* Loads the function and runs the batches. Returns 1 where the first one succeeded. */
static int RunFunction(const struct springald_definition* definition) {
  static const char* const good[] = {"ada@example.org", NULL, "grace@navy.mil"};
  static const char* const bad[] = {"ada@example.org", "nobody"};
  const struct springald_runtime_options options = {
      .struct_size = sizeof(options), .log = OnLog, .log_context = stderr};
  struct springald_error error = {0};
  struct springald_runtime* runtime = NULL;
  struct springald_function* function = NULL;
  int succeeded = 0;
  if (springald_runtime_create(&options, &runtime, &error) != SPRINGALD_OK ||
      springald_runtime_load(runtime, definition, &function, &error) != SPRINGALD_OK) {
    PrintError(&error);
  } else {
    succeeded = RunBatch(function, good, 3);
    RunBatch(function, bad, 2);
    PrintMetrics(function);
  }
  springald_function_release(function);
  springald_runtime_release(runtime);
  return succeeded;
}

/* Reads the file, which holds nothing but the definition. */
static struct springald_definition* ReadDefinition(const char* path) {
  enum { kMaxBytes = 1 << 20 };
  static uint8_t bytes[kMaxBytes];
  FILE* file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    return NULL;
  }
  const size_t size = fread(bytes, 1, sizeof(bytes), file);
  fclose(file);
  struct springald_definition* definition = NULL;
  struct springald_error error = {0};
  if (springald_definition_decode(bytes, size, &definition, &error) != SPRINGALD_OK) {
    PrintError(&error);
  }
  return definition;
}

/* --- Python -------------------------------------------------------------------- */

/* Starts the Python of the environment to which the program `path` belongs, and lets go
   of the GIL, so that any thread may call the library. */
static PyThreadState* StartPython(const char* path) {
  PyConfig config;
  PyConfig_InitPythonConfig(&config);
  config.install_signal_handlers = 0; /* Ctrl-C stays the host's */
  PyStatus status = PyConfig_SetBytesString(&config, &config.program_name, path);
  if (!PyStatus_Exception(status)) {
    status = Py_InitializeFromConfig(&config);
  }
  PyConfig_Clear(&config);
  if (PyStatus_Exception(status)) {
    fprintf(stderr, "Python does not start: %s\n", status.err_msg);
    return NULL;
  }
  return PyEval_SaveThread();
}

int main(int argc, char** argv) {
  if (argc != 3) {
    fprintf(stderr, "usage: %s PYTHON DEFINITION\n", argv[0]);
    return 2;
  }
  if (springald_abi_version() < SPRINGALD_ABI_VERSION_1) {
    fprintf(stderr, "springald %s is too old\n", springald_version());
    return 1;
  }
  struct springald_definition* definition = ReadDefinition(argv[2]);
  if (definition == NULL || !CheckSignature(definition)) { /* needs no Python yet */
    springald_definition_release(definition);
    return 1;
  }
  PyThreadState* python = StartPython(argv[1]);
  const int succeeded = python != NULL && RunFunction(definition);
  springald_definition_release(definition);
  if (python != NULL) {
    PyEval_RestoreThread(python);
    Py_Finalize();
  }
  return succeeded ? EXIT_SUCCESS : EXIT_FAILURE;
}
