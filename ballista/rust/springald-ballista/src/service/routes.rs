//! The scheduler's end of the service.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, put};
use ballista_core::BALLISTA_VERSION;
use ballista_scheduler::scheduler_server::SchedulerServer;
use ballista_scheduler::state::task_manager::JobOverview;
use datafusion::DATAFUSION_VERSION;
use datafusion_proto::protobuf::PhysicalPlanNode;
use parking_lot::Mutex;
use serde_json::Value;

use super::{Cluster, is_alive};
use crate::VERSION;
use crate::abi::Hash;
use crate::codec::PlanMessage;
use crate::udf::Definitions;

/// Largest body of a request, in bytes: the counters of thousands of functions, and what
/// functions have printed, escaped.
const MAX_BODY_BYTES: usize = 8 << 20;

/// How many executors are remembered before those that are gone are forgotten: one that was
/// only slow publishes nothing new when it comes back.
const MAX_REMEMBERED: usize = 1024;

/// How often, and how long after each other, a job is looked for that is to be cancelled.
const CANCEL_ATTEMPTS: u32 = 50;
const CANCEL_INTERVAL: Duration = Duration::from_millis(100);

type Scheduler = Arc<SchedulerServer<PlanMessage, PhysicalPlanNode>>;

/// What an executor has published.
type Executor = BTreeMap<String, Value>;

#[derive(Clone)]
struct Service {
    scheduler: Scheduler,
    definitions: Arc<Definitions>,
    executors: Arc<Mutex<HashMap<String, Executor>>>,
}

/// The routes of the service on `scheduler`, whose codec reads from `definitions`.
pub fn routes(scheduler: Scheduler, definitions: Arc<Definitions>) -> Router {
    Router::new()
        .route("/springald/v1/cluster", get(cluster))
        .route("/springald/v1/executors/{id}", put(publish))
        .route("/springald/v1/definitions/{hash}", get(definition))
        .route("/springald/v1/jobs/{name}", delete(cancel))
        .layer(DefaultBodyLimit::max(MAX_BODY_BYTES))
        .with_state(Service {
            scheduler,
            definitions,
            executors: Arc::default(),
        })
}

async fn cluster(State(service): State<Service>) -> Response {
    let alive = |id: &String| is_alive(&service.scheduler, id);
    let mut executors: Vec<Executor> = {
        let mut published = service.executors.lock();
        if published.len() > MAX_REMEMBERED {
            published.retain(|id, _| alive(id));
        }
        let alive = published.iter().filter(|(id, _)| alive(id));
        alive.map(|(_, executor)| executor.clone()).collect()
    };
    for executor in &mut executors {
        name_host(&service.scheduler, executor).await;
    }
    json(&Cluster {
        springald: VERSION.to_owned(),
        ballista: BALLISTA_VERSION.to_owned(),
        datafusion: DATAFUSION_VERSION.to_owned(),
        executors,
    })
}

/// Puts the host that Ballista reaches an executor at: one that listens everywhere does not
/// know it.
async fn name_host(scheduler: &Scheduler, executor: &mut Executor) {
    let Some(Value::String(id)) = executor.get("id") else {
        return;
    };
    let executors = &scheduler.state.executor_manager;
    if let Ok(metadata) = executors.get_executor_metadata(id).await {
        executor.insert("host".to_owned(), Value::String(metadata.host));
    }
}

async fn publish(
    State(service): State<Service>,
    Path(id): Path<String>,
    body: Bytes,
) -> Response {
    let mut executor = match serde_json::from_slice::<Executor>(&body) {
        Ok(executor) => executor,
        Err(error) => {
            return refuse(StatusCode::BAD_REQUEST, format!("no JSON object: {error}"));
        }
    };
    let version = executor.get("springald").and_then(Value::as_str);
    if version != Some(VERSION) {
        let text = format!(
            "the scheduler has Springald {VERSION} and the executor {}",
            version.unwrap_or("an unknown version")
        );
        return refuse(StatusCode::CONFLICT, text);
    }
    executor.insert("id".to_owned(), Value::String(id.clone()));
    service.executors.lock().insert(id, executor);
    StatusCode::OK.into_response()
}

async fn definition(
    State(service): State<Service>,
    Path(hash): Path<String>,
) -> Response {
    let Some(hash) = Hash::from_hex(&hash) else {
        return refuse(
            StatusCode::BAD_REQUEST,
            "no hash: 64 hexadecimal digits".to_owned(),
        );
    };
    match service.definitions.get(hash) {
        Some(definition) => (
            [(header::CONTENT_TYPE, "application/octet-stream")],
            definition.bytes().to_vec(),
        )
            .into_response(),
        None => refuse(StatusCode::NOT_FOUND, format!("no definition {hash}")),
    }
}

async fn cancel(State(service): State<Service>, Path(name): Path<String>) -> Response {
    // In the background: a job that is still being planned is not among the running ones.
    tokio::spawn(async move {
        for _ in 0..CANCEL_ATTEMPTS {
            if cancel_running(&service.scheduler, &name).await {
                return;
            }
            tokio::time::sleep(CANCEL_INTERVAL).await;
        }
    });
    StatusCode::ACCEPTED.into_response()
}

/// Returns whether there was such a job.
async fn cancel_running(scheduler: &Scheduler, name: &str) -> bool {
    for (id, job) in scheduler.state.task_manager.get_running_job_cache().iter() {
        if JobOverview::from(&*job.execution_graph.read().await).job_name != name {
            continue;
        }
        if let Err(error) = scheduler.cancel_job(id.clone()).await {
            log::warn!("The job {id} could not be cancelled: {error}");
        }
        return true;
    }
    false
}

fn json(value: &impl serde::Serialize) -> Response {
    match serde_json::to_string(value) {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => refuse(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}

fn refuse(status: StatusCode, text: String) -> Response {
    (status, text).into_response()
}
