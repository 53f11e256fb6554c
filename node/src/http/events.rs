//! `GET /v1/events`: what happens, as server-sent events.
//!
//! Every event has a number. A client that lost its connection sends the last number it saw as
//! `Last-Event-ID` and misses nothing: events are read from the disk, the wake-up is only a hint.

use crate::node::Node;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use std::collections::VecDeque;
use std::convert::Infallible;
use std::time::Duration;

/// Streams events behind `Last-Event-ID`, or from now on.
pub(super) async fn stream(
    State(node): State<Node>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let last = headers
        .get("last-event-id")
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    let after = match last {
        Some(number) => number,
        None => node.newest_event().await?,
    };
    let state = Cursor { wake: node.wake_on_events(), node, after, ready: VecDeque::new() };
    let events = futures::stream::unfold(state, |mut state| async move {
        let event = state.next().await?;
        Some((Ok(event), state))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

struct Cursor {
    node: Node,
    wake: tokio::sync::watch::Receiver<u64>,
    after: u64,
    ready: VecDeque<(u64, String)>,
}

impl Cursor {
    /// Gives the next event, or nothing once the node has stopped.
    async fn next(&mut self) -> Option<Event> {
        loop {
            if let Some((number, json)) = self.ready.pop_front() {
                self.after = number;
                return Some(Event::default().id(number.to_string()).data(json));
            }
            self.ready = self.node.events_after(self.after, BATCH).await.ok()?.into();
            if self.ready.is_empty() {
                self.wake.changed().await.ok()?;
            }
        }
    }
}

/// Events read from the disk at once.
const BATCH: usize = 64;
