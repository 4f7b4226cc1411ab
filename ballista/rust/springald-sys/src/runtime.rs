//! What a runtime is made with, and its worker processes.

use std::ffi::{c_char, c_void};

/// `springald_backend`: functions run in this process, under its GIL.
pub const BACKEND_EMBEDDED: i32 = 0;
/// `springald_backend`: functions run in worker processes.
pub const BACKEND_SIDECAR: i32 = 1;

/// `springald_log_callback`
pub type LogCallback = unsafe extern "C" fn(
    context: *mut c_void,
    level: i32,
    message: *const c_char,
    udf_name: *const c_char,
    udf_hash: *const c_char,
);

/// `springald_metric_callback`
pub type MetricCallback = unsafe extern "C" fn(
    context: *mut c_void,
    udf_name: *const c_char,
    udf_hash: *const c_char,
    num_rows: i64,
    elapsed_ns: i64,
    status: i32,
);

/// `struct springald_sidecar_options`, of version 4
#[repr(C)]
pub struct SidecarOptions {
    /// Size of this struct in bytes.
    pub struct_size: usize,
    /// Processes at one time; 0 for one per processor.
    pub max_workers: i64,
    /// The interpreter to start, or null for `sys.executable`.
    pub python_executable: *const c_char,
    /// `num_preload` names of modules.
    pub preload: *const *const c_char,
    /// Their number.
    pub num_preload: usize,
    /// Wall-clock milliseconds of a batch. Here and below, 0 is the default and -1 none.
    pub timeout_ms: i64,
    /// Of a worker, above what it has before it runs functions.
    pub memory_limit_bytes: i64,
    /// Processor milliseconds of a batch, all threads together.
    pub cpu_limit_ms: i64,
    /// Descriptors of a worker.
    pub max_open_files: i64,
    /// Of a batch's column.
    pub max_result_bytes: i64,
    /// After which a worker is replaced.
    pub max_batches_per_worker: i64,
    /// After which an unused worker ends.
    pub idle_timeout_ms: i64,
}

/// `struct springald_runtime_options`, of version 4
#[repr(C)]
pub struct RuntimeOptions {
    /// Size of this struct in bytes.
    pub struct_size: usize,
    /// May be absent.
    pub log: Option<LogCallback>,
    /// Of `log`.
    pub log_context: *mut c_void,
    /// May be absent.
    pub metric: Option<MetricCallback>,
    /// Of `metric`.
    pub metric_context: *mut c_void,
    /// Of the definitions whose functions stay loaded while unused; 0 for the default.
    pub cache_capacity_bytes: usize,
    /// A `springald_backend`.
    pub backend: i32,
    /// May be null, for the defaults.
    pub sidecar: *const SidecarOptions,
}

/// `struct springald_worker_figures`, of version 4
#[repr(C)]
#[derive(Clone, Copy, Debug, Default)]
pub struct WorkerFigures {
    /// Size of this struct in bytes.
    pub struct_size: usize,
    /// Processes at one time.
    pub max_workers: i64,
    /// Alive now.
    pub num_workers: i64,
    /// Of these, running a batch.
    pub num_busy: i64,
    /// Since the runtime was made, as all below.
    pub num_started: i64,
    /// After many batches, idle time or an interrupted call.
    pub num_retired: i64,
    /// Ended by themselves.
    pub num_lost: i64,
    /// Ended by the runtime, over a limit or cancelled.
    pub num_killed: i64,
    /// Batches that were given to another worker.
    pub num_retried: i64,
    /// Of shared memory now.
    pub shared_bytes: i64,
    /// Microseconds that the newest worker took to start.
    pub last_start_us: i64,
    /// 0 where none runs.
    pub fork_server_pid: i64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::mem::offset_of;

    /// The sizes that the structs have in C.
    #[test]
    fn structs_have_the_sizes_of_the_header() {
        assert_eq!(size_of::<SidecarOptions>(), 96);
        assert_eq!(size_of::<RuntimeOptions>(), 64);
        assert_eq!(size_of::<WorkerFigures>(), 96);
    }

    /// Where some of the fields are in C.
    #[test]
    fn fields_are_where_the_header_has_them() {
        assert_eq!(offset_of!(SidecarOptions, preload), 24);
        assert_eq!(offset_of!(SidecarOptions, timeout_ms), 40);
        assert_eq!(offset_of!(SidecarOptions, max_batches_per_worker), 80);
        assert_eq!(offset_of!(RuntimeOptions, cache_capacity_bytes), 40);
        assert_eq!(offset_of!(RuntimeOptions, backend), 48);
        assert_eq!(offset_of!(RuntimeOptions, sidecar), 56);
        assert_eq!(offset_of!(WorkerFigures, num_lost), 48);
        assert_eq!(offset_of!(WorkerFigures, last_start_us), 80);
    }
}
