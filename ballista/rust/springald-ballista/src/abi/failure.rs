//! What the runtime reports when a call fails.

use std::ffi::{CStr, c_char};
use std::fmt;

use springald_sys as sys;

/// An error of the runtime: who is to blame and everything that is known about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    /// A `springald_status`.
    pub code: i32,
    /// What is wrong, with the values; the message of the user's exception.
    pub message: String,
    /// The function's name, or empty.
    pub udf_name: String,
    /// The Python class that was raised, or empty.
    pub exception_type: String,
    /// The user's frames, or empty.
    pub traceback: String,
    /// `repr` of the failing row's arguments, or empty.
    pub arguments: String,
    /// The failing row of the batch, counted from 0.
    pub row: Option<i64>,
    /// Whether the same call may succeed later.
    pub retryable: bool,
}

impl Failure {
    /// An error without a function.
    pub fn new(code: i32, message: String) -> Self {
        Self {
            code,
            message,
            ..Self::default()
        }
    }

    /// Runs `call` with an empty error struct; a status other than 0 becomes a `Failure`.
    pub(super) fn check(call: impl FnOnce(*mut sys::Error) -> i32) -> Result<(), Self> {
        let mut error = sys::Error::empty();
        let code = call(&mut error);
        if code == sys::OK {
            return Ok(());
        }
        // SAFETY: the runtime fills the struct when it fails; its texts live until release.
        let failure = unsafe { Self::read(code, &error) };
        if let Some(release) = error.release {
            // SAFETY: once, on the struct that the runtime filled.
            unsafe { release(&mut error) };
        }
        Err(failure)
    }

    /// # Safety
    /// Each text of `error` is null or null-terminated.
    unsafe fn read(code: i32, error: &sys::Error) -> Self {
        // SAFETY: the caller's promise.
        unsafe {
            Self {
                code,
                message: text(error.message),
                udf_name: text(error.udf_name),
                exception_type: text(error.exception_type),
                traceback: text(error.traceback),
                arguments: text(error.arguments),
                row: (error.row >= 0).then_some(error.row),
                retryable: error.retryable != 0,
            }
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.udf_name.is_empty() {
            write!(f, "UDF '{}': ", self.udf_name)?;
        }
        if !self.exception_type.is_empty() {
            write!(f, "{}: ", self.exception_type)?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Failure {}

/// Copies a C text; null is the empty text, and what is no UTF-8 is replaced.
///
/// # Safety
/// `value` is null or null-terminated.
pub(super) unsafe fn text(value: *const c_char) -> String {
    if value.is_null() {
        return String::new();
    }
    // SAFETY: the caller's promise.
    unsafe { CStr::from_ptr(value) }
        .to_string_lossy()
        .into_owned()
}
