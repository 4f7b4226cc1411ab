#ifndef SPRINGALD_BALLISTA_H_
#define SPRINGALD_BALLISTA_H_

/// \file
/// What `libspringald_ballista.so`, the Rust glue to Ballista, offers to its two hosts:
/// the native module of the `springald-ballista` wheel and the scheduler program.
///
/// This is internal to the wheel, and is compiled together with it: no promise of
/// stability. The runtime is reached through the functions that the host hands over
/// (`springald_ballista_init`), so that the library itself needs neither Python nor
/// Arrow C++.
///
/// Threads: any thread may call, without Python's GIL. Errors: 0 is success, else a
/// `springald_status`, and `error` is filled; call its `release`. No panic crosses.

#include <stddef.h>
#include <stdint.h>

#include "springald/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

/// The functions of abi.h that the glue calls. Those after `definition_release` are NULL
/// in a process that never runs functions (the scheduler).
struct springald_abi {
  size_t struct_size;  ///< `sizeof(struct springald_abi)`
  const char* (*version)(void);
  int32_t (*definition_decode)(const uint8_t*, size_t, struct springald_definition**,
                               struct springald_error*);
  void (*definition_bytes)(const struct springald_definition*, const uint8_t**, size_t*,
                           const uint8_t**);
  int32_t (*definition_describe)(const struct springald_definition*,
                                 struct springald_definition_fields*,
                                 struct springald_error*);
  int32_t (*definition_signature)(const struct springald_definition*, struct ArrowSchema*,
                                  struct ArrowSchema*, struct springald_error*);
  void (*definition_release)(struct springald_definition*);

  int32_t (*runtime_create)(const struct springald_runtime_options*,
                            struct springald_runtime**, struct springald_error*);
  void (*runtime_release)(struct springald_runtime*);
  void (*runtime_shutdown)(struct springald_runtime*);
  void (*runtime_workers)(const struct springald_runtime*,
                          struct springald_worker_figures*);
  int32_t (*runtime_load)(struct springald_runtime*, const struct springald_definition*,
                          struct springald_function**, struct springald_error*);
  int32_t (*function_invoke_batch)(const struct springald_function*,
                                   const struct springald_batch*, struct ArrowArray*,
                                   struct springald_error*);
  int32_t (*function_end_stream)(const struct springald_function*, int64_t, int32_t,
                                 struct springald_error*);
  void (*function_metrics)(const struct springald_function*, struct springald_metrics*);
  size_t (*function_output)(const struct springald_function*, char*, size_t);
  void (*function_release)(struct springald_function*);
  int32_t (*cancel_token_create)(struct springald_cancel_token**,
                                 struct springald_error*);
  int32_t (*cancel_token_fire)(struct springald_cancel_token*);
  void (*cancel_token_release)(struct springald_cancel_token*);
};

/// Hands the runtime's functions over. Call it once, before anything else; `abi` is
/// copied. Fails with SPRINGALD_VERSION_MISMATCH where the runtime's version is not the
/// glue's own.
SPRINGALD_EXPORT int32_t springald_ballista_init(const struct springald_abi* abi,
                                                 struct springald_error* error);

/// Returns the glue's own version, as "0.1.0". A static string.
SPRINGALD_EXPORT const char* springald_ballista_version(void);

// --- For the client's session ----------------------------------------------------

/// The structs of `datafusion-ffi` that the wheel's capsules hold. They are made for a
/// session: `provider` is what its capsule "datafusion_task_context_provider" points to;
/// it is copied, and must stay alive for the call only.
struct FFI_TaskContextProvider;
struct FFI_QueryPlanner;
struct FFI_LogicalExtensionCodec;
struct FFI_PhysicalExtensionCodec;
struct FFI_ScalarUDF;

/// Makes the planner that sends plans to the scheduler.
///
/// \param[in] options  JSON: {"address": "host:port", "session_id": text,
///   "max_inline_bytes": n, "settings": {key: value}}.
SPRINGALD_EXPORT int32_t springald_ballista_planner_create(
    const struct FFI_TaskContextProvider* provider, const char* options,
    struct FFI_QueryPlanner** out, struct springald_error* error);
SPRINGALD_EXPORT void springald_ballista_planner_release(
    struct FFI_QueryPlanner* planner);

/// Makes the codecs that carry definitions in plans. `options` as for the planner.
SPRINGALD_EXPORT int32_t springald_ballista_logical_codec_create(
    const struct FFI_TaskContextProvider* provider, const char* options,
    struct FFI_LogicalExtensionCodec** out, struct springald_error* error);
SPRINGALD_EXPORT void springald_ballista_logical_codec_release(
    struct FFI_LogicalExtensionCodec* codec);
SPRINGALD_EXPORT int32_t springald_ballista_physical_codec_create(
    const struct FFI_TaskContextProvider* provider, const char* options,
    struct FFI_PhysicalExtensionCodec** out, struct springald_error* error);
SPRINGALD_EXPORT void springald_ballista_physical_codec_release(
    struct FFI_PhysicalExtensionCodec* codec);

/// Makes the function that stands for definitions of one name in plans, each for another
/// list of argument types; the planner chooses one for each call. It is never run where
/// plans are made.
SPRINGALD_EXPORT int32_t springald_ballista_function_create(
    const uint8_t* const* definitions, const size_t* definition_sizes,
    size_t num_definitions, struct FFI_ScalarUDF** out, struct springald_error* error);
SPRINGALD_EXPORT void springald_ballista_function_release(struct FFI_ScalarUDF* function);

/// Bytes that the glue owns. Zero-initialize; call `release` when it is set.
struct springald_bytes {
  const uint8_t* data;
  size_t size;
  void (*release)(struct springald_bytes* bytes);
  void* private_data;
};

/// Rewrites an expression, as `datafusion` writes it to bytes, so that it refers to
/// placeholders instead of the wheel's own Python functions.
///
/// The pickle of each such function must hold the text "springald:" and the hexadecimal
/// hash of its definition; `definitions` are the encoded definitions that may occur.
SPRINGALD_EXPORT int32_t springald_ballista_rewrite_expression(
    const uint8_t* expression, size_t size, const uint8_t* const* definitions,
    const size_t* definition_sizes, size_t num_definitions, struct springald_bytes* out,
    struct springald_error* error);

// --- Programs --------------------------------------------------------------------

/// Runs a scheduler until SIGTERM or SIGINT. Returns the exit status of the process;
/// mistakes in `argv` are explained on stderr (2), `--help` on stdout (0).
SPRINGALD_EXPORT int32_t springald_ballista_run_scheduler(int argc,
                                                          const char* const* argv);

/// Runs an executor until SIGTERM or SIGINT, as above. Its functions run where `argv`
/// says, in a runtime that is made for the call; no worker process is left when it
/// returns.
///
/// \param[in] environment  JSON object of texts: what the interpreter is ("python",
///   "implementation", "pyarrow", "cloudpickle"); published to clients.
SPRINGALD_EXPORT int32_t springald_ballista_run_executor(int argc,
                                                         const char* const* argv,
                                                         const char* environment);

#ifdef __cplusplus
}
#endif

#endif  // SPRINGALD_BALLISTA_H_
