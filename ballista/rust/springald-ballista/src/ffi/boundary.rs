//! The edge: no panic crosses it, and every error becomes a filled struct.

use std::ffi::{CStr, CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

use datafusion::error::DataFusionError;
use springald_sys as sys;

use crate::abi::Failure;

impl From<DataFusionError> for Failure {
    fn from(error: DataFusionError) -> Self {
        Self::new(sys::INTERNAL, error.strip_backtrace())
    }
}

/// Runs `body` and turns all that can leave it into a status and an error.
///
/// # Safety
/// `error` is null or points to an empty struct.
pub unsafe fn at_boundary(
    error: *mut sys::Error,
    body: impl FnOnce() -> Result<(), Failure>,
) -> i32 {
    let failure = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return sys::OK,
        Ok(Err(failure)) => failure,
        Err(panic) => Failure::new(
            sys::INTERNAL,
            format!(
                "springald-ballista panicked: {}",
                panic_text(panic.as_ref())
            ),
        ),
    };
    let code = failure.code;
    if !error.is_null() {
        // SAFETY: the caller's promise.
        unsafe { fill(&mut *error, failure) };
    }
    code
}

/// Runs a program; a panic ends it with status 101, as it ends Rust's own.
pub fn program(body: impl FnOnce() -> i32) -> i32 {
    catch_unwind(AssertUnwindSafe(body)).unwrap_or_else(|panic| {
        eprintln!("springald: panicked: {}", panic_text(panic.as_ref()));
        101
    })
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> &str {
    panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message")
}

/// The texts that a filled error refers to.
struct Texts {
    message: CString,
    udf_name: CString,
}

fn fill(error: &mut sys::Error, failure: Failure) {
    let texts = Box::new(Texts {
        message: c_text(failure.message),
        udf_name: c_text(failure.udf_name),
    });
    *error = sys::Error::empty();
    error.code = failure.code;
    error.message = texts.message.as_ptr();
    error.udf_name = texts.udf_name.as_ptr();
    error.release = Some(release);
    error.private_data = Box::into_raw(texts).cast();
}

fn c_text(text: String) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

unsafe extern "C" fn release(error: *mut sys::Error) {
    // SAFETY: called once, with the struct that `fill` filled.
    unsafe {
        drop(Box::from_raw((*error).private_data.cast::<Texts>()));
        *error = sys::Error::empty();
    }
}

/// Reads a text that the caller passed.
///
/// # Safety
/// `value` is null or null-terminated, and lives for as long as the result.
pub unsafe fn argument<'a>(value: *const c_char, what: &str) -> Result<&'a str, Failure> {
    if value.is_null() {
        return Err(Failure::new(sys::INTERNAL, format!("{what} is missing")));
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(value) }
        .to_str()
        .map_err(|_| Failure::new(sys::INTERNAL, format!("{what} is no UTF-8")))
}
