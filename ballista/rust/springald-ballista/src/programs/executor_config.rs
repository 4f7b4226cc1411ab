//! What an executor of Springald has otherwise than one of Ballista.

use std::net::TcpListener;
use std::sync::Arc;

use ballista_core::error::{BallistaError, Result};
use ballista_core::extension::EndpointOverrideFn;
use ballista_core::object_store::{
    runtime_env_with_s3_support, session_config_with_s3_support,
    session_state_with_s3_support,
};
use ballista_core::registry::BallistaFunctionRegistry;
use ballista_core::utils::create_grpc_client_endpoint;
use ballista_executor::config::Config;
use ballista_executor::executor_process::ExecutorProcessConfig;
use tempfile::TempDir;

use super::engine::UdfEngine;
use crate::codec::{PlanMessage, UdfLogicalCodec, UdfPhysicalCodec};
use crate::udf::LoadedFunctions;

/// Puts codecs and the engine into `config`.
///
/// # Errors
/// The functions of the engine cannot be listed.
pub fn use_springald(
    config: &mut ExecutorProcessConfig,
    functions: Arc<LoadedFunctions>,
    engine: UdfEngine,
) -> Result<()> {
    let definitions = PlanMessage::definitions();
    config.override_logical_codec =
        Some(Arc::new(UdfLogicalCodec::new(definitions, usize::MAX)));
    config.override_physical_codec =
        Some(Arc::new(UdfPhysicalCodec::executing(functions)));
    config.override_execution_engine = Some(Arc::new(engine));
    config.override_config_producer = Some(Arc::new(session_config_with_s3_support));
    config.override_runtime_producer = Some(Arc::new(runtime_env_with_s3_support));
    config.override_create_grpc_client_endpoint = Some(scheduler_as_named(
        &config.scheduler_host,
        config.scheduler_port,
    ));
    // The functions that the scheduler plans with: Ballista's own choice leaves those over
    // nested types out.
    let state = session_state_with_s3_support(session_config_with_s3_support())?;
    config.override_function_registry =
        Some(Arc::new(BallistaFunctionRegistry::from(&state)));
    Ok(())
}

/// A scheduler that was not told its name calls itself "localhost", and reports of tasks
/// would go there: they go where this executor was told that the scheduler is.
fn scheduler_as_named(host: &str, port: u16) -> EndpointOverrideFn {
    let url = format!("http://{host}:{port}");
    Arc::new(move |endpoint| {
        let uri = endpoint.uri();
        if uri.host() != Some("localhost") || uri.port_u16() != Some(port) {
            return Ok(endpoint);
        }
        Ok(create_grpc_client_endpoint(url.clone(), None)?)
    })
}

/// Free ports in place of 0. Another process may take one before it is bound here; then
/// the executor fails to start and says so.
///
/// # Errors
/// A port that was asked for is taken.
pub fn choose_ports(options: &mut Config) -> Result<()> {
    let mut held = Vec::new();
    for port in [&mut options.bind_port, &mut options.bind_grpc_port] {
        let address = (options.bind_host.as_str(), *port);
        let listener = TcpListener::bind(address).map_err(|error| {
            BallistaError::Configuration(format!(
                "{}:{port} cannot be listened on: {error}. --bind-port 0 and \
                 --bind-grpc-port 0 take free ports",
                options.bind_host
            ))
        })?;
        *port = listener.local_addr()?.port();
        held.push(listener);
    }
    Ok(())
}

/// Shuffle files go to a folder of this process, which is removed at the end, unless the
/// operator has named one.
pub fn own_folder(config: &mut ExecutorProcessConfig) -> Result<Option<TempDir>> {
    if let Some(folder) = &config.work_dir {
        std::fs::create_dir_all(folder).map_err(|error| {
            BallistaError::Configuration(format!(
                "--work-dir {folder} is not a folder that can be used: {error}"
            ))
        })?;
        return Ok(None);
    }
    let folder = tempfile::Builder::new()
        .prefix("springald-executor-")
        .tempdir()?;
    config.work_dir = Some(folder.path().to_string_lossy().into_owned());
    Ok(Some(folder))
}
