#ifndef SPRINGALD_ABI_H_
#define SPRINGALD_ABI_H_

/// \file
/// Runs Python functions over Arrow columns, for engines in any language. C11;
/// docs/abi.md is the page that goes with it.
///
/// The life of a call. A definition is what a function is when it travels: bytes that
/// `Udf.to_bytes()` of Python wrote. A host decodes it, loads it into a runtime, and
/// invokes the function that it gets as often as it likes, from as many threads as it
/// likes; an engine's threads need to know nothing of Python.
///
///     struct springald_error error = {0};
///     struct springald_definition* definition = NULL;
///     struct springald_runtime* runtime = NULL;
///     struct springald_function* function = NULL;
///     if (springald_definition_decode(bytes, size, &definition, &error) != 0 ||
///         springald_runtime_create(NULL, &runtime, &error) != 0 ||
///         springald_runtime_load(runtime, definition, &function, &error) != 0 ||
///         springald_function_invoke(function, &argument, 1, num_rows, NULL, &out,
///                                   &error) != 0) {
///       fprintf(stderr, "%s\n", error.message), error.release(&error);
///     }
///
/// Errors. A function that returns int32_t returns 0, or a `springald_status`, and then
/// `error` is filled unless it is NULL, and `*out` is as it was. No C++ or Python
/// exception crosses this header. A pointer may be NULL only where that is said.
///
/// Ownership. What a function puts into `out` is the caller's to release, once; handles
/// do not depend on each other, and may be released in any order. `struct ArrowArray*`
/// and `struct ArrowSchema*` that go in are moved from, also when the call fails: their
/// `release` is NULL afterwards. Other input is copied or only looked at. Strings and
/// bytes that are lent out live as long as the handle that lent them.
///
/// Threads. Every function may be called from any thread, by many at once with the same
/// handle, and with Python's GIL held or not, unless the function's comment says
/// otherwise. Only a release must be the last use of its handle. A function that may have
/// to wait for the GIL says "Takes the GIL"; do not hold a lock there that a thread with
/// the GIL may wait for.
///
/// Sizes. A struct that the caller makes begins with `struct_size`, which the caller sets
/// to its `sizeof`, and which a later version may make larger. A field of which that size
/// does not cover every byte is absent: not read, not written. A size below that of
/// `struct_size` itself is "not set", an error. What is past the fields that the library
/// knows must be zero in a struct that is read, so that nothing that was asked for is
/// overlooked, and is left alone in one that is written.
///
/// Two libraries. `libspringald` holds all of this, and uses the interpreter of the
/// process that it is loaded into, which the host started. `libspringald_codec` needs no
/// Python; it holds those named `springald_definition_*` and `springald_*version`.

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

/// Stable: a program that was built against it runs with every later library that speaks
/// it. docs/abi.md says what that promises.
#define SPRINGALD_ABI_VERSION_1 1
/// Stable. Adds `payload_hash` to definitions, springald_function_call and
/// springald_function_describe.
#define SPRINGALD_ABI_VERSION_2 2
/// Stable. Adds springald_function_invoke_batch and springald_function_end_stream.
#define SPRINGALD_ABI_VERSION_3 3
/// Stable. Adds worker processes: the backend and `sidecar` of runtimes, the limits of
/// definitions, springald_runtime_shutdown, springald_runtime_workers,
/// springald_function_output and springald_worker_serve.
#define SPRINGALD_ABI_VERSION_4 4

/// Returns the newest version of this header that the library speaks. It speaks all
/// before it too. A host that uses what came with version N asks for N or more.
SPRINGALD_EXPORT uint32_t springald_abi_version(void);

/// Returns the library's own version, as "0.1.0". A static string.
SPRINGALD_EXPORT const char* springald_version(void);

/// What a call ended with. Later versions may add numbers: treat one that you do not know
/// as SPRINGALD_INTERNAL.
enum springald_status {
  SPRINGALD_OK = 0,
  SPRINGALD_INVALID_DEFINITION = 1,  ///< The definition is malformed or refused.
  SPRINGALD_USER_ERROR = 2,          ///< The user's function raised.
  SPRINGALD_RESULT_ERROR = 3,        ///< Wrong type, length or null in the result.
  SPRINGALD_VERSION_MISMATCH = 4,    ///< Made by a Python that this one cannot read.
  SPRINGALD_DEPENDENCY_ERROR = 5,    ///< A module that the function needs is missing.
  SPRINGALD_CANCELLED = 6,           ///< The call's cancel token was fired.
  SPRINGALD_INTERRUPTED = 7,         ///< KeyboardInterrupt was raised in the call.
  SPRINGALD_INTERNAL = 8,            ///< A mistake of the caller or of this library.
  // Of functions that run in worker processes, since version 4.
  SPRINGALD_WORKER_LOST = 9,  ///< The process that ran the function ended, each time.
  SPRINGALD_TIMEOUT = 10,     ///< A batch took longer than it may.
  SPRINGALD_MEMORY = 11,      ///< A batch needed more memory than it may have.
  SPRINGALD_CPU_TIME = 12,    ///< A batch used more processor time than it may.
  SPRINGALD_OPEN_FILES = 13,  ///< The function opened more files than it may.
  SPRINGALD_RESULT_SIZE = 14  ///< A batch's result has more bytes than it may.
};

/// What went wrong. Zero it before use; a call that fails overwrites it without looking,
/// so release it first where it is used again. This struct never grows.
///
/// Strings are UTF-8 and null-terminated, or NULL where they do not apply, and live until
/// `release`.
struct springald_error {
  int32_t code;                ///< A `springald_status`.
  const char* message;         ///< What is wrong, with the values; never NULL.
  const char* udf_name;        ///< The function's name.
  const char* exception_type;  ///< The Python class that was raised.
  const char* traceback;       ///< The user's frames, as Python prints them.
  const char* arguments;       ///< `repr` of the failing row's arguments, cut to a bound.
  int64_t row;                 ///< The failing row of the batch, from 0; or -1.
  int32_t retryable;           ///< Not 0 where the same call may succeed later.
  /// The exception object where it was raised in this process, else NULL. Borrowed; use
  /// it with the GIL held only.
  struct _object* exception;
  /// Call it where it is not NULL. It frees what the struct refers to and zeroes it, so
  /// that `release` is NULL afterwards. Any one thread may call it. Takes the GIL where
  /// `exception` is set. A struct may be moved by copying its bytes; then only the copy
  /// is released.
  void (*release)(struct springald_error* error);
  void* private_data;  ///< The library's.
};

// --- Definitions ---------------------------------------------------------------

/// A decoded or newly made definition. Immutable: threads may share it.
struct springald_definition;

enum springald_mode {
  SPRINGALD_MODE_ARROW = 1,
  SPRINGALD_MODE_ROW = 2,
  SPRINGALD_MODE_PANDAS = 3,
  SPRINGALD_MODE_NUMPY = 4,
  SPRINGALD_MODE_ITERATOR = 5
};
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
  size_t payload_size;     ///< in bytes
  /// Names a payload that is kept elsewhere; NULL where it is inline. One that begins
  /// with "live:" names an object of this process: see springald_runtime_bind.
  const char* payload_reference;
  /// SHA-256 of the payload, 32 bytes. A `payload_reference` needs it, unless that begins
  /// with "live:"; beside an inline payload it may be NULL, and is checked where it is
  /// not. springald_definition_describe gives it wherever there is one. Since version 2.
  const uint8_t* payload_hash;
  // What one batch of the function may use where it runs in a worker process; 0 where the
  // function sets no limit of its own. The tighter one of this and the runtime's holds.
  // Since version 4.
  int64_t timeout_ms;          ///< wall-clock milliseconds
  int64_t memory_limit_bytes;  ///< above what a worker has before it runs functions
  int64_t cpu_limit_ms;        ///< processor milliseconds, all threads together
  int64_t max_open_files;      ///< descriptors of the worker
  int64_t max_result_bytes;    ///< bytes of the column
};

/// Makes a definition. Copies what `fields` refers to. Runs no Python.
///
/// \param[in] fields  Text is UTF-8; NULL is the same as "". Exactly one of `payload` and
///     `payload_reference` is given.
/// \param[in,out] arguments  A struct type with one field per argument. Moved from.
/// \param[in,out] result     The type of the result. Moved from.
/// \param[out] out  A handle for springald_definition_release.
///
/// Fails with SPRINGALD_INVALID_DEFINITION where a reader would refuse the definition, or
/// `fields->struct_size` is wrong.
SPRINGALD_EXPORT int32_t springald_definition_create(
    const struct springald_definition_fields* fields, struct ArrowSchema* arguments,
    struct ArrowSchema* result, struct springald_definition** out,
    struct springald_error* error);

/// Reads `size` bytes as proto/springald.proto describes them, and copies them. Runs no
/// Python: bytes that nobody trusts may be decoded, but not loaded.
///
/// Fails with SPRINGALD_INVALID_DEFINITION where they are malformed, too large, of a
/// newer format, or do not match the payload's hash.
SPRINGALD_EXPORT int32_t springald_definition_decode(const uint8_t* bytes, size_t size,
                                                     struct springald_definition** out,
                                                     struct springald_error* error);

/// Lends the definition's encoded bytes and the SHA-256 of them (32 bytes), which is its
/// identity. Any out pointer may be NULL. Pass the bytes on as they are.
SPRINGALD_EXPORT void springald_definition_bytes(
    const struct springald_definition* definition, const uint8_t** bytes, size_t* size,
    const uint8_t** hash);

/// Lends all parts but the types: what `out` refers to belongs to `definition`.
///
/// \param[in,out] out  Its `struct_size` says how much may be written, and stays.
///
/// Fails with SPRINGALD_INTERNAL where `out->struct_size` is not set.
SPRINGALD_EXPORT int32_t springald_definition_describe(
    const struct springald_definition* definition,
    struct springald_definition_fields* out, struct springald_error* error);

/// Exports the argument types (a struct type) and the result type. Both are independent
/// of `definition`, and the caller's to release.
SPRINGALD_EXPORT int32_t springald_definition_signature(
    const struct springald_definition* definition, struct ArrowSchema* arguments,
    struct ArrowSchema* result, struct springald_error* error);

/// Releases the handle, and with it what it has lent. NULL is allowed; a handle is
/// released once.
SPRINGALD_EXPORT void springald_definition_release(
    struct springald_definition* definition);

// --- Runtime -------------------------------------------------------------------

/// Owns the loaded functions. Uses the interpreter of the process it lives in: the main
/// one, where there are several.
struct springald_runtime;

/// Receives a record. `level` is as in Python's `logging` (10 debug, 20 info, 30 warning,
/// 40 error); `udf_hash` is 64 hexadecimal digits.
///
/// Called by the thread that makes the call it is about, with or without the GIL, so by
/// many threads at once. Strings live for the call only. It must not throw, nor load a
/// function.
typedef void (*springald_log_callback)(void* context, int32_t level, const char* message,
                                       const char* udf_name, const char* udf_hash);

/// Receives the figures of each call of a function when it has ended: rows, nanoseconds
/// in the user's function with conversions, and the `springald_status` it ended with.
/// Called as springald_log_callback is.
typedef void (*springald_metric_callback)(void* context, const char* udf_name,
                                          const char* udf_hash, int64_t num_rows,
                                          int64_t elapsed_ns, int32_t status);

/// Where functions run. Since version 4.
enum springald_backend {
  SPRINGALD_BACKEND_EMBEDDED = 0,  ///< In this process, under its GIL.
  SPRINGALD_BACKEND_SIDECAR = 1    ///< In worker processes. Linux only.
};

/// The worker processes of a runtime. Zero it, and set what is not to be the default.
///
/// A worker is a fork of a process that the first call starts, with this interpreter's
/// program, search path and environment. It runs one batch at a time, keeps the functions
/// that it has loaded, and ends with this process, however that ends. Since version 4.
struct springald_sidecar_options {
  size_t struct_size;   ///< `sizeof(struct springald_sidecar_options)`
  int64_t max_workers;  ///< processes at one time; 0 for one per processor
  /// The interpreter to start, which must be able to import springald; NULL for
  /// `sys.executable`.
  const char* python_executable;
  /// Modules that are imported before the workers are forked, so that they share them.
  /// One that starts threads when it is imported makes the start fail.
  const char* const* preload;
  size_t num_preload;
  // What one batch may use, as in springald_definition_fields. 0 for the default, which
  // is in parentheses; -1 for no limit.
  int64_t timeout_ms;          ///< (300,000)
  int64_t memory_limit_bytes;  ///< (2 GiB)
  int64_t cpu_limit_ms;        ///< (600,000)
  int64_t max_open_files;      ///< (1,024)
  int64_t max_result_bytes;    ///< (1 GiB)
  // When a worker is replaced; as above.
  int64_t max_batches_per_worker;  ///< (100,000)
  int64_t idle_timeout_ms;         ///< (60,000)
};

/// The contexts are the caller's, and must live as long as the runtime's handle and those
/// of all functions that came from it: functions log too.
struct springald_runtime_options {
  size_t struct_size;          ///< `sizeof(struct springald_runtime_options)`
  springald_log_callback log;  ///< May be NULL.
  void* log_context;
  springald_metric_callback metric;  ///< May be NULL.
  void* metric_context;
  /// Encoded size of the definitions whose functions stay loaded while unused;
  /// 0 for the default of 256 MiB.
  size_t cache_capacity_bytes;
  int32_t backend;  ///< A `springald_backend`, for functions that are loaded. Since 4.
  /// NULL for the defaults. Copied. Since version 4.
  const struct springald_sidecar_options* sidecar;
};

/// Makes a runtime. Needs no interpreter yet.
///
/// \param[in] options  NULL for the defaults. Copied.
///
/// Fails with SPRINGALD_INTERNAL where `options->struct_size` is wrong.
SPRINGALD_EXPORT int32_t
springald_runtime_create(const struct springald_runtime_options* options,
                         struct springald_runtime** out, struct springald_error* error);

/// Releases the handle; functions that were loaded stay usable. NULL is allowed. Takes
/// the GIL where it drops the last use of a function.
SPRINGALD_EXPORT void springald_runtime_release(struct springald_runtime* runtime);

/// Ends the worker processes of the runtime and waits until they have ended, which takes
/// a second at most. Calls in progress end with SPRINGALD_CANCELLED, and so do later
/// ones. Does nothing where functions run in this process. Since version 4.
SPRINGALD_EXPORT void springald_runtime_shutdown(struct springald_runtime* runtime);

/// The worker processes of a runtime, now and since it was made. Since version 4.
struct springald_worker_figures {
  size_t struct_size;  ///< `sizeof(struct springald_worker_figures)`
  int64_t max_workers;
  int64_t num_workers;      ///< alive now
  int64_t num_busy;         ///< of these, running a batch
  int64_t num_started;      ///< since the runtime was made, as all below
  int64_t num_retired;      ///< after many batches, idle time or an interrupted call
  int64_t num_lost;         ///< ended by themselves
  int64_t num_killed;       ///< ended by this runtime, over a limit or cancelled
  int64_t num_retried;      ///< batches that were given to another worker
  int64_t shared_bytes;     ///< of shared memory now, for columns
  int64_t last_start_us;    ///< microseconds that the newest worker took to start
  int64_t fork_server_pid;  ///< 0 where none runs
};

/// Fills as much of `out` as its `struct_size`, which stays, allows; nothing where that
/// is not set. Zeros where functions run in this process. Since version 4.
SPRINGALD_EXPORT void springald_runtime_workers(const struct springald_runtime* runtime,
                                                struct springald_worker_figures* out);

// --- Functions -----------------------------------------------------------------

/// A function that is ready to run.
struct springald_function;

/// Stops calls. One token may be given to many calls.
struct springald_cancel_token;

/// Loads the function that `definition` carries. This runs code of the definition's
/// author. Equal definitions are loaded once for each runtime; a thread that asks
/// meanwhile waits, without the GIL. Takes the GIL.
///
/// Fails with SPRINGALD_VERSION_MISMATCH where another Python made it, with
/// SPRINGALD_DEPENDENCY_ERROR where a module is missing (cloudpickle and pyarrow are
/// always needed), with SPRINGALD_INVALID_DEFINITION where it carries no payload, no
/// function, or types that are not supported, and with SPRINGALD_INTERNAL where no
/// interpreter runs. A failure is not remembered: the next caller tries again.
SPRINGALD_EXPORT int32_t springald_runtime_load(
    struct springald_runtime* runtime, const struct springald_definition* definition,
    struct springald_function** out, struct springald_error* error);

/// Makes a function of a live Python callable with the name and types of `definition`,
/// whose `payload_reference` begins with "live:"; a payload is not looked at. Takes a
/// reference of its own to `callable`. Not shared: each call makes a function of its own.
///
/// The caller holds the GIL. Fails as springald_runtime_load.
SPRINGALD_EXPORT int32_t springald_runtime_bind(
    struct springald_runtime* runtime, const struct springald_definition* definition,
    struct _object* callable, struct springald_function** out,
    struct springald_error* error);

/// Runs one batch and puts one column of `num_rows` rows into `out`. Takes the GIL.
///
/// Each array has the type that the definition gives to its argument; this is the
/// caller's promise, because a C array does not carry its type. Number and lengths are
/// checked. The result has the definition's type.
///
/// \param[in,out] arguments  `num_arguments` structs. Moved from, also on failure. Their
///     buffers are released when the call has ended, unless the function kept them or
///     returned them.
/// \param[in] cancel  May be NULL. Its handle may be released during the call.
/// \param[out] out  Written without looking at what it holds. Its `release` may be called
///     by any thread, also after `function` is released, and may take the GIL.
///
/// Fails with SPRINGALD_USER_ERROR, SPRINGALD_RESULT_ERROR, SPRINGALD_CANCELLED or
/// SPRINGALD_INTERRUPTED, and with SPRINGALD_INTERNAL where the batch is not as promised
/// or no interpreter runs.
SPRINGALD_EXPORT int32_t springald_function_invoke(
    const struct springald_function* function, struct ArrowArray* arguments,
    size_t num_arguments, int64_t num_rows, struct springald_cancel_token* cancel,
    struct ArrowArray* out, struct springald_error* error);

/// One batch of a function. Zero it before you fill it. Since version 3.
struct springald_batch {
  size_t struct_size;  ///< `sizeof(struct springald_batch)`
  /// `num_arguments` structs, as for springald_function_invoke.
  struct ArrowArray* arguments;
  size_t num_arguments;
  /// One byte for each argument, not 0 where the argument is a constant: its array has
  /// one row, which stands for `num_rows` equal ones. NULL where none is.
  const uint8_t* is_constant;
  int64_t num_rows;
  /// Names the stream of batches that this one goes on with, so that what the function
  /// keeps between batches is kept for each stream; 0 where a batch is by itself. The
  /// caller chooses the number, and ends the stream with springald_function_end_stream.
  int64_t stream_id;
  struct springald_cancel_token* cancel;  ///< As for springald_function_invoke.
};

/// Does what springald_function_invoke does, for a batch that may have constants and be
/// one of a stream. In row mode each row gets the one Python value of a constant, unless
/// rows could change it; other modes get an array of `num_rows` rows. Since version 3.
///
/// Batches of one stream are given one after the other, by any thread.
///
/// \param[in,out] batch  What `arguments` points to is moved from, also on failure,
/// unless
///     `struct_size` is wrong.
/// \param[out] out  As for springald_function_invoke.
///
/// Fails as springald_function_invoke, and with SPRINGALD_INTERNAL where `struct_size` is
/// wrong or a constant has not one row.
SPRINGALD_EXPORT int32_t springald_function_invoke_batch(
    const struct springald_function* function, const struct springald_batch* batch,
    struct ArrowArray* out, struct springald_error* error);

/// Ends a stream of batches, of which none runs any more. Its code after the last batch
/// runs now, such as a `finally`. Does nothing where the function has no such stream.
/// Takes the GIL. Since version 3.
///
/// \param[in] failed  Not 0 where there were to be more batches: one failed, or nobody
///     wants them.
///
/// Fails with SPRINGALD_USER_ERROR where the function raises, and with SPRINGALD_INTERNAL
/// where no interpreter runs; the stream has ended all the same.
SPRINGALD_EXPORT int32_t springald_function_end_stream(
    const struct springald_function* function, int64_t stream_id, int32_t failed,
    struct springald_error* error);

/// Runs one batch of `pyarrow.Array` objects, for a host that has those: they go to an
/// arrow-mode function as they are, and what it returns comes back as it is where it has
/// the promised type. Since version 2.
///
/// The caller holds the GIL, which other threads may get meanwhile.
///
/// \param[in] arguments  `num_arguments` borrowed objects, at least one. Their number,
///     lengths and types are checked.
/// \param[in] cancel  As for springald_function_invoke.
/// \param[out] out  A new reference to a `pyarrow.Array`.
///
/// Fails as springald_function_invoke, and leaves no Python exception set.
SPRINGALD_EXPORT int32_t springald_function_call(
    const struct springald_function* function, struct _object* const* arguments,
    size_t num_arguments, struct springald_cancel_token* cancel, struct _object** out,
    struct springald_error* error);

/// How the rows of a function are computed. Since version 2. The reasons are text for
/// people, in words that may change.
struct springald_function_description {
  size_t struct_size;  ///< `sizeof(struct springald_function_description)`
  /// Why a row function's body is not run inlined, without a call for each row; NULL
  /// where it is. Lent by the handle.
  const char* not_inlined_reason;
  /// Why equal rows of a batch are not answered by one call; NULL where they may be.
  /// Lent by the handle.
  const char* not_distinct_reason;
  int64_t num_inlined_rows;   ///< Rows so far that the inlined body computed.
  int64_t num_repeated_rows;  ///< Rows so far that got the result of an equal row.
};

/// Fills as much of `out` as its `struct_size`, which stays, allows; nothing where that
/// is not set. Does not wait.
SPRINGALD_EXPORT void springald_function_describe(
    const struct springald_function* function,
    struct springald_function_description* out);

/// Figures since the function was loaded, over all threads and handles.
struct springald_metrics {
  size_t struct_size;  ///< `sizeof(struct springald_metrics)`
  int64_t num_loads;
  int64_t num_calls;  ///< batches
  int64_t num_rows;
  int64_t python_ns;  ///< nanoseconds in the function and its conversions
  int64_t num_errors;
};

/// Fills as much of `out` as its `struct_size`, which stays, allows; nothing where that
/// is not set. Does not wait.
SPRINGALD_EXPORT void springald_function_metrics(
    const struct springald_function* function, struct springald_metrics* out);

/// Copies the end of what the function has printed lately to stdout and stderr in worker
/// processes, as lines, into `buffer`, and returns how many bytes there are; 0 where it
/// runs in this process. At most `capacity` bytes are written, of the newest lines. Since
/// version 4.
///
/// \param[out] buffer  May be NULL where `capacity` is 0. Not null-terminated.
SPRINGALD_EXPORT size_t springald_function_output(
    const struct springald_function* function, char* buffer, size_t capacity);

/// Releases the handle; the runtime may keep the function for who loads it next. NULL is
/// allowed. Takes the GIL where it drops the last use of a function; after the
/// interpreter has ended it is still allowed, and leaves the function's memory to the
/// process.
SPRINGALD_EXPORT void springald_function_release(struct springald_function* function);

/// Makes a token that is not fired.
SPRINGALD_EXPORT int32_t springald_cancel_token_create(
    struct springald_cancel_token** out, struct springald_error* error);

/// Fires the token, for good, and returns how many calls were using it; a call that
/// begins later with it is cancelled too. In row mode a call ends after its row; a Python
/// loop inside the function is interrupted; one long call into C code goes on to its end.
///
/// Returns before the calls have ended. Takes the GIL where a call uses the token.
SPRINGALD_EXPORT int32_t
springald_cancel_token_fire(struct springald_cancel_token* token);

/// Releases the handle; calls that use the token keep it alive. NULL is allowed.
SPRINGALD_EXPORT void springald_cancel_token_release(
    struct springald_cancel_token* token);

// --- Worker processes ------------------------------------------------------------

/// Serves a runtime of another process, which started this one as `python -m
/// springald.worker` and is at the other end of the socket `control_fd`: forks workers
/// until that end is closed. Returns in the process that was called only; workers end
/// without returning. Since version 4.
///
/// The caller holds the GIL, in the main thread of a process that has no other threads
/// but those that are known to be harmless after a fork.
///
/// Fails with SPRINGALD_INTERNAL where there are others, naming them.
SPRINGALD_EXPORT int32_t springald_worker_serve(int32_t control_fd,
                                                struct springald_error* error);

#ifdef __cplusplus
}
#endif

#endif  // SPRINGALD_ABI_H_
