//! The glue between Springald and Apache DataFusion Ballista: what carries a Python function
//! in a distributed plan, and the programs that run such plans.
//!
//! It thinks as little as possible. Definitions are decoded, functions loaded and run by the
//! runtime behind `include/springald/abi.h`, which the host of this library hands over
//! ([`abi`]). From here: [`plan`] prepares a query, [`codec`] writes and reads it,
//! [`client`] sends it, [`programs`] run it, [`service`] is what they tell each other
//! besides Ballista's protocol, and [`ffi`] is the C face of it all.

mod abi;
mod client;
mod codec;
mod error;
mod ffi;
mod plan;
mod programs;
mod service;
#[cfg(test)]
mod testing;
mod udf;

use std::sync::OnceLock;

/// Springald's version.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The threads of the client's side, which wait for schedulers and executors. Made when
/// first used; a scheduler or an executor has a runtime of its own.
fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: OnceLock<tokio::runtime::Runtime> = OnceLock::new();
    RUNTIME.get_or_init(|| {
        tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .thread_name("springald-client")
            .worker_threads(4)
            .build()
            .expect("the system gives no threads for the client's runtime")
    })
}
