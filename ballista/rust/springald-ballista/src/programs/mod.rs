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
mod udf_limits;
mod udf_options;

pub use executor::run_executor;
pub use scheduler::run_scheduler;

use std::ffi::OsString;

use ballista_core::error::Result;
use clap::{Command, FromArgMatches};
use tokio::runtime::Builder;

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

/// Reads a program's flags. Help and mistakes are printed here; then there is an exit status
/// instead.
fn parse<T: FromArgMatches>(
    command: Command,
    arguments: Vec<OsString>,
) -> std::result::Result<T, i32> {
    command
        .try_get_matches_from(arguments)
        .and_then(|matches| T::from_arg_matches(&matches))
        .map_err(|error| {
            let _ = error.print();
            error.exit_code()
        })
}

/// Runs `served` to its end on threads of its own, and returns the exit status of the program
/// `name`.
fn run(name: &str, served: impl Future<Output = Result<()>>) -> i32 {
    match block_on(name, served) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("springald {name}: {error}");
            1
        }
    }
}

fn block_on(name: &str, served: impl Future<Output = Result<()>>) -> Result<()> {
    let runtime = Builder::new_multi_thread()
        .enable_all()
        .thread_name(name)
        .thread_stack_size(STACK_BYTES)
        .build()?;
    let outcome = runtime.block_on(served);
    runtime.shutdown_background();
    outcome
}
