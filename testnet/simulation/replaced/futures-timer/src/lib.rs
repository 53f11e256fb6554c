//! The timer of `futures-timer`, on tokio's clock, which a simulation can pause.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep};

/// Is over some time after it was made.
#[derive(Debug)]
pub struct Delay(Pin<Box<Sleep>>);

impl Delay {
    /// Makes a timer that is over `after` from now.
    #[must_use]
    pub fn new(after: Duration) -> Self {
        Self(Box::pin(sleep(after)))
    }

    /// Sets the timer again, `after` from now.
    pub fn reset(&mut self, after: Duration) {
        let now = Instant::now();
        self.0.as_mut().reset(now.checked_add(after).unwrap_or(now + FAR));
    }
}

impl Future for Delay {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        self.0.as_mut().poll(context)
    }
}

/// Thirty years, as far as tokio itself looks.
const FAR: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
