//! The definitions that a process knows, by hash.

use std::collections::HashMap;
use std::sync::{Arc, Weak};

use lru::LruCache;
use parking_lot::Mutex;

use crate::abi::{Definition, Failure, Hash};

/// Encoded size of the definitions that stay known while nothing uses them, in bytes.
const CAPACITY_BYTES: usize = 256 << 20;

/// Interns definitions: equal bytes, one object. A definition that a plan uses stays known;
/// of the others, the most recently used ones are kept. Any thread may call.
pub struct Definitions {
    state: Mutex<State>,
}

struct State {
    recent: LruCache<Hash, Arc<Definition>>,
    recent_bytes: usize,
    known: HashMap<Hash, Weak<Definition>>,
}

impl Default for Definitions {
    fn default() -> Self {
        Self {
            state: Mutex::new(State {
                recent: LruCache::unbounded(),
                recent_bytes: 0,
                known: HashMap::new(),
            }),
        }
    }
}

impl Definitions {
    /// Returns the definition of this hash, if it is known.
    pub fn get(&self, hash: Hash) -> Option<Arc<Definition>> {
        let mut state = self.state.lock();
        if let Some(definition) = state.recent.get(&hash) {
            return Some(Arc::clone(definition));
        }
        let definition = state.known.get(&hash)?.upgrade()?;
        state.keep(&definition);
        Some(definition)
    }

    /// Decodes `bytes` and makes the definition known.
    ///
    /// # Errors
    /// The bytes are no definition.
    pub fn intern(&self, bytes: &[u8]) -> Result<Arc<Definition>, Failure> {
        let decoded = Definition::decode(bytes)?;
        let hash = decoded.hash();
        let mut state = self.state.lock();
        let existing = state.known.get(&hash).and_then(Weak::upgrade);
        let definition = existing.unwrap_or_else(|| Arc::new(decoded));
        state.known.insert(hash, Arc::downgrade(&definition));
        state.keep(&definition);
        Ok(definition)
    }
}

impl State {
    fn keep(&mut self, definition: &Arc<Definition>) {
        let size = definition.bytes().len();
        if self
            .recent
            .put(definition.hash(), Arc::clone(definition))
            .is_none()
        {
            self.recent_bytes += size;
        }
        while self.recent_bytes > CAPACITY_BYTES && self.recent.len() > 1 {
            if let Some((_, oldest)) = self.recent.pop_lru() {
                self.recent_bytes -= oldest.bytes().len();
            }
        }
        if self.known.len() > 2 * self.recent.len() + 64 {
            self.known.retain(|_, weak| weak.strong_count() > 0);
        }
    }
}
