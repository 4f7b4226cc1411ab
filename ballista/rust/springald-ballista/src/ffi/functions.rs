//! Start-up, versions and the rewriting of expressions.

use std::ffi::{c_char, c_void};
use std::sync::Arc;

use springald_sys as sys;

use super::boundary::at_boundary;
use crate::abi::{Definition, Failure, initialize};
use crate::client::rewrite_expression;
use crate::codec::PlanMessage;

/// See ballista.h.
///
/// # Safety
/// Pointers are as ballista.h says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn springald_ballista_init(
    abi: *const sys::Abi,
    error: *mut sys::Error,
) -> i32 {
    // SAFETY: the caller's promise. The size is read before anything behind it is.
    unsafe {
        at_boundary(error, || {
            let size = abi.cast::<usize>().read();
            if size != size_of::<sys::Abi>() {
                return Err(Failure::new(
                    sys::VERSION_MISMATCH,
                    format!(
                        "The table of functions has {size} bytes, not {}",
                        size_of::<sys::Abi>()
                    ),
                ));
            }
            initialize(&*abi)
        })
    }
}

/// See ballista.h.
#[unsafe(no_mangle)]
pub extern "C" fn springald_ballista_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}

/// `struct springald_bytes`
#[repr(C)]
pub struct Bytes {
    data: *const u8,
    size: usize,
    release: Option<unsafe extern "C" fn(*mut Bytes)>,
    private_data: *mut c_void,
}

unsafe extern "C" fn release_bytes(bytes: *mut Bytes) {
    // SAFETY: called once, on what `springald_ballista_rewrite_expression` filled.
    unsafe {
        drop(Box::from_raw((*bytes).private_data.cast::<Vec<u8>>()));
        (*bytes).release = None;
    }
}

/// Makes definitions known that the caller has as bytes.
///
/// # Safety
/// Both arrays have `count` elements, and each of `definitions` points to as many bytes as
/// `sizes` says.
pub(super) unsafe fn intern_all(
    definitions: *const *const u8,
    sizes: *const usize,
    count: usize,
) -> Result<Vec<Arc<Definition>>, Failure> {
    let known = PlanMessage::definitions();
    (0..count)
        .map(|index| {
            // SAFETY: the caller's promise.
            let bytes = unsafe {
                std::slice::from_raw_parts(*definitions.add(index), *sizes.add(index))
            };
            known.intern(bytes)
        })
        .collect()
}

/// See ballista.h.
///
/// # Safety
/// Pointers are as ballista.h says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn springald_ballista_rewrite_expression(
    expression: *const u8,
    size: usize,
    definitions: *const *const u8,
    definition_sizes: *const usize,
    num_definitions: usize,
    out: *mut Bytes,
    error: *mut sys::Error,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        at_boundary(error, || {
            let used = intern_all(definitions, definition_sizes, num_definitions)?;
            let encoded = std::slice::from_raw_parts(expression, size);
            let rewritten = Box::new(rewrite_expression(encoded, used)?);
            *out = Bytes {
                data: rewritten.as_ptr(),
                size: rewritten.len(),
                release: Some(release_bytes),
                private_data: Box::into_raw(rewritten).cast(),
            };
            Ok(())
        })
    }
}
