//! The runtime in which an executor's functions run, and its worker processes.

use std::ffi::{CString, c_char};
use std::ptr::NonNull;
use std::sync::Arc;

use springald_sys as sys;

use super::definition::Definition;
use super::failure::Failure;
use super::function::{Function, needed};
use super::log_lines::log_line;
use super::table;

/// Where functions run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Backend {
    /// In this process, under its GIL.
    Embedded,
    /// In worker processes.
    Sidecar(WorkerOptions),
}

/// The worker processes of a runtime. None is no limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkerOptions {
    /// Processes at one time.
    pub max_workers: i64,
    /// Modules that are imported before workers are forked.
    pub preload: Vec<String>,
    /// Wall-clock milliseconds of a batch.
    pub timeout_ms: Option<i64>,
    /// Memory of a batch, in bytes.
    pub memory_limit_bytes: Option<i64>,
    /// Processor milliseconds of a batch.
    pub cpu_limit_ms: Option<i64>,
    /// Open files of a worker.
    pub max_open_files: Option<i64>,
    /// Of a batch's result, in bytes.
    pub max_result_bytes: Option<i64>,
    /// Batches after which a worker is replaced.
    pub max_batches: Option<i64>,
    /// Milliseconds after which an unused worker ends.
    pub idle_timeout_ms: Option<i64>,
}

/// A runtime. Any thread may call. Dropping it leaves functions that were loaded usable.
#[derive(Debug)]
pub struct Runtime {
    handle: NonNull<sys::Runtime>,
    has_workers: bool,
}

// SAFETY: the ABI lets any thread use a runtime.
unsafe impl Send for Runtime {}
// SAFETY: as above.
unsafe impl Sync for Runtime {}

impl Runtime {
    /// Makes a runtime, whose log goes to this program's. Starts no process yet.
    ///
    /// # Errors
    /// This process runs no functions, or the system has no worker processes.
    pub fn create(backend: &Backend) -> Result<Self, Failure> {
        let create = needed(table()?.runtime_create)?;
        let workers = match backend {
            Backend::Embedded => None,
            Backend::Sidecar(options) => Some(options),
        };
        let preload = workers.map_or(Ok(Vec::new()), preload_of)?;
        let preload: Vec<*const c_char> = preload.iter().map(|m| m.as_ptr()).collect();
        let sidecar = workers.map(|options| sidecar_of(options, &preload));
        let options = sys::RuntimeOptions {
            struct_size: size_of::<sys::RuntimeOptions>(),
            log: Some(log_line),
            log_context: std::ptr::null_mut(),
            metric: None,
            metric_context: std::ptr::null_mut(),
            cache_capacity_bytes: 0,
            backend: match backend {
                Backend::Embedded => sys::BACKEND_EMBEDDED,
                Backend::Sidecar(_) => sys::BACKEND_SIDECAR,
            },
            sidecar: sidecar.as_ref().map_or(std::ptr::null(), |options| options),
        };
        let mut handle = std::ptr::null_mut();
        Failure::check(|error| {
            // SAFETY: the options and what they point to live for the call, which copies
            // them; `log_line` needs no context. `handle` and `error` are ours.
            unsafe { create(&options, &mut handle, error) }
        })?;
        let handle = NonNull::new(handle).ok_or_else(|| {
            Failure::new(sys::INTERNAL, "No runtime was returned".to_owned())
        })?;
        Ok(Self {
            handle,
            has_workers: workers.is_some(),
        })
    }

    /// Loads the function of `definition`, unless equal bytes were loaded before. Runs code
    /// of its author; call it where blocking is allowed.
    ///
    /// # Errors
    /// Its Python or a module does not match, or it cannot be unpickled.
    pub fn load(&self, definition: Arc<Definition>) -> Result<Function, Failure> {
        let load = needed(table()?.runtime_load)?;
        let mut handle = std::ptr::null_mut();
        Failure::check(|error| {
            // SAFETY: both handles are alive; `handle` and `error` are ours.
            unsafe {
                load(
                    self.handle.as_ptr(),
                    definition.as_ptr(),
                    &mut handle,
                    error,
                )
            }
        })?;
        let handle = NonNull::new(handle).ok_or_else(|| {
            Failure::new(sys::INTERNAL, "No function was returned".to_owned())
        })?;
        Ok(Function::new(handle, definition))
    }

    /// Ends the worker processes, which takes a second at most, and with them all calls,
    /// also later ones.
    pub fn shutdown(&self) {
        if let Ok(abi) = table()
            && let Some(shutdown) = abi.runtime_shutdown
        {
            // SAFETY: the handle is alive.
            unsafe { shutdown(self.handle.as_ptr()) };
        }
    }

    /// Where functions run, as operators and clients call it.
    pub fn backend(&self) -> &'static str {
        if self.has_workers {
            "sidecar"
        } else {
            "embedded"
        }
    }

    /// The worker processes, now and so far; None where functions run in this process.
    pub fn workers(&self) -> Option<sys::WorkerFigures> {
        if !self.has_workers {
            return None;
        }
        let read = table().ok()?.runtime_workers?;
        let mut figures = sys::WorkerFigures {
            struct_size: size_of::<sys::WorkerFigures>(),
            ..sys::WorkerFigures::default()
        };
        // SAFETY: the handle is alive; the struct says its size.
        unsafe { read(self.handle.as_ptr(), &mut figures) };
        Some(figures)
    }
}

impl Drop for Runtime {
    fn drop(&mut self) {
        if let Ok(abi) = table()
            && let Some(release) = abi.runtime_release
        {
            // SAFETY: the handle is ours and is released once.
            unsafe { release(self.handle.as_ptr()) };
        }
    }
}

fn preload_of(options: &WorkerOptions) -> Result<Vec<CString>, Failure> {
    let as_c_text = |module: &String| {
        CString::new(module.as_str()).map_err(|_| {
            Failure::new(
                sys::INTERNAL,
                format!("The name of a module has a null character: {module:?}"),
            )
        })
    };
    options.preload.iter().map(as_c_text).collect()
}

/// The options as the ABI takes them. They refer to `preload`.
fn sidecar_of(options: &WorkerOptions, preload: &[*const c_char]) -> sys::SidecarOptions {
    const NO_LIMIT: i64 = -1;
    let limit = |value: Option<i64>| value.unwrap_or(NO_LIMIT);
    sys::SidecarOptions {
        struct_size: size_of::<sys::SidecarOptions>(),
        max_workers: options.max_workers,
        python_executable: std::ptr::null(),
        preload: preload.as_ptr(),
        num_preload: preload.len(),
        timeout_ms: limit(options.timeout_ms),
        memory_limit_bytes: limit(options.memory_limit_bytes),
        cpu_limit_ms: limit(options.cpu_limit_ms),
        max_open_files: limit(options.max_open_files),
        max_result_bytes: limit(options.max_result_bytes),
        max_batches_per_worker: limit(options.max_batches),
        idle_timeout_ms: limit(options.idle_timeout_ms),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options() -> WorkerOptions {
        WorkerOptions {
            max_workers: 3,
            preload: vec!["numpy".to_owned(), "a.b".to_owned()],
            timeout_ms: Some(1_500),
            memory_limit_bytes: None,
            cpu_limit_ms: Some(2),
            max_open_files: None,
            max_result_bytes: Some(4),
            max_batches: Some(5),
            idle_timeout_ms: None,
        }
    }

    #[test]
    fn a_limit_that_is_none_is_not_the_default() {
        let sidecar = sidecar_of(&options(), &[]);
        assert_eq!(sidecar.struct_size, 96);
        assert_eq!(sidecar.max_workers, 3);
        assert_eq!(
            (sidecar.timeout_ms, sidecar.memory_limit_bytes),
            (1_500, -1)
        );
        assert_eq!((sidecar.cpu_limit_ms, sidecar.max_open_files), (2, -1));
        assert_eq!(sidecar.max_result_bytes, 4);
        assert_eq!(sidecar.max_batches_per_worker, 5);
        assert_eq!((sidecar.idle_timeout_ms, sidecar.num_preload), (-1, 0));
    }

    #[test]
    fn modules_are_null_terminated() {
        let modules = preload_of(&options()).unwrap();
        assert_eq!(modules, [c"numpy".to_owned(), c"a.b".to_owned()]);
        let broken = WorkerOptions {
            preload: vec!["a\0b".to_owned()],
            ..options()
        };
        let failure = preload_of(&broken).unwrap_err();
        assert!(failure.message.contains("null character"), "{failure}");
    }
}
