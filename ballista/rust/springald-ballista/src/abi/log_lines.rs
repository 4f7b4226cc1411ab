//! The runtime's log, as part of this program's.

use std::ffi::{c_char, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};

use log::Level;

use super::failure::text;

/// What records about functions are filtered by, as in `--log-level-setting
/// INFO,springald::udf=DEBUG`.
const TARGET: &str = "springald::udf";

/// Writes a record: what a function has printed, or what became of a call. It is a
/// `springald_log_callback` that needs no context.
///
/// # Safety
/// `message` and `udf_name` are null or null-terminated.
pub(super) unsafe extern "C" fn log_line(
    _context: *mut c_void,
    level: i32,
    message: *const c_char,
    udf_name: *const c_char,
    _udf_hash: *const c_char,
) {
    // A panic must not cross into the runtime, and a line that cannot be written is lost.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let level = level_of(level);
        if log::log_enabled!(target: TARGET, level) {
            // SAFETY: the caller's promise.
            let (message, udf_name) = unsafe { (text(message), text(udf_name)) };
            log::log!(target: TARGET, level, "{}", line(&udf_name, &message));
        }
    }));
}

/// Of a level of Python's `logging`.
fn level_of(level: i32) -> Level {
    match level {
        40.. => Level::Error,
        30.. => Level::Warn,
        20.. => Level::Info,
        _ => Level::Debug,
    }
}

/// One line, so that a function cannot write what looks like another record.
fn line(udf_name: &str, message: &str) -> String {
    let message = message.trim_end_matches(['\r', '\n']);
    let message = message.replace('\r', "\\r").replace('\n', "\\n");
    match udf_name {
        "" => message,
        _ => format!("UDF '{udf_name}': {message}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_those_of_python() {
        let levels = [10, 20, 30, 40, 50].map(level_of);
        assert_eq!(
            levels,
            [
                Level::Debug,
                Level::Info,
                Level::Warn,
                Level::Error,
                Level::Error
            ]
        );
    }

    #[test]
    fn a_record_is_one_line_with_the_functions_name() {
        assert_eq!(line("f", "hello\n"), "UDF 'f': hello");
        assert_eq!(line("f", "a\nERROR b"), "UDF 'f': a\\nERROR b");
        assert_eq!(line("", "a worker started"), "a worker started");
    }

    #[test]
    fn null_texts_are_allowed() {
        let null = std::ptr::null();
        // SAFETY: null is allowed.
        unsafe { log_line(std::ptr::null_mut(), 40, null, null, null) };
    }
}
