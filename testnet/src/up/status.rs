//! What a running network is like at one moment: who runs, who is connected with whom, what each holds.

use super::heard::News;
use super::looks::Look;
use super::seat::{Half, Seat};
use super::stall::Stand;
use countersign_node::output::Text;
use countersign_node::verb::overview::Seen;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;

/// A network at one moment.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Status {
    /// Its id.
    pub(super) network: String,
    /// Whether it is cut in two.
    pub(super) cut: bool,
    /// Everybody in it: by what they are for, then by their names.
    pub(super) nodes: Vec<Dot>,
    /// The example shop, if there is one; it is no node.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) shop: Option<Stand>,
    /// Who is connected with whom, by name.
    pub(super) links: BTreeSet<(String, String)>,
    /// What came to the nodes of late, newest first.
    pub(super) news: Vec<News>,
}

/// One node.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Dot {
    /// Its name in the story.
    pub(super) name: String,
    /// What it is for, in a word.
    pub(super) role: String,
    /// How it is.
    pub(super) state: State,
    /// On which side it is when the network is cut.
    pub(super) half: Half,
    /// Its DID, if it has one.
    pub(super) identity: Option<String>,
    /// Where its owner's door is.
    pub(super) door: String,
    /// How many peers it has, those from elsewhere too.
    pub(super) peers: usize,
    /// Peers of it that are none of this computer's network.
    pub(super) guests: usize,
    /// Heads it holds.
    pub(super) heads: u64,
    /// Proofs that somebody signed two things.
    pub(super) forks: u64,
    /// Messages of gossip it heard since it started.
    pub(super) heard: u64,
    /// Messages it passed on.
    pub(super) passed_on: u64,
    /// Messages it refused.
    pub(super) refused: u64,
    /// Questions it asked others.
    pub(super) asked: u64,
}

/// How a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum State {
    /// It runs.
    Running,
    /// It was started, and does not answer.
    Silent,
    /// It was ended.
    Stopped,
}

impl Status {
    /// Puts together what was found out about each of `seats`.
    pub(super) fn of(network: &str, cut: bool, found: &[(Seat, Look)]) -> Self {
        let names: BTreeMap<&str, &str> =
            found.iter().map(|(seat, _)| (seat.peer.as_str(), seat.name.as_str())).collect();
        let mut links = BTreeSet::new();
        for (seat, look) in found.iter().filter(|(seat, _)| seat.running) {
            let peers = look.seen().into_iter().flat_map(|seen| &seen.peers);
            for other in peers.filter_map(|peer| names.get(peer.peer.as_str())) {
                let (one, two) = (seat.name.as_str().min(other), seat.name.as_str().max(other));
                links.insert((one.to_owned(), two.to_owned()));
            }
        }
        let nodes = found.iter().map(|(seat, look)| Dot::of(seat, look, &names));
        let (network, nodes) = (network.to_owned(), nodes.collect());
        Self { network, cut, nodes, links, ..Self::default() }
    }

    /// Gives a node by its name.
    pub(super) fn node(&self, name: &str) -> Option<&Dot> {
        self.nodes.iter().find(|node| node.name == name)
    }

    /// Counts the connections between the two halves.
    pub(super) fn across(&self) -> usize {
        let half = |name: &String| self.node(name).map(|node| node.half);
        self.links.iter().filter(|(one, two)| half(one) != half(two)).count()
    }

    /// Counts the nodes that run.
    pub(super) fn running(&self) -> usize {
        self.nodes.iter().filter(|node| node.state == State::Running).count()
    }
}

impl Dot {
    fn of(seat: &Seat, look: &Look, names: &BTreeMap<&str, &str>) -> Self {
        let state = match (seat.running, look) {
            (true, Look::Silent) => State::Silent,
            // It said that it is ready before it was in anybody's list.
            (true, Look::NotYet | Look::Seen(_)) => State::Running,
            (false, _) => State::Stopped,
        };
        let seen = look.seen().filter(|_| seat.running);
        let guest = |peer: &&countersign_node::verb::overview::Peer| {
            !names.contains_key(peer.peer.as_str())
        };
        let count = |of: fn(&Seen) -> u64| seen.map_or(0, of);
        Self {
            name: seat.name.clone(),
            role: seat.part.word().to_owned(),
            state,
            half: seat.half,
            identity: seat.identity.clone(),
            door: format!("http://{}", seat.door),
            peers: seen.map_or(0, |seen| seen.peers.len()),
            guests: seen.map_or(0, |seen| seen.peers.iter().filter(guest).count()),
            heads: count(|seen| seen.holds.heads),
            forks: count(|seen| seen.holds.forks),
            heard: count(|seen| seen.traffic.heard),
            passed_on: count(|seen| seen.traffic.passed_on),
            refused: count(|seen| seen.traffic.refused),
            asked: count(|seen| seen.traffic.questions_asked),
        }
    }
}

impl State {
    /// Gives the word for it.
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Silent => "silent",
            Self::Stopped => "stopped",
        }
    }
}

impl Text for Status {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        let whole = if self.cut { "cut in two" } else { "whole" };
        writeln!(
            to,
            "{}: {} of {} nodes run, {} connections, the network is {whole}",
            self.network,
            self.running(),
            self.nodes.len(),
            self.links.len()
        )?;
        writeln!(
            to,
            "{:<10} {:<10} {:<8} {:<6} {:>5} {:>5} {:>5} {:>6}  door",
            "role", "name", "state", "half", "peers", "heads", "forks", "heard"
        )?;
        for node in &self.nodes {
            let half = if node.half == Half::Left { "left" } else { "right" };
            writeln!(
                to,
                "{:<10} {:<10} {:<8} {half:<6} {:>5} {:>5} {:>5} {:>6}  {}",
                node.role,
                node.name,
                node.state.word(),
                node.peers,
                node.heads,
                node.forks,
                node.heard,
                node.door
            )?;
        }
        if let Some(Stand { name, state, url, .. }) = &self.shop {
            writeln!(to, "{name:<10} {name:<10} {:<8} {:<31}  {url}", state.word(), "")?;
        }
        self.news.iter().take(NEWS).try_for_each(|news| writeln!(to, "{} {}", news.at, news.says()))
    }
}

/// Lines of news below a table.
const NEWS: usize = 8;

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::up) fn dot(name: &str, half: Half) -> Dot {
        Dot {
            name: name.to_owned(),
            role: "node".to_owned(),
            state: State::Running,
            half,
            identity: None,
            door: String::new(),
            peers: 0,
            guests: 0,
            heads: 0,
            forks: 0,
            heard: 0,
            passed_on: 0,
            refused: 0,
            asked: 0,
        }
    }

    pub(in crate::up) fn status() -> Status {
        let nodes =
            vec![dot("anna", Half::Left), dot("first", Half::Left), dot("second", Half::Right)];
        Status { nodes, ..Status::default() }
    }

    #[test]
    fn only_links_between_the_halves_lead_across() {
        let mut status = status();
        let link = |one: &str, two: &str| (one.to_owned(), two.to_owned());
        status.links.insert(link("anna", "first"));
        assert_eq!(status.across(), 0);
        status.links.insert(link("anna", "second"));
        assert_eq!(status.across(), 1);
    }
}
