/* Prints the signature of an encoded definition. It stands for a scheduler: a program
   without Python that links libspringald_codec only. */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <arrow/c/abi.h>

#include "springald/abi.h"

enum { kMaxBytes = 1 << 20 };

static void PrintField(const struct ArrowSchema* field) {
  printf("%s: %s", field->name, field->format);
}

static int PrintSignature(const struct springald_definition* definition) {
  struct springald_definition_fields fields = {.struct_size = sizeof(fields)};
  struct ArrowSchema arguments;
  struct ArrowSchema result;
  if (springald_definition_describe(definition, &fields, NULL) != SPRINGALD_OK ||
      springald_definition_signature(definition, &arguments, &result, NULL) !=
          SPRINGALD_OK) {
    return EXIT_FAILURE;
  }
  printf("%s(", fields.name);
  for (int64_t i = 0; i < arguments.n_children; ++i) {
    printf(i == 0 ? "" : ", ");
    PrintField(arguments.children[i]);
  }
  printf(") -> %s\n", result.format);
  arguments.release(&arguments);
  result.release(&result);
  return EXIT_SUCCESS;
}

int main(int argc, char** argv) {
  FILE* file = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (file == NULL) {
    fprintf(stderr, "usage: %s DEFINITION\n", argv[0]);
    return EXIT_FAILURE;
  }
  static uint8_t bytes[kMaxBytes];
  const size_t size = fread(bytes, 1, sizeof(bytes), file);
  fclose(file);

  struct springald_definition* definition = NULL;
  struct springald_error error = {0};
  if (springald_definition_decode(bytes, size, &definition, &error) != SPRINGALD_OK) {
    fprintf(stderr, "%s\n", error.message);
    error.release(&error);
    return EXIT_FAILURE;
  }
  const int status = PrintSignature(definition);
  springald_definition_release(definition);
  return status;
}
