//! The C ABI of the runtime, made safe. All raw pointers of the runtime stay in here.

mod definition;
mod failure;
mod function;
mod log_lines;
mod runtime;
mod types;

use std::sync::OnceLock;

use springald_sys as sys;

pub use definition::{Definition, Hash};
pub use failure::Failure;
pub use function::{Call, CancelToken, Function};
pub use runtime::{Backend, Runtime, WorkerOptions};
pub use types::fits;

static ABI: OnceLock<sys::Abi> = OnceLock::new();

/// Takes the runtime's functions. The first table wins: there is one runtime in a process.
///
/// # Errors
/// The runtime's version is not this library's own.
///
/// # Safety
/// The functions of `abi` are those of `abi.h` and stay callable for as long as the process
/// lives.
pub unsafe fn initialize(abi: &sys::Abi) -> Result<(), Failure> {
    // SAFETY: the caller's promise; the text is static.
    let version = unsafe { failure::text((abi.version)()) };
    if version != crate::VERSION {
        return Err(Failure::new(
            sys::VERSION_MISMATCH,
            format!(
                "springald is version {version} and springald-ballista is version {}: \
                 install the same version of both",
                crate::VERSION
            ),
        ));
    }
    let _ = ABI.set(*abi);
    Ok(())
}

/// Returns the table, which every constructor of this module has made sure of.
fn table() -> Result<&'static sys::Abi, Failure> {
    ABI.get().ok_or_else(|| {
        Failure::new(
            sys::INTERNAL,
            "springald_ballista_init was not called".to_owned(),
        )
    })
}
