//! Tells when an executor can be used, and goes on telling what it is.

use std::io::Write;
use std::time::Duration;

use ballista_core::error::BallistaError;
use tokio::time::sleep;

use super::environment::Publisher;
use super::executor::plain;
use crate::service::ClusterClient;

/// Between two times that an executor says what it is.
const PUBLISH_INTERVAL: Duration = Duration::from_secs(2);

/// Knows when the executor can be used, and tells.
pub struct Ready {
    /// The executor's.
    pub id: String,
    /// Where others reach it.
    pub address: String,
    /// Where this process reaches it.
    pub local: String,
    /// "host:port" of the scheduler.
    pub scheduler: String,
    /// The scheduler's service.
    pub cluster: ClusterClient,
    /// Publishes this executor.
    pub publisher: Publisher,
}

impl Ready {
    /// Prints the ready line, and returns only if the scheduler refuses this executor.
    pub async fn announce(self) -> BallistaError {
        loop {
            sleep(Duration::from_millis(20)).await;
            if tokio::net::TcpStream::connect(&self.local).await.is_err() {
                continue;
            }
            if let Err(error) = self.publisher.publish().await {
                return plain(error);
            }
            if self.is_listed().await {
                break;
            }
        }
        println!(
            "springald executor is ready: {} on {}, scheduler {}",
            self.id, self.address, self.scheduler
        );
        let _ = std::io::stdout().flush();
        loop {
            // A scheduler that was started anew knows nothing of this executor.
            sleep(PUBLISH_INTERVAL).await;
            if let Err(error) = self.publisher.publish().await {
                log::debug!("{}", plain(error));
            }
        }
    }

    async fn is_listed(&self) -> bool {
        let Ok(cluster) = self.cluster.cluster().await else {
            return false;
        };
        cluster.executors.iter().any(|executor| {
            executor.get("id").and_then(|id| id.as_str()) == Some(&self.id)
        })
    }
}

/// Where this process reaches a server of its own.
pub fn loopback(bind_host: &str) -> &str {
    match bind_host {
        "0.0.0.0" => "127.0.0.1",
        "::" => "::1",
        host => host,
    }
}
