#ifndef SPRINGALD_ABI_H_
#define SPRINGALD_ABI_H_

/// \file
/// The C interface between an engine's glue and the Python-UDF runtime.
///
/// Ownership: a function that takes a `struct ArrowArray*` or `struct
/// ArrowSchema*` as input moves out of it, also when it fails; the caller need
/// not release it. A filled `out` must be released by the caller. Strings and
/// bytes that are passed in are copied; those that are lent out live as long as
/// the handle that lent them.
/// Threads: any thread may call, with or without Python's GIL held; a handle may
/// be used by many threads at once, but released only when no call uses it.
/// Errors: 0 is success, else a `springald_status`, and `error` is filled unless
/// it is NULL. No C++ or Python exception crosses this header.
/// Versions: a struct that the caller fills begins with its own size; fields past
/// that size are taken as absent. The functions of `libspringald_codec`, which
/// needs no Python, are those named `springald_definition_*` and
/// `springald_*version`.

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SPRINGALD_EXPORT __attribute__((visibility("default")))

/// The Arrow C Data Interface, as
/// <https://arrow.apache.org/docs/format/CDataInterface.html>.
struct ArrowArray;
struct ArrowSchema;

/// CPython's `PyObject`, so that this header needs no Python.
struct _object;

#define SPRINGALD_ABI_VERSION_1 1

/// Returns the newest version of this header that the library speaks.
SPRINGALD_EXPORT uint32_t springald_abi_version(void);

/// Returns the library's own version, as "0.1.0". A static string.
SPRINGALD_EXPORT const char* springald_version(void);

enum springald_status {
  SPRINGALD_OK = 0,
  SPRINGALD_INVALID_DEFINITION = 1,  ///< The definition is malformed or refused.
  SPRINGALD_USER_ERROR = 2,          ///< The user's function raised.
  SPRINGALD_RESULT_ERROR = 3,        ///< Wrong type, length or null in the result.
  SPRINGALD_VERSION_MISMATCH = 4,    ///< Made by a Python that this one cannot read.
  SPRINGALD_DEPENDENCY_ERROR = 5,    ///< A module that the function needs is missing.
  SPRINGALD_CANCELLED = 6,           ///< The call's cancel token was fired.
  SPRINGALD_INTERRUPTED = 7,         ///< KeyboardInterrupt was raised in the call.
  SPRINGALD_INTERNAL = 8             ///< A mistake of this library.
};

/// What went wrong. Zero-initialize before use; call `release` when it is set.
/// Strings are UTF-8 and null-terminated, or NULL where they do not apply.
struct springald_error {
  int32_t code;                ///< A `springald_status`.
  const char* message;         ///< What is wrong, with the values; never NULL.
  const char* udf_name;        ///< The function's name.
  const char* exception_type;  ///< The Python class that was raised.
  const char* traceback;       ///< The user's frames, as Python prints them.
  const char* arguments;       ///< `repr` of the failing row's arguments.
  int64_t row;                 ///< The failing row of the batch, from 0; or -1.
  int32_t retryable;           ///< Not 0 where the same call may succeed later.
  /// The exception object where it was raised in this process, else NULL.
  /// Borrowed; alive until `release`. Use it with the GIL held only.
  struct _object* exception;
  void (*release)(struct springald_error* error);
  void* private_data;
};

// --- Definitions ---------------------------------------------------------------

/// A decoded or newly made definition. Immutable.
struct springald_definition;

enum springald_mode { SPRINGALD_MODE_ARROW = 1, SPRINGALD_MODE_ROW = 2 };
enum springald_volatility {
  SPRINGALD_IMMUTABLE = 1,
  SPRINGALD_STABLE = 2,
  SPRINGALD_VOLATILE = 3
};
/// See `NullHandling` in proto/springald.proto.
enum springald_null_handling { SPRINGALD_NULL_CALL = 1, SPRINGALD_NULL_SKIP = 2 };

struct springald_requirement {
  const char* module;
  const char* version;
};

/// The parts of a definition; see proto/springald.proto for their meaning.
struct springald_definition_fields {
  size_t struct_size;  ///< `sizeof(struct springald_definition_fields)`
  const char* name;
  int32_t mode;           ///< A `springald_mode`.
  int32_t volatility;     ///< A `springald_volatility`.
  int32_t null_handling;  ///< A `springald_null_handling`.
  const char* python_implementation;
  const char* python_version;
  const char* cloudpickle_version;
  const char* pyarrow_version;
  const struct springald_requirement* requirements;
  size_t num_requirements;
  const char* source_file;  ///< NULL where the source is not known.
  int32_t source_first_line;
  const char* source_text;
  const uint8_t* payload;  ///< cloudpickle bytes; NULL where referenced.
  size_t payload_size;
  const char* payload_reference;  ///< NULL where the payload is inline.
};

/// Makes a definition.
///
/// \param[in,out] arguments  A struct type with one field per argument. Moved from.
/// \param[in,out] result     The type of the result. Moved from.
SPRINGALD_EXPORT int32_t springald_definition_create(
    const struct springald_definition_fields* fields, struct ArrowSchema* arguments,
    struct ArrowSchema* result, struct springald_definition** out,
    struct springald_error* error);

/// Reads `size` bytes as proto/springald.proto describes them. Runs no Python.
SPRINGALD_EXPORT int32_t springald_definition_decode(const uint8_t* bytes, size_t size,
                                                     struct springald_definition** out,
                                                     struct springald_error* error);

/// Lends the definition's encoded bytes and the SHA-256 of them (32 bytes). Any out
/// pointer may be NULL.
SPRINGALD_EXPORT void springald_definition_bytes(
    const struct springald_definition* definition, const uint8_t** bytes, size_t* size,
    const uint8_t** hash);

/// Lends all parts but the types. `out->struct_size` says how much may be written.
SPRINGALD_EXPORT int32_t springald_definition_describe(
    const struct springald_definition* definition,
    struct springald_definition_fields* out, struct springald_error* error);

/// Exports the argument types (a struct type) and the result type.
SPRINGALD_EXPORT int32_t springald_definition_signature(
    const struct springald_definition* definition, struct ArrowSchema* arguments,
    struct ArrowSchema* result, struct springald_error* error);

/// Releases the handle. NULL is allowed.
SPRINGALD_EXPORT void springald_definition_release(
    struct springald_definition* definition);

// --- Runtime -------------------------------------------------------------------

/// Owns the loaded functions. Uses the interpreter of the process it lives in.
struct springald_runtime;

/// Receives a record. `level` is as in Python's `logging` (10 debug, 20 info, 30
/// warning, 40 error). Called from any thread; strings live for the call only.
typedef void (*springald_log_callback)(void* context, int32_t level, const char* message,
                                       const char* udf_name, const char* udf_hash);

/// Receives the figures of each finished call: rows, nanoseconds in the user's
/// function with conversions, and the `springald_status` it ended with.
typedef void (*springald_metric_callback)(void* context, const char* udf_name,
                                          const char* udf_hash, int64_t num_rows,
                                          int64_t elapsed_ns, int32_t status);

struct springald_runtime_options {
  size_t struct_size;          ///< `sizeof(struct springald_runtime_options)`
  springald_log_callback log;  ///< May be NULL.
  void* log_context;
  springald_metric_callback metric;  ///< May be NULL.
  void* metric_context;
  /// Encoded size of the definitions whose functions stay loaded while unused;
  /// 0 for the default of 256 MiB.
  size_t cache_capacity_bytes;
};

/// Makes a runtime. `options` may be NULL.
SPRINGALD_EXPORT int32_t
springald_runtime_create(const struct springald_runtime_options* options,
                         struct springald_runtime** out, struct springald_error* error);

/// Releases the handle; functions that were loaded stay usable. NULL is allowed.
SPRINGALD_EXPORT void springald_runtime_release(struct springald_runtime* runtime);

// --- Functions -----------------------------------------------------------------

/// A function that is ready to run.
struct springald_function;

/// Stops calls. One token may be given to many calls.
struct springald_cancel_token;

/// Loads the function that `definition` carries. Equal definitions are loaded
/// once for each runtime; a thread that asks meanwhile waits.
SPRINGALD_EXPORT int32_t springald_runtime_load(
    struct springald_runtime* runtime, const struct springald_definition* definition,
    struct springald_function** out, struct springald_error* error);

/// Makes a function of a live Python callable and a definition without payload.
/// Takes a reference of its own to `callable`. The caller holds the GIL.
SPRINGALD_EXPORT int32_t springald_runtime_bind(
    struct springald_runtime* runtime, const struct springald_definition* definition,
    struct _object* callable, struct springald_function** out,
    struct springald_error* error);

/// Runs one batch and puts one column of `num_rows` rows into `out`.
///
/// Each array has the type that the definition gives to its argument; this is the
/// caller's promise, because a C array does not carry its type.
///
/// \param[in,out] arguments  `num_arguments` structs. Moved from, also on failure.
/// \param[in] cancel  May be NULL.
SPRINGALD_EXPORT int32_t springald_function_invoke(
    const struct springald_function* function, struct ArrowArray* arguments,
    size_t num_arguments, int64_t num_rows, struct springald_cancel_token* cancel,
    struct ArrowArray* out, struct springald_error* error);

/// Figures since the function was loaded, over all threads and handles.
struct springald_metrics {
  size_t struct_size;  ///< `sizeof(struct springald_metrics)`, set by the caller.
  int64_t num_loads;
  int64_t num_calls;  ///< batches
  int64_t num_rows;
  int64_t python_ns;  ///< nanoseconds in the function and its conversions
  int64_t num_errors;
};

/// Fills as much of `out` as its `struct_size` allows.
SPRINGALD_EXPORT void springald_function_metrics(
    const struct springald_function* function, struct springald_metrics* out);

/// Releases the handle. NULL is allowed.
SPRINGALD_EXPORT void springald_function_release(struct springald_function* function);

/// Makes a token that is not fired.
SPRINGALD_EXPORT int32_t springald_cancel_token_create(
    struct springald_cancel_token** out, struct springald_error* error);

/// Fires the token and returns how many calls were using it. In row mode a call ends
/// after its row; a Python loop inside the function is interrupted; one long call
/// into C code goes on to its end.
SPRINGALD_EXPORT int32_t
springald_cancel_token_fire(struct springald_cancel_token* token);

/// Releases the handle; calls that use the token keep it alive. NULL is allowed.
SPRINGALD_EXPORT void springald_cancel_token_release(
    struct springald_cancel_token* token);

#ifdef __cplusplus
}
#endif

#endif  // SPRINGALD_ABI_H_
