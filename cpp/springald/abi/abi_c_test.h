#ifndef SPRINGALD_ABI_C_TEST_H_
#define SPRINGALD_ABI_C_TEST_H_

// A user of abi.h in C. Each function returns NULL, or what it found wrong.

#include <stddef.h>
#include <stdint.h>

#include "springald/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/// Creates, decodes, describes and refuses definitions. Needs no Python.
const char* RoundTripDefinition(void);

/// Creates a definition from the cloudpickle bytes of a function that doubles an int and
/// raises ValueError for 13, loads it and invokes it over arrays filled by hand.
const char* LoadAndInvoke(const uint8_t* payload, size_t payload_size,
                          const char* python_version);

/// Makes a definition of a live function with an int64 argument and result.
int32_t CreateLiveDefinition(struct springald_definition** out);

/// Invokes a function over one row and returns its value, or INT64_MIN.
int64_t InvokeOnce(const struct springald_function* function, int64_t value);

#ifdef __cplusplus
}
#endif

#endif  // SPRINGALD_ABI_C_TEST_H_
