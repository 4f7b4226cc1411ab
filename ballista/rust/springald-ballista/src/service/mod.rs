//! Springald's own service of the scheduler, beside Ballista's and on the same port: HTTP
//! with JSON, for what Ballista's protocol has no place for.
//!
//! | request | answer |
//! |---|---|
//! | `GET /springald/v1/cluster` | versions, live executors, counters of their functions |
//! | `PUT /springald/v1/executors/{id}` | an executor publishes its environment and counters |
//! | `GET /springald/v1/definitions/{hash}` | the bytes of a definition, for executors |
//! | `DELETE /springald/v1/jobs/{name}` | cancels the jobs of this name |

mod alive;
mod client;
mod routes;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use alive::is_alive;
pub use client::ClusterClient;
pub use routes::routes;

/// The answer to `GET /springald/v1/cluster`.
#[derive(Debug, Deserialize, Serialize)]
pub struct Cluster {
    /// Version of Springald.
    pub springald: String,
    /// Version of Ballista.
    pub ballista: String,
    /// Version of DataFusion.
    pub datafusion: String,
    /// The live executors that have published what they are.
    pub executors: Vec<BTreeMap<String, serde_json::Value>>,
}

impl Cluster {
    /// Returns how many tasks the executors have started, if none runs now.
    fn tasks_when_idle(&self) -> Option<u64> {
        let mut started = 0;
        for executor in &self.executors {
            let number = |key| executor.get(key).and_then(serde_json::Value::as_u64);
            if number("tasks_running") != Some(0) {
                return None;
            }
            started += number("tasks_started")?;
        }
        Some(started)
    }
}
