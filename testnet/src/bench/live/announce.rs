//! How long an announcement takes until the last node has it, against a bare mesh in the same run.

use super::super::timing::median;
use super::super::{BenchError, Measured};
use super::mesh::Bare;
use super::millis;
use super::network::BOOTSTRAP;
use crate::cluster::{Cluster, Member};
use countersign_node::door::client::Events;
use countersign_node::verb::claims::Publish;
use countersign_node::verb::network::Watch;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// Lets the nodes of `cluster` and as many bare ones announce in turns.
pub(super) async fn compared(cluster: &Cluster) -> Result<Measured, BenchError> {
    let members: Vec<&Member> = cluster.members().filter(|member| member.is_running()).collect();
    let speaker =
        members.iter().rev().find(|member| member.name != BOOTSTRAP && !member.did().is_empty());
    let speaker = *speaker.ok_or(BenchError::Wrong { what: "a node with an identity" })?;
    let (mut mesh, mut bare) = begin_mesh(members.len()).await?;
    let mut heads = watch(&members, speaker).await?;
    let (mut ratios, mut ours, mut theirs, mut missed) = (vec![], vec![], vec![], 0);
    for round in 0..WARM_UP + ROUNDS {
        mesh.speaker.announce(round).await?;
        let raw = bare.all(members.len()).await;
        speaker.owner.ask(&Publish { claims: Vec::new() }).await?;
        let head = heads.all(members.len()).await;
        // The first ones find queues and caches empty.
        if round < WARM_UP {
            continue;
        }
        match (head, raw) {
            (Some(head), Some(raw)) => {
                ratios.push(head.as_secs_f64() / raw.as_secs_f64());
                ours.push(millis(head));
                theirs.push(millis(raw));
            }
            (None, _) | (_, None) => missed += 1,
        }
    }
    let detail = format!(
        "{ROUNDS} heads to {} nodes, from the first who has it to the last: {:.1} ms in the middle, {:.1} ms over \
         the bare mesh; {missed} rounds without all of them",
        members.len(),
        median(&mut ours),
        median(&mut theirs)
    );
    Ok(Measured { complete: missed == 0, ..Measured::new(median(&mut ratios), detail) })
}

/// The processes of the bare mesh; dropping them ends them.
struct Mesh {
    speaker: Bare,
    _others: Vec<Bare>,
}

async fn begin_mesh(count: usize) -> Result<(Mesh, Heard), BenchError> {
    let first = Bare::start(None).await?;
    let mut others = vec![first];
    for _ in 1..count {
        let address = others.first().map(|first| first.address.clone());
        others.push(Bare::start(address.as_deref()).await?);
    }
    let (to, heard) = Heard::new();
    for (name, bare) in others.iter_mut().enumerate() {
        bare.joined(count.saturating_sub(2)).await?;
        let to = to.clone();
        bare.listen(move |number| to.send(name, number));
    }
    let speaker = others.pop().ok_or(BenchError::Wrong { what: "a bare mesh" })?;
    Ok((Mesh { speaker, _others: others }, heard))
}

/// Has every node tell when it holds the next head of `speaker`.
async fn watch(members: &[&Member], speaker: &Member) -> Result<Heard, BenchError> {
    let (to, heard) = Heard::new();
    let names = BTreeSet::from([speaker.did().to_owned()]);
    for (name, member) in members.iter().enumerate() {
        let watched = member.owner.ask(&Watch { names: names.clone() }).await?;
        let events = member.owner.events(Some(watched.newest_event)).await?;
        tokio::spawn(follow(events, to.clone(), name));
    }
    Ok(heard)
}

async fn follow(mut events: Events, to: Teller, name: usize) {
    while let Some(event) = events.next().await {
        if let Some(sequence) = changed(&event.data) {
            to.send(name, sequence);
        }
    }
}

/// Reads the sequence of the head that changed.
fn changed(data: &str) -> Option<u64> {
    let event: Value = serde_json::from_str(data).ok()?;
    if event.get("event")?.as_str()? != "changed" {
        return None;
    }
    event.get("sequence")?.as_u64()
}

/// Who heard which announcement, and when.
struct Heard {
    from: UnboundedReceiver<(usize, u64, Instant)>,
    /// By the number of the announcement, who has it and since when the first and the last have.
    known: BTreeMap<u64, (BTreeSet<usize>, Instant, Instant)>,
    done: u64,
}

#[derive(Clone)]
struct Teller(UnboundedSender<(usize, u64, Instant)>);

impl Teller {
    fn send(&self, who: usize, number: u64) {
        // Whoever asked may have gone.
        let _sent = self.0.send((who, number, Instant::now())).is_ok();
    }
}

impl Heard {
    fn new() -> (Teller, Self) {
        let (to, from) = unbounded_channel();
        (Teller(to), Self { from, known: BTreeMap::new(), done: 0 })
    }

    /// Waits until all `count` have heard the next announcement; gives how long it took from the first,
    /// who announced it, to the last. Gives nothing if not all do in time.
    async fn all(&mut self, count: usize) -> Option<Duration> {
        let next = async {
            while let Some((who, number, at)) = self.from.recv().await {
                if number < self.done {
                    continue;
                }
                let entry = self.known.entry(number).or_insert((BTreeSet::new(), at, at));
                entry.0.insert(who);
                entry.2 = at;
                if entry.0.len() == count {
                    return Some((number, entry.2.duration_since(entry.1)));
                }
            }
            None
        };
        let (number, took) = tokio::time::timeout(PATIENCE, next).await.ok()??;
        self.done = number.saturating_add(1);
        self.known = self.known.split_off(&self.done);
        Some(took)
    }
}

const WARM_UP: u64 = 3;
const ROUNDS: u64 = 21;
/// An announcement that needs longer did not come by gossip.
const PATIENCE: Duration = Duration::from_secs(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_announcement_is_over_when_the_last_has_it() {
        let (to, mut heard) = Heard::new();
        for (who, number) in [(0, 1), (1, 1), (1, 2), (0, 2), (1, 1), (2, 1), (2, 2)] {
            to.send(who, number);
        }
        assert!(heard.all(3).await.is_some());
        assert_eq!(heard.done, 2, "the first of them");
        assert!(heard.all(3).await.is_some(), "what came early is not forgotten");
        drop(to);
        assert_eq!(heard.all(3).await, None);
    }

    #[test]
    fn only_a_changed_head_counts() {
        assert_eq!(changed(r#" {"event":"changed","sequence":7}"#), Some(7));
        assert_eq!(changed(r#"{"event":"status","sequence":7}"#), None);
    }
}
