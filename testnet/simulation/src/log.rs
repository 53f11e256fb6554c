//! Everything that happened, in one hash: two runs are the same if theirs are.

use sha2::{Digest as _, Sha256};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::time::Instant;

/// Hashes events as they happen. Clones write to one log.
#[derive(Clone)]
pub struct Log(Arc<Mutex<Written>>);

struct Written {
    began: Instant,
    hash: Sha256,
    events: u64,
}

impl Log {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Mutex::new(Written {
            began: Instant::now(),
            hash: Sha256::new(),
            events: 0,
        })))
    }

    /// Notes that `what` happened to the node of that number, now.
    pub fn note(&self, node: usize, what: &[u8]) {
        let mut written = self.lock();
        let at = written.began.elapsed().as_nanos();
        written.events += 1;
        written.hash.update(at.to_be_bytes());
        written.hash.update((node as u64).to_be_bytes());
        written.hash.update((what.len() as u64).to_be_bytes());
        written.hash.update(what);
    }

    /// Gives the hash of all that happened so far.
    #[must_use]
    pub fn digest(&self) -> [u8; 32] {
        self.lock().hash.clone().finalize().into()
    }

    /// Counts what happened so far.
    #[must_use]
    pub fn events(&self) -> u64 {
        self.lock().events
    }

    fn lock(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
