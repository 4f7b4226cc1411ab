//! The batches that one task gives to one function, one after the other.

use std::sync::atomic::{AtomicI64, Ordering};

use parking_lot::{Mutex, MutexGuard};

/// A stream of batches. Any thread may use it.
#[derive(Debug)]
pub struct Stream {
    id: i64,
    turn: Mutex<()>,
}

impl Stream {
    /// A stream whose number is no other's in this process.
    pub fn new() -> Self {
        // The runtime takes 0 for a batch without a stream.
        static NEXT: AtomicI64 = AtomicI64::new(1);
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            turn: Mutex::new(()),
        }
    }

    /// The stream's number.
    pub fn id(&self) -> i64 {
        self.id
    }

    /// Waits until no other batch of the stream is running, for as long as the result
    /// lives: a task may run partitions side by side.
    pub fn turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock()
    }
}
