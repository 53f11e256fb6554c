//! Tells a page that is open what changed on it, as server-sent events.

use super::pieces::Live;
use super::{Map, Visit};
use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use countersign_node::page::session::Session;
use futures::Stream;
use serde_json::json;
use std::collections::BTreeMap;
use std::convert::Infallible;
use std::time::Duration;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// `GET events`: each event is the pieces that changed, by their names.
pub(super) async fn events(
    State(map): State<Map>,
    Visit(session): Visit,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let mut tick = interval(LOOK);
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let watcher = Watcher { map, session, shown: BTreeMap::new(), tick };
    let events = futures::stream::unfold(watcher, |mut watcher| async move {
        let event = watcher.next().await?;
        Some((Ok(event), watcher))
    });
    Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

struct Watcher {
    map: Map,
    session: Session,
    shown: BTreeMap<&'static str, String>,
    tick: Interval,
}

impl Watcher {
    /// Waits until something looks other than it did; gives nothing once the network stops.
    async fn next(&mut self) -> Option<Event> {
        let stop = self.map.town.stop_token();
        loop {
            tokio::select! {
                () = stop.cancelled() => return None,
                _ = self.tick.tick() => {}
            }
            let status = self.map.town.status();
            let live = Live::new(&self.map, &self.session, &status);
            let pieces = [("map", live.map()), ("news", live.news()), ("nodes", live.nodes())];
            let mut changed = serde_json::Map::new();
            for (name, piece) in pieces {
                let piece = piece.into_string();
                if self.shown.get(name) != Some(&piece) {
                    changed.insert(name.to_owned(), json!(piece));
                    self.shown.insert(name, piece);
                }
            }
            if !changed.is_empty() {
                return Some(Event::default().data(json!(changed).to_string()));
            }
        }
    }
}

/// How often the network is looked at while somebody watches.
const LOOK: Duration = Duration::from_secs(1);
