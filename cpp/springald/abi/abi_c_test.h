#ifndef SPRINGALD_ABI_C_TEST_H_
#define SPRINGALD_ABI_C_TEST_H_

// Users of abi.h in C. Each function returns NULL, or what it found wrong. All are called
// from abi_test.cc, which has the interpreter.

#include <stddef.h>
#include <stdint.h>

#include "springald/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The cloudpickle bytes of a Python function with one int64 argument and result.
struct pickled_function {
  const uint8_t* payload;
  size_t payload_size;
  const char* python_version;
};

// abi_c_test.c: what any host does.

/// Creates, decodes, describes and refuses definitions. Needs no Python.
const char* RoundTripDefinition(void);

/// Creates definitions that name their payload, well and badly. Needs no Python.
const char* ReferToPayloadByHash(void);

/// Loads and invokes a function that doubles an int and raises ValueError for 13, in line
/// 4, over arrays filled by hand.
const char* LoadAndInvoke(const struct pickled_function* pickled);

/// Loads what cannot be loaded, for several reasons.
const char* RefuseToLoad(const struct pickled_function* pickled);

/// Makes a definition of a live function with an int64 argument and result.
int32_t CreateLiveDefinition(struct springald_definition** out);

/// Invokes a function over one row and returns its value, or INT64_MIN.
int64_t InvokeOnce(const struct springald_function* function, int64_t value);

// batch_c_test.c: what came with version 3.

/// Invokes batches with constants, and structs of all sizes, of a function that doubles
/// an int and keeps no streams.
const char* InvokeBatches(const struct springald_function* function);

// struct_size_c_test.c: hosts that know fewer fields than the library, or more.

/// Gives fields and options of all sizes. Needs no Python.
const char* GiveStructsOfAnySize(void);

/// Takes descriptions and figures of all sizes. Loads and invokes `pickled`.
const char* TakeStructsOfAnySize(const struct pickled_function* pickled);

// threads_c_test.c: hosts with threads of their own. The caller does not hold the GIL.

/// Invokes one function from many threads, after its definition and runtime are released.
const char* InvokeFromManyThreads(const struct pickled_function* pickled);

/// Loads one definition from many threads, once.
const char* LoadFromManyThreads(const struct pickled_function* pickled);

/// Cancels two calls of a function that writes a byte to the descriptor `n` and loops for
/// ever, and releases the token meanwhile.
const char* CancelFromAnotherThread(const struct pickled_function* pickled);

// sidecar_c_test.c: what came with version 4.

/// Runs a function that doubles an int, and prints "no 13" and raises ValueError for 13,
/// in line 4, in worker processes.
const char* RunInWorkers(const struct pickled_function* pickled);

// previous_caller.c: built against tests/abi/abi_v1.h.

/// Does what a host of version 1 does, and looks whether anything is written past the
/// structs of its time. `pickled` is as for LoadAndInvoke.
const char* RunPreviousCaller(const struct pickled_function* pickled);

#ifdef __cplusplus
}
#endif

#endif  // SPRINGALD_ABI_C_TEST_H_
