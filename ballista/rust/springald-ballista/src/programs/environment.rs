//! What an executor says of itself.

use std::sync::Arc;

use datafusion::error::{DataFusionError, Result};
use serde_json::{Map, Value, json};
use springald_sys::WorkerFigures;

use super::engine::Tasks;
use crate::service::ClusterClient;
use crate::udf::LoadedFunctions;

/// Publishes an executor's environment and the counters of its functions.
#[derive(Clone, Debug)]
pub struct Publisher {
    id: String,
    environment: Map<String, Value>,
    functions: Arc<LoadedFunctions>,
    tasks: Arc<Tasks>,
    cluster: ClusterClient,
}

impl Publisher {
    /// `environment` is a JSON object that says what the interpreter is.
    ///
    /// # Errors
    /// It is none.
    pub fn new(
        id: String,
        environment: &str,
        address: (&str, u16),
        (functions, tasks): (Arc<LoadedFunctions>, Arc<Tasks>),
        cluster: ClusterClient,
    ) -> Result<Self> {
        let mut environment: Map<String, Value> = serde_json::from_str(environment)
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        environment.insert("springald".to_owned(), json!(crate::VERSION));
        environment.insert("host".to_owned(), json!(address.0));
        environment.insert("port".to_owned(), json!(address.1));
        environment.insert(
            "udf_backend".to_owned(),
            json!(functions.runtime().backend()),
        );
        Ok(Self {
            id,
            environment,
            functions,
            tasks,
            cluster,
        })
    }

    /// Publishes the figures of now.
    ///
    /// # Errors
    /// The scheduler cannot be reached or refuses.
    pub async fn publish(&self) -> Result<()> {
        let mut executor = self.environment.clone();
        executor.insert("tasks_started".to_owned(), json!(self.tasks.started()));
        executor.insert("tasks_running".to_owned(), json!(self.tasks.running()));
        executor.insert("functions".to_owned(), json!(self.functions.counters()));
        executor.insert("workers".to_owned(), workers(&self.functions));
        self.cluster
            .publish(&self.id, &Value::Object(executor))
            .await
    }
}

/// The executor's worker processes, as clients read them; null where it has none.
fn workers(functions: &LoadedFunctions) -> Value {
    functions
        .runtime()
        .workers()
        .map_or(Value::Null, |figures| workers_of(&figures))
}

fn workers_of(figures: &WorkerFigures) -> Value {
    json!({
        "max": figures.max_workers,
        "alive": figures.num_workers,
        "busy": figures.num_busy,
        "started": figures.num_started,
        "retired": figures.num_retired,
        "lost": figures.num_lost,
        "killed": figures.num_killed,
        "retried": figures.num_retried,
        "last_start_us": figures.last_start_us,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_have_the_names_that_clients_read() {
        let figures = WorkerFigures {
            struct_size: size_of::<WorkerFigures>(),
            max_workers: 1,
            num_workers: 2,
            num_busy: 3,
            num_started: 4,
            num_retired: 5,
            num_lost: 6,
            num_killed: 7,
            num_retried: 8,
            shared_bytes: 9,
            last_start_us: 10,
            fork_server_pid: 11,
        };
        assert_eq!(
            workers_of(&figures).to_string(),
            r#"{"alive":2,"busy":3,"killed":7,"last_start_us":10,"lost":6,"max":1,"retired":5,"retried":8,"started":4}"#
        );
    }
}
