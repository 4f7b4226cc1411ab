//! The scheduler and the executor, as programs.

mod connections;
mod engine;
mod environment;
mod executor;
mod executor_config;
mod logging;
mod ready;
mod scheduler;
mod stop;

pub use executor::run_executor;
pub use scheduler::run_scheduler;

use tokio::runtime::{Builder, Runtime};

/// Deep plans recurse deeply.
const STACK_BYTES: usize = 32 << 20;

/// Messages that carry plans, in bytes. Ballista's 16 MiB are little for tables that travel
/// inside plans.
const MAX_MESSAGE_BYTES: &str = "67108864";

/// Seconds between two signs of life of an executor, and after how many without one it
/// counts as lost: its tasks are run again then. A query shall know within ten.
const HEARTBEAT_SECONDS: &str = "1";
const TIMEOUT_SECONDS: &str = "5";

/// Seconds after which others run what an executor had in hand when it was asked to end. Fewer
/// than a client waits for a query that nobody seems to work on.
const TERMINATION_SECONDS: &str = "5";

fn runtime(name: &str) -> std::io::Result<Runtime> {
    Builder::new_multi_thread()
        .enable_all()
        .thread_name(name)
        .thread_stack_size(STACK_BYTES)
        .build()
}
