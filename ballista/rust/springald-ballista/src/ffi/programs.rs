//! The programs, as their hosts call them.

use std::ffi::{CStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStringExt;

use springald_sys as sys;

use super::boundary::{argument, program};
use crate::abi::Runtime;
use crate::programs::{run_executor, run_scheduler};

/// # Safety
/// `argv` points to `argc` C texts.
unsafe fn arguments(argc: c_int, argv: *const *const c_char) -> Vec<OsString> {
    (0..argc as usize)
        .map(|index| {
            // SAFETY: the caller's promise.
            let text = unsafe { CStr::from_ptr(*argv.add(index)) };
            OsString::from_vec(text.to_bytes().to_vec())
        })
        .collect()
}

/// See ballista.h.
///
/// # Safety
/// `argv` points to `argc` C texts.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn springald_ballista_run_scheduler(
    argc: c_int,
    argv: *const *const c_char,
) -> i32 {
    // SAFETY: the caller's promise.
    program(|| run_scheduler(unsafe { arguments(argc, argv) }))
}

/// See ballista.h.
///
/// # Safety
/// `argv` points to `argc` C texts; `runtime` outlives the call; `environment` is a C text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn springald_ballista_run_executor(
    argc: c_int,
    argv: *const *const c_char,
    runtime: *mut sys::Runtime,
    environment: *const c_char,
) -> i32 {
    program(|| {
        // SAFETY: the caller's promise.
        let (arguments, runtime, environment) = unsafe {
            (
                arguments(argc, argv),
                Runtime::borrowed(runtime),
                argument(environment, "The environment"),
            )
        };
        match (runtime, environment) {
            (Some(runtime), Ok(environment)) => {
                run_executor(arguments, runtime, environment)
            }
            _ => {
                eprintln!(
                    "springald executor: the host passed no runtime or environment"
                );
                1
            }
        }
    })
}
