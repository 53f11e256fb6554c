//! What travels in the network, as its full nodes hear it: heads, statements, profiles, proofs of forks.
//!
//! Nothing listens that is not there anyway: each full node is asked to follow every identity of this
//! network, and says in its own stream of events what became known to it. One thing that came to ten
//! nodes is one piece of news that ten of them heard.

use super::seat::Seat;
use super::town::Town;
use crate::Failure;
use crate::cluster::Part;
use countersign_node::verb::network::Watch;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// One thing that travelled.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct News {
    /// What: `head`, `statement`, `profile`, `proof` or `end`.
    pub(super) kind: String,
    /// About whom.
    pub(super) who: String,
    /// More about it, such as a version.
    pub(super) what: String,
    /// When the first node heard it: hours, minutes and seconds, UTC.
    pub(super) at: String,
    /// Which nodes heard it, in that order.
    pub(super) heard_by: Vec<String>,
    /// Milliseconds from the first to the last of them.
    pub(super) spread: u64,
}

impl News {
    /// Says it in a line.
    pub(super) fn says(&self) -> String {
        let Self { kind, who, what, heard_by, spread, .. } = self;
        let what = if what.is_empty() { String::new() } else { format!(", {what}") };
        let nodes = if heard_by.len() == 1 { "node" } else { "nodes" };
        format!("{kind} of {who}{what}: {} {nodes} within {spread} ms", heard_by.len())
    }
}

/// The newest of what travelled.
#[derive(Debug, Default)]
pub(super) struct Heard(Mutex<VecDeque<Entry>>);

#[derive(Debug)]
struct Entry {
    key: String,
    first: Instant,
    news: News,
}

impl Heard {
    /// Gives the newest, newest first.
    pub(super) fn news(&self) -> Vec<News> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().map(|entry| entry.news.clone()).collect()
    }

    /// Tells which nodes heard something within the last moment.
    pub(super) fn of_late(&self) -> Vec<String> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let late = kept.iter().filter(|entry| entry.first.elapsed() < OF_LATE);
        late.flat_map(|entry| entry.news.heard_by.clone()).collect()
    }

    fn add(&self, node: &str, event: &Value, named: impl Fn(&str) -> String) {
        let Some((key, mut news)) = read(event, named) else { return };
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept.iter_mut().find(|entry| entry.key == key) {
            if !known.news.heard_by.iter().any(|name| name == node) {
                known.news.heard_by.push(node.to_owned());
                let spread = known.first.elapsed().as_millis();
                known.news.spread = u64::try_from(spread).unwrap_or(u64::MAX);
            }
            return;
        }
        news.heard_by.push(node.to_owned());
        kept.push_front(Entry { key, first: Instant::now(), news });
        kept.truncate(MOST);
    }
}

/// Reads an event of a node: what it is about, so that others' words of it are known again, and the news.
fn read(event: &Value, named: impl Fn(&str) -> String) -> Option<(String, News)> {
    let text = |member: &str| event.get(member).and_then(Value::as_str);
    let number = |member: &str| event.get(member).and_then(Value::as_u64).unwrap_or_default();
    let word = text("event")?;
    let (kind, what) = match word {
        "changed" => ("head", format!("version {}", number("version"))),
        "status" => {
            let flipped = event.get("flipped").map_or(0, flips);
            let says = match flipped {
                0 => "it still stands".to_owned(),
                1 => "one claim taken back".to_owned(),
                many => format!("{many} claims taken back"),
            };
            ("statement", format!("number {}, {says}", number("sequence")))
        }
        "profile" => ("profile", String::new()),
        "forked" => ("proof", "two versions were signed".to_owned()),
        "deactivated" => ("end", String::new()),
        _ => return None,
    };
    let scid = text("scid").or_else(|| text("issuer"))?;
    let tip = text("hash").or_else(|| text("proof")).unwrap_or_default();
    let (version, sequence) = (number("version"), number("sequence"));
    let key = format!("{word} {scid} {version} {} {sequence} {tip}", number("list"));
    let at = text("at").and_then(|at| at.get(11..19)).unwrap_or_default().to_owned();
    let (kind, who) = (kind.to_owned(), named(scid));
    Some((key, News { kind, who, what, at, heard_by: Vec::new(), spread: 0 }))
}

fn flips(flipped: &Value) -> u64 {
    let listed = flipped.as_array().map(|list| u64::try_from(list.len()).unwrap_or(u64::MAX));
    listed.or_else(|| flipped.as_u64()).unwrap_or_default()
}

/// Follows what the node called `name` hears, again each time it starts; for ever.
pub(super) async fn follow(town: std::sync::Arc<Town>, name: String) {
    let mut seats = town.seats();
    let mut newest = None;
    loop {
        let seat = seats.borrow_and_update().iter().find(|seat| seat.name == name).cloned();
        let Some(seat) = seat.filter(|seat| seat.running) else {
            if seats.changed().await.is_err() {
                return;
            }
            continue;
        };
        if let Err(failure) = listen(&town, &seat, &mut seats, &mut newest).await {
            tracing::debug!(node = name, %failure, "its events ended");
            tokio::time::sleep(AGAIN).await;
        }
    }
}

/// Tells whether what a member hears is worth following: homes hold only a part of the network.
pub(super) fn hears_all(part: Part) -> bool {
    part != Part::Customer
}

/// Listens until somebody comes or goes; `newest` is the number of the last event, so that none is
/// missed meanwhile.
async fn listen(
    town: &Town,
    seat: &Seat,
    seats: &mut watch::Receiver<Vec<Seat>>,
    newest: &mut Option<u64>,
) -> Result<(), Failure> {
    let everybody = seats.borrow().iter().filter_map(|seat| seat.identity.clone()).collect();
    let watched = seat.owner.ask(&Watch { names: everybody }).await?;
    let after = *newest.get_or_insert(watched.newest_event);
    let mut stream = seat.owner.events(Some(after)).await?;
    loop {
        let event = tokio::select! {
            event = stream.next() => event,
            // Somebody came or went: there may be one more to follow.
            _ = seats.changed() => return Ok(()),
        };
        let ended =
            || Failure::Late { what: format!("the next event of {}", seat.name), seconds: 0 };
        let event = event.ok_or_else(ended)?;
        *newest = event.number.or(*newest);
        if let Ok(event) = serde_json::from_str(&event.data) {
            town.heard().add(&seat.name, &event, |scid| town.name_of(scid));
        }
    }
}

/// News kept: a screen of them.
const MOST: usize = 24;
/// How long a node is marked that heard something.
const OF_LATE: Duration = Duration::from_secs(5);
/// Before a node that does not answer is asked again.
const AGAIN: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_thing_that_two_nodes_hear_is_one_piece_of_news() {
        let heard = Heard::default();
        let named = |scid: &str| format!("<{scid}>");
        let event = json!({
            "event": "changed", "at": "2026-01-02T03:04:05Z", "scid": "Qm1", "version": 2, "sequence": 3,
        });
        for node in ["one", "two", "one"] {
            heard.add(node, &event, named);
        }
        let mut next = event.clone();
        next["sequence"] = json!(4);
        heard.add("two", &next, named);
        let news = heard.news();
        assert_eq!(news.len(), 2);
        assert_eq!(news[1].heard_by, ["one", "two"]);
        assert_eq!((news[1].who.as_str(), news[1].at.as_str()), ("<Qm1>", "03:04:05"));
        assert_eq!(news[0].heard_by, ["two"]);
    }

    #[test]
    fn a_statement_says_what_it_takes_back_and_what_is_no_news_is_left_out() {
        let heard = Heard::default();
        let named = |scid: &str| scid.to_owned();
        let at = "2026-01-02T03:04:05Z";
        let event = json!({
            "event": "status", "at": at, "issuer": "Qm1", "list": 1, "sequence": 2, "flipped": [7],
        });
        heard.add("one", &event, named);
        heard.add("one", &json!({"event": "clock", "at": at, "report": "?"}), named);
        let news = heard.news();
        assert_eq!(news.len(), 1);
        assert_eq!(news[0].what, "number 2, one claim taken back");
    }
}
