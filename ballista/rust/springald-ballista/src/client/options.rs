//! What the Python side says about a session.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Largest Arrow stream of an in-memory table that travels inside a plan, in bytes. Plans
/// are repeated for each task, and the messages that carry them have a limit of their own.
const MAX_INLINE_BYTES: usize = 8 << 20;

/// A session's options. Read from JSON.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The scheduler's "host:port".
    pub address: String,
    /// Names the session in logs and to the scheduler.
    #[serde(default)]
    pub session_id: String,
    /// See [`MAX_INLINE_BYTES`].
    #[serde(default = "default_max_inline_bytes")]
    pub max_inline_bytes: usize,
    /// Settings that the engine's own session has no place for, such as `ballista.*`.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
}

fn default_max_inline_bytes() -> usize {
    MAX_INLINE_BYTES
}
