//! `springald scheduler`: Ballista's scheduler, with Springald's codecs and service.

use std::ffi::OsString;
use std::io::Write;
use std::net::SocketAddr;
use std::sync::Arc;

use arrow_flight::flight_service_server::FlightServiceServer;
use axum::Router;
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::routing::get;
use ballista_core::error::{BallistaError, Result};
use ballista_core::flight_proxy_service::BallistaFlightProxyService;
use ballista_core::object_store::{
    session_config_with_s3_support, session_state_with_s3_support,
};
use ballista_core::serde::protobuf::scheduler_grpc_server::SchedulerGrpcServer;
use ballista_scheduler::api::get_routes;
use ballista_scheduler::cluster::BallistaCluster;
use ballista_scheduler::config::{Config, SchedulerConfig};
use ballista_scheduler::scheduler_process::create_scheduler;
use ballista_scheduler::scheduler_server::SchedulerServer;
use clap::{Command, CommandFactory};
use datafusion_proto::protobuf::PhysicalPlanNode;
use tokio::net::{TcpListener, TcpSocket};
use tonic::service::RoutesBuilder;

use super::logging::Logging;
use super::stop::stop_signal;
use super::{
    HEARTBEAT_SECONDS, MAX_MESSAGE_BYTES, TERMINATION_SECONDS, TIMEOUT_SECONDS, parse,
    run,
};
use crate::codec::{PlanMessage, UdfLogicalCodec, UdfPhysicalCodec};
use crate::service;

type Server = Arc<SchedulerServer<PlanMessage, PhysicalPlanNode>>;

/// Connections that wait to be accepted.
const BACKLOG: u32 = 1024;

/// Runs a scheduler until it is asked to end, and returns the exit status.
pub fn run_scheduler(arguments: Vec<OsString>) -> i32 {
    let options: Config = match parse(command(), arguments) {
        Ok(options) => options,
        Err(status) => return status,
    };
    Logging {
        level: &options.log_level_setting,
        folder: options.log_dir.as_deref(),
        file_prefix: format!("scheduler_{}_{}", options.namespace, options.bind_port),
        rotation: &options.log_rotation_policy,
        threads: options.print_thread_info,
    }
    .start();
    run("scheduler", serve(options))
}

/// Ballista's flags, with defaults that tell of a lost executor within seconds.
fn command() -> Command {
    Config::command()
        .name("springald scheduler")
        .bin_name("springald scheduler")
        .version(crate::VERSION)
        .about(
            "Runs the scheduler of a Ballista cluster whose plans may hold Python functions. \
             It plans with their signatures, never starts Python and never unpickles.",
        )
        .mut_arg("bind_port", |arg| {
            arg.help("Port of the scheduler; 0 takes a free one, which the ready line names.")
        })
        .mut_arg("grpc_server_max_decoding_message_size", |arg| {
            arg.default_value(MAX_MESSAGE_BYTES)
        })
        .mut_arg("grpc_server_max_encoding_message_size", |arg| {
            arg.default_value(MAX_MESSAGE_BYTES)
        })
        .mut_arg("grpc_client_max_message_size", |arg| {
            arg.default_value(MAX_MESSAGE_BYTES)
        })
        .mut_arg("executor_timeout_seconds", |arg| {
            arg.default_value(TIMEOUT_SECONDS)
        })
        .mut_arg("executor_termination_grace_period", |arg| {
            arg.default_value(TERMINATION_SECONDS)
        })
        .mut_arg("expire_dead_executor_interval_seconds", |arg| {
            arg.default_value(HEARTBEAT_SECONDS)
        })
}

async fn serve(options: Config) -> Result<()> {
    let address: SocketAddr = format!("{}:{}", options.bind_host, options.bind_port)
        .parse()
        .map_err(|error| {
            BallistaError::Configuration(format!(
                "--bind-host {} and --bind-port {} are no address: {error}",
                options.bind_host, options.bind_port
            ))
        })?;
    let listener = listen(address)?;
    let bound = listener.local_addr()?;
    let definitions = PlanMessage::definitions();
    let mut config: SchedulerConfig = options.try_into()?;
    config.bind_port = bound.port();
    config.override_logical_codec = Some(Arc::new(UdfLogicalCodec::new(
        Arc::clone(&definitions),
        usize::MAX,
    )));
    config.override_physical_codec = Some(Arc::new(UdfPhysicalCodec::planning(
        Arc::clone(&definitions),
    )));
    let message_size = config.grpc_client_max_message_size;
    // With a producer of its own, Ballista takes the size of messages to executors from it.
    config.override_config_producer = Some(Arc::new(move || {
        let mut config = session_config_with_s3_support();
        let size = message_size.to_string();
        let set = config
            .options_mut()
            .set("ballista.client.grpc_max_message_size", &size);
        if let Err(error) = set {
            log::warn!("The size of messages could not be set: {error}");
        }
        config
    }));
    config.override_session_builder = Some(Arc::new(session_state_with_s3_support));
    config.validate()?;
    let cluster = BallistaCluster::new_from_config(&config).await?;
    let scheduler = Arc::new(
        create_scheduler::<PlanMessage, PhysicalPlanNode>(cluster, Arc::new(config))
            .await?,
    );
    let routes = routes(scheduler, definitions);
    println!("springald scheduler is ready on {bound}");
    std::io::stdout().flush()?;
    tokio::select! {
        served = axum::serve(listener, routes.into_make_service_with_connect_info::<SocketAddr>()) => {
            served.map_err(BallistaError::from)
        }
        signal = stop_signal() => {
            log::info!("Stopping after {}", signal?);
            Ok(())
        }
    }
}

/// Binds with TCP_NODELAY, which accepted connections inherit: without it the first answer
/// of each query waits 40 ms for an acknowledgement.
fn listen(address: SocketAddr) -> Result<TcpListener> {
    let refused = |error: std::io::Error| {
        BallistaError::Configuration(format!("{address} cannot be listened on: {error}"))
    };
    let socket = if address.is_ipv4() {
        TcpSocket::new_v4()
    } else {
        TcpSocket::new_v6()
    }
    .map_err(refused)?;
    socket.set_reuseaddr(true).map_err(refused)?;
    socket.set_nodelay(true).map_err(refused)?;
    socket.bind(address).map_err(refused)?;
    socket.listen(BACKLOG).map_err(refused)
}

/// What Ballista's own scheduler serves, and our service.
fn routes(scheduler: Server, definitions: Arc<crate::udf::Definitions>) -> Router {
    let config = &scheduler.state.config;
    let decoding = config.grpc_server_max_decoding_message_size as usize;
    let encoding = config.grpc_server_max_encoding_message_size as usize;
    let mut grpc = RoutesBuilder::default();
    grpc.add_service(
        SchedulerGrpcServer::from_arc(Arc::clone(&scheduler))
            .max_decoding_message_size(decoding)
            .max_encoding_message_size(encoding),
    );
    if config.enable_embedded_flight_proxy {
        let proxy =
            BallistaFlightProxyService::new(decoding, encoding, config.use_tls, None);
        grpc.add_service(
            FlightServiceServer::new(proxy)
                .max_decoding_message_size(decoding)
                .max_encoding_message_size(encoding),
        );
    }
    let mut router = grpc
        .routes()
        .into_axum_router()
        .fallback(|| async { StatusCode::NOT_FOUND })
        .merge(health(Arc::clone(&scheduler)))
        .merge(service::routes(Arc::clone(&scheduler), definitions));
    if !config.disable_rest_api {
        router = get_routes(scheduler).merge(router);
    }
    router
}

/// Probes for Kubernetes, as Ballista's own scheduler has them.
fn health(scheduler: Server) -> Router {
    let ready = move || async move {
        match scheduler.is_ready() {
            true => (StatusCode::OK, "ready").into_response(),
            false => {
                (StatusCode::SERVICE_UNAVAILABLE, "too few executors").into_response()
            }
        }
    };
    Router::new()
        .route("/healthz", get(|| async { "ok" }))
        .route("/readyz", get(ready))
}
