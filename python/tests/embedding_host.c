/* A host that calls springald before its interpreter runs and after it has ended. Prints
   what is wrong and fails, or prints "as promised".

   usage: embedding_host PYTHON DEFINITION */

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <arrow/c/abi.h>
#include <springald/abi.h>

#define EXPECT(condition)                                \
  do {                                                   \
    if (!(condition)) {                                  \
      printf("line %d: not %s\n", __LINE__, #condition); \
      return 1;                                          \
    }                                                    \
  } while (0)

static struct springald_definition* definition;
static struct springald_runtime* runtime;
static struct springald_function* function;

static int StartPython(const char* path) {
  PyConfig config;
  PyConfig_InitPythonConfig(&config);
  PyStatus status = PyConfig_SetBytesString(&config, &config.program_name, path);
  if (!PyStatus_Exception(status)) {
    status = Py_InitializeFromConfig(&config);
  }
  PyConfig_Clear(&config);
  return !PyStatus_Exception(status);
}

static int ReadDefinition(const char* path) {
  static uint8_t bytes[1 << 16];
  FILE* file = fopen(path, "rb");
  if (file == NULL) {
    return 0;
  }
  const size_t size = fread(bytes, 1, sizeof(bytes), file);
  fclose(file);
  return springald_definition_decode(bytes, size, &definition, NULL) == SPRINGALD_OK;
}

static void ReleaseNothing(struct ArrowArray* array) { array->release = NULL; }

/* Calls the function for one string. */
static int32_t Invoke(const char* text, struct ArrowArray* out,
                      struct springald_error* error) {
  const int32_t offsets[] = {0, (int32_t)strlen(text)};
  const void* buffers[] = {NULL, offsets, text};
  struct ArrowArray argument = {
      .length = 1, .n_buffers = 3, .buffers = buffers, .release = ReleaseNothing};
  return springald_function_invoke(function, &argument, 1, 1, NULL, out, error);
}

static int IsWithoutPython(int32_t code, struct springald_error* error) {
  const int is_told = strstr(error->message, "no Python interpreter runs") != NULL;
  error->release(error);
  return code == SPRINGALD_INTERNAL && is_told;
}

int main(int argc, char** argv) {
  struct springald_error error = {0};
  struct springald_error of_python = {0};
  struct ArrowArray out;
  EXPECT(argc == 3 && ReadDefinition(argv[2]));
  EXPECT(springald_runtime_create(NULL, &runtime, &error) == SPRINGALD_OK);
  int32_t code = springald_runtime_load(runtime, definition, &function, &error);
  EXPECT(IsWithoutPython(code, &error));

  /* The failure was not remembered. */
  EXPECT(StartPython(argv[1]));
  EXPECT(springald_runtime_load(runtime, definition, &function, &error) == SPRINGALD_OK);
  EXPECT(Invoke("ada@example.org", &out, &error) == SPRINGALD_OK);
  EXPECT(memcmp(out.buffers[2], "example.org", 11) == 0);
  EXPECT(Invoke("nobody", &out, &of_python) == SPRINGALD_USER_ERROR);
  EXPECT(of_python.exception != NULL && !PyErr_Occurred());
  EXPECT(Py_FinalizeEx() == 0);

  EXPECT(memcmp(out.buffers[2], "example.org", 11) == 0);
  out.release(&out);
  code = Invoke("ada@example.org", &out, &error);
  EXPECT(IsWithoutPython(code, &error));
  EXPECT(strcmp(of_python.exception_type, "IndexError") == 0);
  of_python.release(&of_python);
  springald_function_release(function);
  springald_runtime_release(runtime);
  springald_definition_release(definition);
  printf("as promised\n");
  return 0;
}
