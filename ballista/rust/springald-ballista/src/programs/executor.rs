//! `springald executor`: Ballista's executor, whose Python functions run in worker processes
//! or in this one.

use std::ffi::OsString;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ballista_core::error::{BallistaError, Result};
use ballista_executor::config::Config;
use ballista_executor::executor_process::{
    ExecutorProcessConfig, start_executor_process,
};
use ballista_executor::health::spawn_health_server;
use clap::{ArgMatches, Args, Command, CommandFactory, FromArgMatches};
use datafusion::error::DataFusionError;
use tokio::runtime::Handle;
use tokio::sync::oneshot;
use tokio::time::sleep;

use super::engine::{Tasks, UdfEngine};
use super::environment::Publisher;
use super::executor_config::{choose_ports, own_folder, use_springald};
use super::logging::Logging;
use super::ready::{Ready, loopback};
use super::stop::stop_signal;
use super::udf_options::UdfOptions;
use super::{HEARTBEAT_SECONDS, MAX_MESSAGE_BYTES, parse, run};
use crate::abi::{Failure, Hash, Runtime};
use crate::service::ClusterClient;
use crate::udf::{FetchDefinition, LoadedFunctions};

/// How long tasks may go on after the executor was asked to end, before their calls are
/// cancelled; and how much longer before they are left behind.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(3);
const CANCEL_TIMEOUT: Duration = Duration::from_secs(4);

/// Ballista's flags, and ours.
struct Options {
    ballista: Config,
    udf: UdfOptions,
}

impl FromArgMatches for Options {
    fn from_arg_matches(matches: &ArgMatches) -> std::result::Result<Self, clap::Error> {
        UdfOptions::check(matches)?;
        Ok(Self {
            ballista: Config::from_arg_matches(matches)?,
            udf: UdfOptions::from_arg_matches(matches)?,
        })
    }

    fn update_from_arg_matches(
        &mut self,
        matches: &ArgMatches,
    ) -> std::result::Result<(), clap::Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// Runs an executor until it is asked to end, and returns the exit status.
///
/// `environment` is a JSON object that says what the interpreter is.
pub fn run_executor(arguments: Vec<OsString>, environment: &str) -> i32 {
    let Options { ballista, udf } = match parse(command(), arguments) {
        Ok(options) => options,
        Err(status) => return status,
    };
    Logging {
        level: &ballista.log_level_setting,
        folder: ballista.log_dir.as_deref(),
        file_prefix: format!("executor_{}", ballista.bind_port),
        rotation: &ballista.log_rotation_policy,
        threads: ballista.print_thread_info,
    }
    .start();
    let functions = match Runtime::create(&udf.backend(task_slots(&ballista))) {
        Ok(runtime) => Arc::new(runtime),
        Err(failure) => {
            eprintln!("springald executor: {failure}");
            return 1;
        }
    };
    let status = run(
        "executor",
        serve(ballista, Arc::clone(&functions), environment),
    );
    // Also calls of tasks that were left behind end with their worker.
    functions.shutdown();
    status
}

/// How many tasks Ballista runs at a time.
fn task_slots(options: &Config) -> usize {
    match options.concurrent_tasks.unwrap_or(options.vcores) {
        0 => std::thread::available_parallelism().map_or(1, NonZero::get),
        slots => slots,
    }
}

fn command() -> Command {
    UdfOptions::augment_args(Config::command())
        .name("springald executor")
        .bin_name("springald executor")
        .version(crate::VERSION)
        .about(
            "Runs an executor of a Ballista cluster. Python functions run with the packages \
             of this interpreter, in worker processes with limits.",
        )
        .mut_arg("bind_port", |arg| {
            arg.help("Port that results are fetched from; 0 takes a free one.")
        })
        .mut_arg("bind_grpc_port", |arg| {
            arg.help("Port that the scheduler sends tasks to; 0 takes a free one.")
        })
        .mut_arg("bind_health_port", |arg| {
            arg.default_value("0")
                .help("Port of the HTTP probes /healthz and /readyz; 0 serves none.")
        })
        .mut_arg("executor_heartbeat_interval_seconds", |arg| {
            arg.default_value(HEARTBEAT_SECONDS)
        })
        .mut_arg("grpc_server_max_decoding_message_size", |arg| {
            arg.default_value(MAX_MESSAGE_BYTES)
        })
        .mut_arg("grpc_server_max_encoding_message_size", |arg| {
            arg.default_value(MAX_MESSAGE_BYTES)
        })
}

async fn serve(
    mut options: Config,
    runtime: Arc<Runtime>,
    environment: &str,
) -> Result<()> {
    choose_ports(&mut options)?;
    let health_port = options.bind_health_port;
    let bind_host = options.bind_host.clone();
    let mut config: ExecutorProcessConfig = options.try_into()?;
    let own_folder = own_folder(&mut config)?;
    let scheduler = format!("{}:{}", config.scheduler_host, config.scheduler_port);
    let cluster = ClusterClient::new(&scheduler)?;
    wait_for_scheduler(&cluster, config.scheduler_connect_timeout_seconds).await?;
    let functions = Arc::new(LoadedFunctions::new(
        runtime,
        Arc::new(FromScheduler {
            cluster: cluster.clone(),
            runtime: Handle::current(),
        }),
    ));
    let host = config.external_host.clone().unwrap_or(bind_host.clone());
    let tasks = Arc::new(Tasks::default());
    let publisher = Publisher::new(
        config.executor_id.clone(),
        environment,
        (&host, config.port),
        (Arc::clone(&functions), Arc::clone(&tasks)),
        cluster.clone(),
    )?;
    let engine = UdfEngine::new(
        publisher.clone(),
        Arc::clone(&tasks),
        Duration::from_secs(config.client_ttl),
    );
    use_springald(&mut config, functions, engine)?;
    let stop_probes = serve_probes(&config, &bind_host, health_port)?;
    let ready = Ready {
        id: config.executor_id.clone(),
        address: format!("{host}:{}", config.port),
        local: format!("{}:{}", loopback(&bind_host), config.port),
        scheduler,
        cluster,
        publisher,
    };
    let result = tokio::select! {
        stopped = run_until_stopped(config, &tasks) => stopped,
        failed = ready.announce() => Err(failed),
    };
    let _ = stop_probes.send(());
    drop(own_folder);
    result
}

/// Serves the HTTP probes until the sender is used or dropped; none at port 0.
fn serve_probes(
    config: &ExecutorProcessConfig,
    bind_host: &str,
    port: u16,
) -> Result<oneshot::Sender<()>> {
    let (stop, stopped) = oneshot::channel();
    if port != 0 {
        let address = format!("{bind_host}:{port}").parse().map_err(|error| {
            BallistaError::Configuration(format!("--bind-health-port {port}: {error}"))
        })?;
        spawn_health_server(address, config.health.clone(), stopped);
    }
    Ok(stop)
}

async fn wait_for_scheduler(cluster: &ClusterClient, timeout_seconds: u16) -> Result<()> {
    let deadline =
        tokio::time::Instant::now() + Duration::from_secs(timeout_seconds.into());
    loop {
        match cluster.cluster().await {
            Ok(_) => return Ok(()),
            Err(error) if tokio::time::Instant::now() >= deadline => {
                return Err(plain(error));
            }
            Err(error) => log::warn!("{}; trying again", plain(error)),
        }
        sleep(Duration::from_millis(500)).await;
    }
}

/// Runs Ballista's executor, which listens to the signals itself and lets its tasks end;
/// calls that do not end are cancelled, and left behind if that does not help either.
async fn run_until_stopped(config: ExecutorProcessConfig, tasks: &Tasks) -> Result<()> {
    let asked = AtomicBool::new(false);
    let overdue = async {
        let signal = stop_signal().await?;
        asked.store(true, Ordering::Relaxed);
        sleep(DRAIN_TIMEOUT).await;
        log::warn!("Tasks still run after {signal}: their functions are cancelled");
        tasks.cancel_all();
        sleep(CANCEL_TIMEOUT).await;
        log::warn!(
            "Functions do not end, in a call into C code most likely: left behind"
        );
        Ok(())
    };
    let stopped = tokio::select! {
        stopped = start_executor_process(Arc::new(config)) => stopped,
        abandoned = overdue => abandoned,
    };
    if stopped.is_ok() && !asked.load(Ordering::Relaxed) {
        return Err(BallistaError::General(
            "Ended by the scheduler, which had no sign of life for too long, or because a \
             service failed; the log says which"
                .to_owned(),
        ));
    }
    stopped
}

/// An error for a terminal: without what is meant for a client.
pub fn plain(error: DataFusionError) -> BallistaError {
    let text = error.strip_backtrace();
    let text = text.split(" springald-error:").next().unwrap_or_default();
    BallistaError::General(text.trim_start_matches("Execution error: ").to_owned())
}

/// Definitions come from the scheduler, by hash.
struct FromScheduler {
    cluster: ClusterClient,
    runtime: Handle,
}

impl FetchDefinition for FromScheduler {
    fn fetch(&self, hash: Hash) -> std::result::Result<Vec<u8>, Failure> {
        let fetched = self
            .runtime
            .block_on(self.cluster.definition(&hash.to_string()));
        match fetched {
            Ok(bytes) => Ok(bytes.to_vec()),
            Err(error) => Err(Failure {
                retryable: true,
                ..Failure::new(springald_sys::INTERNAL, plain(error).to_string())
            }),
        }
    }
}
