//! Watches every process below this one: what it was started with, and what its environment says.
//!
//! Everybody on a computer can read the arguments of a process, and whoever runs as the same person its
//! environment. Short-lived commands are watched too, as long as they live.

use super::search::Haystack;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// Watches until it is told to stop.
pub(super) struct Watch {
    stop: oneshot::Sender<()>,
    seen: JoinHandle<BTreeSet<(String, Vec<u8>)>>,
}

impl Watch {
    pub(super) fn begin() -> Self {
        let (stop, mut stopped) = oneshot::channel();
        let seen = tokio::spawn(async move {
            let mut seen = BTreeSet::new();
            let mut tick = tokio::time::interval(OFTEN);
            loop {
                tokio::select! {
                    biased;
                    _ = &mut stopped => return seen,
                    _ = tick.tick() => look(&mut seen),
                }
            }
        });
        Self { stop, seen }
    }

    /// Stops, and gives what was seen: arguments and environments, each once.
    pub(super) async fn end(self) -> Vec<Haystack> {
        let _listening = self.stop.send(()).is_ok();
        let seen = self.seen.await.unwrap_or_default();
        seen.into_iter().map(|(place, bytes)| Haystack::new(place, bytes)).collect()
    }
}

fn look(seen: &mut BTreeSet<(String, Vec<u8>)>) {
    for id in below(std::process::id()) {
        for what in ["cmdline", "environ"] {
            // A process that has just ended has neither.
            if let Ok(bytes) = std::fs::read(format!("/proc/{id}/{what}")) {
                seen.insert((what.to_owned(), bytes));
            }
        }
    }
}

/// Gives the processes that `id` began, and those that they began.
fn below(id: u32) -> BTreeSet<u32> {
    let mut parents: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
    for entry in std::fs::read_dir("/proc").into_iter().flatten().flatten() {
        let Some(id) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else {
            continue;
        };
        if let Some(parent) = parent(id) {
            parents.entry(parent).or_default().push(id);
        }
    }
    let (mut found, mut next) = (BTreeSet::new(), vec![id]);
    while let Some(one) = next.pop() {
        for child in parents.get(&one).into_iter().flatten() {
            if found.insert(*child) {
                next.push(*child);
            }
        }
    }
    found
}

/// Reads who began a process: the second field behind its name, which stands in brackets.
fn parent(id: u32) -> Option<u32> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).ok()?;
    stat.rsplit_once(')')?.1.split_whitespace().nth(1)?.parse().ok()
}

/// A command of ours lives longer: it opens a vault.
const OFTEN: Duration = Duration::from_millis(15);
