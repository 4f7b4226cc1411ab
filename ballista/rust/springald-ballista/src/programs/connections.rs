//! The connections to other executors that shuffle files are fetched over. Ballista has a
//! pool of its own, which an engine that is not Ballista's cannot get.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use ballista_core::client::BallistaClient;
use ballista_core::client_pool::{BallistaClientPool, PooledClient};
use ballista_core::error::Result;
use ballista_core::extension::BallistaConfigGrpcEndpoint;
use ballista_core::utils::GrpcClientConfig;
use parking_lot::Mutex;

type Peer = (String, u16, GrpcClientConfig);
type Idle = HashMap<Peer, Vec<(BallistaClient, Instant)>>;

/// Keeps connections that nobody uses for a while. Any thread may call.
pub struct Connections {
    idle: Arc<Mutex<Idle>>,
    keep: Duration,
}

impl Connections {
    /// Connections are kept for `keep` after their last use.
    pub fn new(keep: Duration) -> Self {
        Self {
            idle: Arc::default(),
            keep,
        }
    }

    fn take(&self, peer: &Peer) -> Option<BallistaClient> {
        let mut idle = self.idle.lock();
        forget_old(&mut idle, self.keep);
        // The one that was used last has the best chance to be alive.
        idle.get_mut(peer)?.pop().map(|(client, _)| client)
    }
}

fn forget_old(idle: &mut Idle, keep: Duration) {
    idle.retain(|_, clients| {
        clients.retain(|(_, since)| since.elapsed() < keep);
        !clients.is_empty()
    });
}

impl fmt::Debug for Connections {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connections")
    }
}

#[async_trait]
impl BallistaClientPool for Connections {
    async fn acquire(
        &self,
        host: &str,
        port: u16,
        config: &GrpcClientConfig,
        customize_endpoint: Option<Arc<BallistaConfigGrpcEndpoint>>,
    ) -> Result<PooledClient> {
        let peer = (host.to_owned(), port, config.clone());
        let client = match self.take(&peer) {
            Some(client) => client,
            None => {
                BallistaClient::try_new(
                    host,
                    port,
                    config.max_message_size,
                    config.use_tls,
                    customize_endpoint,
                    config.io_retries_times,
                    config.io_retry_wait_time_ms,
                    config.initial_connection_window_size,
                    config.initial_stream_window_size,
                )
                .await?
            }
        };
        let idle = Arc::clone(&self.idle);
        let give_back = move |client| {
            let mut idle = idle.lock();
            idle.entry(peer).or_default().push((client, Instant::now()));
        };
        Ok(PooledClient::new(client, Box::new(give_back)))
    }

    async fn evict_idle(&self) {
        forget_old(&mut self.idle.lock(), self.keep);
    }
}
