//! `GET /v1/events`: what happens, as server-sent events.
//!
//! Every event has a number. A client that lost its connection sends the last number it saw as
//! `Last-Event-ID` and misses nothing: events are read from the disk, the wake-up is only a hint. The
//! disk keeps the newest ten thousand or so; whoever was away for longer is told first, by an event
//! `missed`, which ones are gone.

use crate::node::Node;
use crate::problem::Problem;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use countersign_protocol::time::Timestamp;
use futures::Stream;
use serde_json::json;
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
    let after = first(last, node.newest_event().await?);
    let state = Cursor { wake: node.wake_on_events(), node, after, ready: VecDeque::new() };
    let events = futures::stream::unfold(state, |mut state| async move {
        let event = state.next().await?;
        Some((Ok(event), state))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15))))
}

/// Gives the event behind which to begin. A number that was not given yet is of an earlier life of this
/// node, before a backup was put back: whoever saw it has seen nothing of this one.
fn first(last: Option<u64>, newest: u64) -> u64 {
    last.map_or(newest, |last| if last > newest { 0 } else { last })
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
                if let Some(missed) = missed(self.after, number, self.node.now()) {
                    self.ready.push_front((number, json));
                    self.after = number.saturating_sub(1);
                    return Some(Event::default().id(self.after.to_string()).data(missed));
                }
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

/// Says that the events between the one seen last and the next are gone, if there were any: their
/// numbers follow each other.
fn missed(after: u64, next: u64, now: Timestamp) -> Option<String> {
    let (first, last) = (after.saturating_add(1), next.saturating_sub(1));
    let missed = json!({ "event": "missed", "at": now, "first": first, "last": last });
    (first < next).then(|| missed.to_string())
}

/// Events read from the disk at once.
const BATCH: usize = 64;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_saw_an_earlier_life_of_this_node_misses_nothing_of_this_one() {
        assert_eq!(first(None, 3), 3, "from now on");
        assert_eq!([0, 2, 3].map(|last| first(Some(last), 3)), [0, 2, 3]);
        assert_eq!(first(Some(99), 3), 0);
    }

    #[test]
    fn who_was_away_for_too_long_is_told_which_events_are_gone() {
        let now = Timestamp::default();
        assert_eq!(missed(7, 8, now), None);
        assert_eq!(missed(0, 1, now), None);
        let text = missed(7, 10, now).unwrap();
        let told: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (&told["event"], &told["first"], &told["last"]),
            (&json!("missed"), &json!(8), &json!(9))
        );
    }
}
