//! What an executor says of itself.

use std::sync::Arc;

use datafusion::error::{DataFusionError, Result};
use serde_json::{Map, Value, json};

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
        self.cluster
            .publish(&self.id, &Value::Object(executor))
            .await
    }
}
