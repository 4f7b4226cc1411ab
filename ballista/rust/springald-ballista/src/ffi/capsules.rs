//! The structs of `datafusion-ffi` that Python's capsules hold.

use std::ffi::c_char;
use std::sync::Arc;

use datafusion::logical_expr::ScalarUDF;
use datafusion_ffi::execution::FFI_TaskContextProvider;
use datafusion_ffi::proto::logical_extension_codec::FFI_LogicalExtensionCodec;
use datafusion_ffi::proto::physical_extension_codec::FFI_PhysicalExtensionCodec;
use datafusion_ffi::query_planner::FFI_QueryPlanner;
use datafusion_ffi::udf::FFI_ScalarUDF;
use springald_sys as sys;

use super::boundary::{argument, at_boundary};
use super::functions::intern_all;
use crate::abi::Failure;
use crate::client::{Options, RemotePlanner};
use crate::codec::{PlanMessage, UdfLogicalCodec, UdfPhysicalCodec};
use crate::udf::PythonUdf;

fn logical_codec(options: &Options) -> Arc<UdfLogicalCodec> {
    Arc::new(UdfLogicalCodec::new(
        PlanMessage::definitions(),
        options.max_inline_bytes,
    ))
}

fn physical_codec() -> Arc<UdfPhysicalCodec> {
    Arc::new(UdfPhysicalCodec::planning(PlanMessage::definitions()))
}

/// # Safety
/// `options` is null or a C text.
unsafe fn read_options(options: *const c_char) -> Result<Options, Failure> {
    // SAFETY: the caller's promise.
    let text = unsafe { argument(options, "The session's options") }?;
    serde_json::from_str(text).map_err(|error| {
        Failure::new(
            sys::INTERNAL,
            format!("The session's options cannot be read: {error}"),
        )
    })
}

/// # Safety
/// `provider` is null or points to a provider.
unsafe fn read_provider(
    provider: *const FFI_TaskContextProvider,
) -> Result<FFI_TaskContextProvider, Failure> {
    // SAFETY: the caller's promise; what is cloned keeps itself alive.
    let provider = unsafe { provider.as_ref() };
    provider.cloned().ok_or_else(|| {
        Failure::new(
            sys::INTERNAL,
            "The session's provider is missing".to_owned(),
        )
    })
}

/// Runs `make` and puts what it makes, boxed, into `out`.
///
/// # Safety
/// `out` may be written to; `error` as for `at_boundary`.
unsafe fn create<T>(
    out: *mut *mut T,
    error: *mut sys::Error,
    make: impl FnOnce() -> Result<T, Failure>,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        at_boundary(error, || {
            *out = Box::into_raw(Box::new(make()?));
            Ok(())
        })
    }
}

/// # Safety
/// `value` is null or came from `create`, and is used no more.
unsafe fn release<T>(value: *mut T) {
    if !value.is_null() {
        // SAFETY: the caller's promise.
        drop(unsafe { Box::from_raw(value) });
    }
}

/// See ballista.h.
///
/// # Safety
/// Pointers are as ballista.h says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn springald_ballista_planner_create(
    provider: *const FFI_TaskContextProvider,
    options: *const c_char,
    out: *mut *mut FFI_QueryPlanner,
    error: *mut sys::Error,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        create(out, error, || {
            let options = read_options(options)?;
            let provider = read_provider(provider)?;
            let codec = logical_codec(&options);
            Ok(FFI_QueryPlanner::new(
                Arc::new(RemotePlanner::new(options)),
                Some(crate::runtime().handle().clone()),
                provider,
                codec,
                physical_codec(),
            ))
        })
    }
}

/// See ballista.h.
///
/// # Safety
/// `planner` is null or came from `springald_ballista_planner_create`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn springald_ballista_planner_release(
    planner: *mut FFI_QueryPlanner,
) {
    // SAFETY: the caller's promise.
    unsafe { release(planner) };
}

/// See ballista.h.
///
/// # Safety
/// Pointers are as ballista.h says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn springald_ballista_logical_codec_create(
    provider: *const FFI_TaskContextProvider,
    options: *const c_char,
    out: *mut *mut FFI_LogicalExtensionCodec,
    error: *mut sys::Error,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        create(out, error, || {
            let options = read_options(options)?;
            Ok(FFI_LogicalExtensionCodec::new(
                logical_codec(&options),
                Some(crate::runtime().handle().clone()),
                read_provider(provider)?,
            ))
        })
    }
}

/// See ballista.h.
///
/// # Safety
/// `codec` is null or came from `springald_ballista_logical_codec_create`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn springald_ballista_logical_codec_release(
    codec: *mut FFI_LogicalExtensionCodec,
) {
    // SAFETY: the caller's promise.
    unsafe { release(codec) };
}

/// See ballista.h.
///
/// # Safety
/// Pointers are as ballista.h says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn springald_ballista_physical_codec_create(
    provider: *const FFI_TaskContextProvider,
    options: *const c_char,
    out: *mut *mut FFI_PhysicalExtensionCodec,
    error: *mut sys::Error,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        create(out, error, || {
            read_options(options)?;
            Ok(FFI_PhysicalExtensionCodec::new(
                physical_codec(),
                Some(crate::runtime().handle().clone()),
                read_provider(provider)?,
            ))
        })
    }
}

/// See ballista.h.
///
/// # Safety
/// `codec` is null or came from `springald_ballista_physical_codec_create`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn springald_ballista_physical_codec_release(
    codec: *mut FFI_PhysicalExtensionCodec,
) {
    // SAFETY: the caller's promise.
    unsafe { release(codec) };
}

/// See ballista.h.
///
/// # Safety
/// Pointers are as ballista.h says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn springald_ballista_function_create(
    definitions: *const *const u8,
    sizes: *const usize,
    num_definitions: usize,
    out: *mut *mut FFI_ScalarUDF,
    error: *mut sys::Error,
) -> i32 {
    // SAFETY: the caller's promise.
    unsafe {
        create(out, error, || {
            let definitions = intern_all(definitions, sizes, num_definitions)?;
            let function = ScalarUDF::from(PythonUdf::overloaded(definitions)?);
            Ok(FFI_ScalarUDF::from(Arc::new(function)))
        })
    }
}

/// See ballista.h.
///
/// # Safety
/// `function` is null or came from `springald_ballista_function_create`.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn springald_ballista_function_release(
    function: *mut FFI_ScalarUDF,
) {
    // SAFETY: the caller's promise.
    unsafe { release(function) };
}
