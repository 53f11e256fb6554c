//! A node at work, and how it ends.

use super::ROOM;
use crate::problem::{Kind, Problem};
use crate::store::StoreError;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// A node at work; [`Running::stop`] ends it in order.
#[derive(Debug)]
pub struct Running {
    pub(super) stop: CancellationToken,
    pub(super) tasks: TaskTracker,
    broken: Arc<OnceLock<Problem>>,
}

impl Running {
    pub(super) fn new() -> Self {
        let broken = Arc::new(OnceLock::new());
        Self { stop: CancellationToken::new(), tasks: TaskTracker::new(), broken }
    }

    /// Has the engine driven until it ends; if the disk ended it, whoever stops the node is told.
    pub(super) fn drive(
        &self,
        work: impl Future<Output = Result<(), StoreError>> + Send + 'static,
    ) {
        let (stop, broken) = (self.stop.clone(), Arc::clone(&self.broken));
        self.tasks.spawn(async move {
            if let Err(error) = work.await {
                tracing::error!(%error, "the disk does not keep what it should; the node stops");
                let problem = Problem::new(Kind::Internal, "the node stopped by itself");
                let full = matches!(error, StoreError::Full { .. });
                let hint = if full { ROOM } else { "look at the disk, and start it again" };
                drop(broken.set(problem.because(error).hint(hint)));
            }
            stop.cancel();
        });
    }

    /// Gives the token whose cancelling stops everything.
    #[must_use]
    pub fn stop_token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Stops the doors, then the engine, and waits until what was acknowledged is on the disk.
    ///
    /// # Errors
    ///
    /// Returns a problem if something does not end in time, or the node had stopped because its disk failed;
    /// nothing acknowledged is lost even then.
    pub async fn stop(self) -> Result<(), Problem> {
        self.stop.cancel();
        self.tasks.close();
        let ended = tokio::time::timeout(STOP, self.tasks.wait()).await;
        match self.broken.get() {
            Some(problem) => Err(problem.clone()),
            None => ended.map_err(|_| {
                Problem::new(Kind::Internal, "some work did not end in time")
                    .because("nothing that was acknowledged is lost")
            }),
        }
    }
}

/// How long work under way may take once the node stops.
const STOP: Duration = Duration::from_secs(8);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn whoever_started_a_node_hears_that_its_disk_ended_it() {
        let broken = Running::new();
        broken.drive(async { Err(StoreError::Full { path: "/data".into() }) });
        broken.stop_token().cancelled().await;
        let why = broken.stop().await.unwrap_err().to_string();
        assert!(why.contains("stopped by itself") && why.contains("/data is full"), "{why}");
        let whole = Running::new();
        whole.drive(async { Ok(()) });
        whole.stop_token().cancelled().await;
        whole.stop().await.unwrap();
    }
}
