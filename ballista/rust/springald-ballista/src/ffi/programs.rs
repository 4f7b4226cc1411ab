//! The programs, as their hosts call them.

use std::ffi::{CStr, OsString, c_char, c_int};
use std::os::unix::ffi::OsStringExt;

use super::boundary::{argument, program};
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
/// `argv` points to `argc` C texts; `environment` is a C text.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn springald_ballista_run_executor(
    argc: c_int,
    argv: *const *const c_char,
    environment: *const c_char,
) -> i32 {
    program(|| {
        // SAFETY: the caller's promise.
        let (arguments, environment) = unsafe {
            (
                arguments(argc, argv),
                argument(environment, "The environment"),
            )
        };
        match environment {
            Ok(environment) => run_executor(arguments, environment),
            Err(failure) => {
                eprintln!("springald executor: {failure}");
                1
            }
        }
    })
}
