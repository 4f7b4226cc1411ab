//! The declarations of Springald's C ABI (`include/springald/abi.h`), as the glue calls it:
//! through a table of functions that the host hands over.
//!
//! Layouts are those of the header, of version 1 where nothing else is said:
//! `cpp/springald/abi/abi_layout_test.cc` asserts them for C, and the tests here for these.
//! Structs that carry a size say their own, so that fields which later versions added count
//! as absent.

mod runtime;

use std::ffi::{c_char, c_void};

pub use runtime::{
    BACKEND_EMBEDDED, BACKEND_SIDECAR, LogCallback, MetricCallback, RuntimeOptions,
    SidecarOptions, WorkerFigures,
};

/// `springald_status`: success.
pub const OK: i32 = 0;
/// `springald_status`: the definition is malformed or refused.
pub const INVALID_DEFINITION: i32 = 1;
/// `springald_status`: made by a Python or a package that this one cannot read.
pub const VERSION_MISMATCH: i32 = 4;
/// `springald_status`: the call's cancel token was fired.
pub const CANCELLED: i32 = 6;
/// `springald_status`: a mistake of the library.
pub const INTERNAL: i32 = 8;
/// `springald_status`: the process that ran the function ended, each time. The first of
/// those that only worker processes bring.
pub const WORKER_LOST: i32 = 9;
/// `springald_status`: a batch took longer than it may.
pub const TIMEOUT: i32 = 10;
/// `springald_status`: a batch needed more memory than it may have.
pub const MEMORY: i32 = 11;
/// `springald_status`: a batch used more processor time than it may.
pub const CPU_TIME: i32 = 12;
/// `springald_status`: the function opened more files than it may.
pub const OPEN_FILES: i32 = 13;
/// `springald_status`: a batch's result has more bytes than it may. The last of those that
/// only worker processes bring.
pub const RESULT_SIZE: i32 = 14;

/// `springald_volatility`: may be evaluated at any time, any number of times.
pub const IMMUTABLE: i32 = 1;
/// `springald_volatility`: constant within a query.
pub const STABLE: i32 = 2;
/// `springald_volatility`: once per row.
pub const VOLATILE: i32 = 3;

/// `springald_mode`: keeps its state between the batches of a stream.
pub const MODE_ITERATOR: i32 = 5;

macro_rules! opaque {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[repr(C)]
        pub struct $name {
            _private: [u8; 0],
        }
    )*};
}

opaque! {
    /// `struct springald_definition`
    Definition,
    /// `struct springald_runtime`
    Runtime,
    /// `struct springald_function`
    Function,
    /// `struct springald_cancel_token`
    CancelToken,
    /// `struct ArrowArray`, of the Arrow C Data Interface
    ArrowArray,
    /// `struct ArrowSchema`, of the Arrow C Data Interface
    ArrowSchema,
}

/// `struct springald_error`
#[repr(C)]
pub struct Error {
    /// A `springald_status`.
    pub code: i32,
    /// What is wrong; never null once filled.
    pub message: *const c_char,
    /// The function's name, or null.
    pub udf_name: *const c_char,
    /// The Python class that was raised, or null.
    pub exception_type: *const c_char,
    /// The user's frames, or null.
    pub traceback: *const c_char,
    /// `repr` of the failing row's arguments, or null.
    pub arguments: *const c_char,
    /// The failing row of the batch, or -1.
    pub row: i64,
    /// Not 0 where the same call may succeed later.
    pub retryable: i32,
    /// The exception object; of no use here.
    pub exception: *mut c_void,
    /// Frees what the struct refers to.
    pub release: Option<unsafe extern "C" fn(*mut Error)>,
    /// Of the library.
    pub private_data: *mut c_void,
}

impl Error {
    /// A struct to be filled.
    pub const fn empty() -> Self {
        Self {
            code: OK,
            message: std::ptr::null(),
            udf_name: std::ptr::null(),
            exception_type: std::ptr::null(),
            traceback: std::ptr::null(),
            arguments: std::ptr::null(),
            row: -1,
            retryable: 0,
            exception: std::ptr::null_mut(),
            release: None,
            private_data: std::ptr::null_mut(),
        }
    }
}

/// `struct springald_requirement`
#[repr(C)]
pub struct Requirement {
    /// The module's name.
    pub module: *const c_char,
    /// Its version at definition.
    pub version: *const c_char,
}

/// `struct springald_definition_fields`
#[repr(C)]
pub struct DefinitionFields {
    /// Size of this struct in bytes.
    pub struct_size: usize,
    /// The function's name.
    pub name: *const c_char,
    /// A `springald_mode`.
    pub mode: i32,
    /// A `springald_volatility`.
    pub volatility: i32,
    /// A `springald_null_handling`.
    pub null_handling: i32,
    /// As `sys.implementation.name`.
    pub python_implementation: *const c_char,
    /// As `platform.python_version()`.
    pub python_version: *const c_char,
    /// Version of cloudpickle, or null.
    pub cloudpickle_version: *const c_char,
    /// Version of pyarrow.
    pub pyarrow_version: *const c_char,
    /// `num_requirements` requirements.
    pub requirements: *const Requirement,
    /// Their number.
    pub num_requirements: usize,
    /// The source's file, or null.
    pub source_file: *const c_char,
    /// Its first line.
    pub source_first_line: i32,
    /// The source's text, or null.
    pub source_text: *const c_char,
    /// cloudpickle bytes, or null.
    pub payload: *const u8,
    /// Their number.
    pub payload_size: usize,
    /// A reference to the payload, or null.
    pub payload_reference: *const c_char,
}

/// `struct springald_batch`
#[repr(C)]
pub struct Batch {
    /// Size of this struct in bytes.
    pub struct_size: usize,
    /// `num_arguments` arrays.
    pub arguments: *mut ArrowArray,
    /// Their number.
    pub num_arguments: usize,
    /// One byte for each: not 0 for a constant.
    pub is_constant: *const u8,
    /// Of the batch.
    pub num_rows: i64,
    /// Of the stream that the batch goes on with, or 0.
    pub stream_id: i64,
    /// May be null.
    pub cancel: *mut CancelToken,
}

/// `struct springald_metrics`
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct Metrics {
    /// Size of this struct in bytes.
    pub struct_size: usize,
    /// How often the function was loaded.
    pub num_loads: i64,
    /// Batches.
    pub num_calls: i64,
    /// Rows.
    pub num_rows: i64,
    /// Nanoseconds in the function and its conversions.
    pub python_ns: i64,
    /// Calls that failed.
    pub num_errors: i64,
}

/// `struct springald_abi` of `ballista/include/springald/ballista.h`.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Abi {
    /// Size of this struct in bytes.
    pub struct_size: usize,
    /// `springald_version`
    pub version: unsafe extern "C" fn() -> *const c_char,
    /// `springald_definition_decode`
    pub definition_decode:
        unsafe extern "C" fn(*const u8, usize, *mut *mut Definition, *mut Error) -> i32,
    /// `springald_definition_bytes`
    pub definition_bytes: unsafe extern "C" fn(
        *const Definition,
        *mut *const u8,
        *mut usize,
        *mut *const u8,
    ),
    /// `springald_definition_describe`
    pub definition_describe:
        unsafe extern "C" fn(*const Definition, *mut DefinitionFields, *mut Error) -> i32,
    /// `springald_definition_signature`
    pub definition_signature: unsafe extern "C" fn(
        *const Definition,
        *mut ArrowSchema,
        *mut ArrowSchema,
        *mut Error,
    ) -> i32,
    /// `springald_definition_release`
    pub definition_release: unsafe extern "C" fn(*mut Definition),
    /// `springald_runtime_create`
    pub runtime_create: Option<
        unsafe extern "C" fn(*const RuntimeOptions, *mut *mut Runtime, *mut Error) -> i32,
    >,
    /// `springald_runtime_release`
    pub runtime_release: Option<unsafe extern "C" fn(*mut Runtime)>,
    /// `springald_runtime_shutdown`
    pub runtime_shutdown: Option<unsafe extern "C" fn(*mut Runtime)>,
    /// `springald_runtime_workers`
    pub runtime_workers: Option<unsafe extern "C" fn(*const Runtime, *mut WorkerFigures)>,
    /// `springald_runtime_load`
    pub runtime_load: Option<
        unsafe extern "C" fn(
            *mut Runtime,
            *const Definition,
            *mut *mut Function,
            *mut Error,
        ) -> i32,
    >,
    /// `springald_function_invoke_batch`
    pub function_invoke_batch: Option<
        unsafe extern "C" fn(
            *const Function,
            *const Batch,
            *mut ArrowArray,
            *mut Error,
        ) -> i32,
    >,
    /// `springald_function_end_stream`
    pub function_end_stream:
        Option<unsafe extern "C" fn(*const Function, i64, i32, *mut Error) -> i32>,
    /// `springald_function_metrics`
    pub function_metrics: Option<unsafe extern "C" fn(*const Function, *mut Metrics)>,
    /// `springald_function_output`
    pub function_output:
        Option<unsafe extern "C" fn(*const Function, *mut c_char, usize) -> usize>,
    /// `springald_function_release`
    pub function_release: Option<unsafe extern "C" fn(*mut Function)>,
    /// `springald_cancel_token_create`
    pub cancel_token_create:
        Option<unsafe extern "C" fn(*mut *mut CancelToken, *mut Error) -> i32>,
    /// `springald_cancel_token_fire`
    pub cancel_token_fire: Option<unsafe extern "C" fn(*mut CancelToken) -> i32>,
    /// `springald_cancel_token_release`
    pub cancel_token_release: Option<unsafe extern "C" fn(*mut CancelToken)>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes that the structs have in C.
    #[test]
    fn structs_have_the_sizes_of_the_header() {
        assert_eq!(size_of::<Error>(), 88);
        assert_eq!(size_of::<DefinitionFields>(), 128);
        assert_eq!(size_of::<Batch>(), 56);
        assert_eq!(size_of::<Metrics>(), 48);
        assert_eq!(size_of::<Abi>(), 20 * 8);
    }
}
