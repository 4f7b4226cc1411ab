//! What unit tests need: the runtime's codec, and definitions to read with it.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};

use libloading::{Library, Symbol};
use springald_sys as sys;

use crate::abi::{Definition, initialize};
use crate::codec::PlanMessage;

/// Returns the definition in a file of `tests/golden/`. It stays known to the codecs.
pub fn golden(name: &str) -> Arc<Definition> {
    use_codec();
    let path = repository().join("tests/golden").join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path:?}: {error}"));
    PlanMessage::definitions().intern(&bytes).unwrap()
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../..")
}

/// Loads `libspringald_codec.so` from the folder that the environment names.
pub fn use_codec() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let folder = std::env::var("SPRINGALD_LIBRARY_DIR")
            .expect("SPRINGALD_LIBRARY_DIR names the folder of libspringald_codec.so");
        let path = Path::new(&folder).join("libspringald_codec.so");
        // SAFETY: the library only defines functions; it is never unloaded.
        let library = unsafe { Library::new(&path) }.unwrap();
        let library: &'static Library = Box::leak(Box::new(library));
        macro_rules! function {
            ($name:literal) => {{
                // SAFETY: each field of the table has the type of the header's function.
                let symbol: Symbol<_> = unsafe { library.get($name) }.unwrap();
                *symbol
            }};
        }
        let abi = sys::Abi {
            struct_size: size_of::<sys::Abi>(),
            version: function!(b"springald_version"),
            definition_decode: function!(b"springald_definition_decode"),
            definition_bytes: function!(b"springald_definition_bytes"),
            definition_describe: function!(b"springald_definition_describe"),
            definition_signature: function!(b"springald_definition_signature"),
            definition_release: function!(b"springald_definition_release"),
            runtime_create: None,
            runtime_release: None,
            runtime_shutdown: None,
            runtime_workers: None,
            runtime_load: None,
            function_invoke_batch: None,
            function_end_stream: None,
            function_metrics: None,
            function_output: None,
            function_release: None,
            cancel_token_create: None,
            cancel_token_fire: None,
            cancel_token_release: None,
        };
        // SAFETY: the functions are those of abi.h, and the library stays loaded.
        unsafe { initialize(&abi) }.unwrap();
    });
}
