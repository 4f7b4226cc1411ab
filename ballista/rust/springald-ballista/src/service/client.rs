//! How clients and executors use the scheduler's service.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use datafusion::error::{DataFusionError, Result};
use parking_lot::Mutex;
use reqwest::{Client, Response, StatusCode};
use tokio::time::{Instant, sleep};

use super::Cluster;
use crate::client::is_transport_failure;
use crate::error::{cluster_error, has_token};

/// For one request.
const REQUEST_TIMEOUT: Duration = Duration::from_secs(4);
/// For a definition, which may be large.
const DEFINITION_TIMEOUT: Duration = Duration::from_secs(60);
/// How long a query waits for the first executor.
const EXECUTOR_TIMEOUT: Duration = Duration::from_secs(5);
/// Between two looks at a cluster that runs a query.
const WATCH_INTERVAL: Duration = Duration::from_secs(1);
/// How long a query may be left alone by everybody before it is given up. Executors publish
/// every two seconds what they do.
const STALL_TIMEOUT: Duration = Duration::from_secs(7);
/// How often in a row a look has to fail before the query is given up.
const WATCH_FAILURES: u32 = 2;

/// Talks to one scheduler. Cheap to clone; any thread of the runtime may call.
#[derive(Clone, Debug)]
pub struct ClusterClient {
    address: String,
    http: Client,
}

impl ClusterClient {
    /// Returns the client of this address that the whole process shares, with the
    /// connections it keeps open. For use on [`crate::runtime`] only.
    ///
    /// # Errors
    /// As [`ClusterClient::new`].
    pub fn shared(address: &str) -> Result<Self> {
        static CLIENTS: Mutex<BTreeMap<String, ClusterClient>> =
            Mutex::new(BTreeMap::new());
        let mut clients = CLIENTS.lock();
        if let Some(client) = clients.get(address) {
            return Ok(client.clone());
        }
        let client = Self::new(address)?;
        clients.insert(address.to_owned(), client.clone());
        Ok(client)
    }

    /// `address` is "host:port". Does not connect yet.
    ///
    /// # Errors
    /// The HTTP client cannot be made.
    pub fn new(address: &str) -> Result<Self> {
        let http = Client::builder()
            .no_proxy()
            .timeout(REQUEST_TIMEOUT)
            .build()
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        Ok(Self {
            address: address.to_owned(),
            http,
        })
    }

    /// Asks what the cluster consists of.
    ///
    /// # Errors
    /// The scheduler cannot be reached, or is not Springald's.
    pub async fn cluster(&self) -> Result<Cluster> {
        let response = self.answer(self.http.get(self.url("cluster")).send().await)?;
        if response.status() != StatusCode::OK {
            return Err(cluster_error(format!(
                "The scheduler at df://{} is not one of Springald (status {}): start it with \
                 `springald scheduler`",
                self.address,
                response.status()
            )));
        }
        let body = self.body(response).await?;
        serde_json::from_slice(&body).map_err(|error| {
            cluster_error(format!(
                "The scheduler at df://{} answers what this version cannot read: {error}",
                self.address
            ))
        })
    }

    /// Returns when there is an executor.
    ///
    /// # Errors
    /// There is none for some seconds, or no scheduler.
    pub async fn wait_for_executors(&self) -> Result<()> {
        let deadline = Instant::now() + EXECUTOR_TIMEOUT;
        while self.cluster().await?.executors.is_empty() {
            if Instant::now() >= deadline {
                return Err(cluster_error(format!(
                    "The cluster at df://{} has no executor. Start one with `springald \
                     executor`",
                    self.address
                )));
            }
            sleep(Duration::from_millis(200)).await;
        }
        Ok(())
    }

    /// Looks at the cluster until the first row of a query is here, and returns once there
    /// is nobody left who could finish it, or nobody who works on it.
    pub async fn watch(&self) -> DataFusionError {
        let (mut unreachable, mut empty) = (0, 0);
        let (mut idle_tasks, mut idle_since) = (None, Instant::now());
        loop {
            sleep(WATCH_INTERVAL).await;
            let cluster = match self.cluster().await {
                Ok(cluster) => cluster,
                Err(error) => {
                    unreachable += 1;
                    if unreachable >= WATCH_FAILURES {
                        return error;
                    }
                    continue;
                }
            };
            unreachable = 0;
            empty = match cluster.executors.is_empty() {
                true => empty + 1,
                false => 0,
            };
            if empty >= WATCH_FAILURES {
                return cluster_error(format!(
                    "All executors of the cluster at df://{} are gone, and with them the \
                     query",
                    self.address
                ));
            }
            let tasks = cluster.tasks_when_idle();
            if tasks.is_none() || tasks != idle_tasks {
                (idle_tasks, idle_since) = (tasks, Instant::now());
            } else if idle_since.elapsed() > STALL_TIMEOUT {
                return cluster_error(format!(
                    "No executor of the cluster at df://{} works on the query, or on \
                     anything else, for {} s: Ballista's scheduler has most likely lost \
                     track of it when an executor left. Run it again; if that stalls as \
                     well, start the executors anew",
                    self.address,
                    STALL_TIMEOUT.as_secs()
                ));
            }
        }
    }

    /// Says which part of the cluster failed, where an error is about a connection.
    pub async fn explain(&self, error: DataFusionError) -> DataFusionError {
        let text = error.to_string();
        if has_token(&text) || !is_transport_failure(&error) {
            return error;
        }
        match self.cluster().await {
            Err(unreachable) => unreachable,
            Ok(_) => cluster_error(format!(
                "An executor of the cluster at df://{} is gone or cannot be reached: {text}",
                self.address
            )),
        }
    }

    /// Cancels the jobs of this name, if any are left.
    ///
    /// # Errors
    /// None: a scheduler that is gone has cancelled them.
    pub async fn cancel(&self, job_name: &str) -> Result<()> {
        let url = self.url(&format!("jobs/{job_name}"));
        if let Err(error) = self.http.delete(url).send().await {
            log::warn!("The query {job_name} could not be cancelled: {error}");
        }
        Ok(())
    }

    /// Fetches the bytes of a definition.
    ///
    /// # Errors
    /// The scheduler cannot be reached, or does not know the definition (any more).
    pub async fn definition(&self, hash: &str) -> Result<Bytes> {
        let url = self.url(&format!("definitions/{hash}"));
        let request = self.http.get(url).timeout(DEFINITION_TIMEOUT);
        let response = self.answer(request.send().await)?;
        if response.status() != StatusCode::OK {
            return Err(cluster_error(format!(
                "The scheduler at df://{} does not know the function {hash} (status {})",
                self.address,
                response.status()
            )));
        }
        self.body(response).await
    }

    /// Publishes what an executor is and what its functions did.
    ///
    /// # Errors
    /// The scheduler cannot be reached or refuses.
    pub async fn publish(&self, id: &str, executor: &serde_json::Value) -> Result<()> {
        let url = self.url(&format!("executors/{id}"));
        let request = self.http.put(url).body(executor.to_string());
        let response = self.answer(request.send().await)?;
        if response.status() == StatusCode::OK {
            return Ok(());
        }
        let status = response.status();
        let body = self.body(response).await?;
        Err(cluster_error(format!(
            "The scheduler at df://{} refuses this executor ({status}): {}",
            self.address,
            String::from_utf8_lossy(&body)
        )))
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}/springald/v1/{path}", self.address)
    }

    fn answer(&self, response: reqwest::Result<Response>) -> Result<Response> {
        response.map_err(|error| self.unreachable(&error))
    }

    async fn body(&self, response: Response) -> Result<Bytes> {
        response
            .bytes()
            .await
            .map_err(|error| self.unreachable(&error))
    }

    fn unreachable(&self, error: &reqwest::Error) -> DataFusionError {
        let mut reason = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(inner) = source {
            reason = inner.to_string();
            source = inner.source();
        }
        cluster_error(format!(
            "The scheduler at df://{} cannot be reached: {reason}",
            self.address
        ))
    }
}
