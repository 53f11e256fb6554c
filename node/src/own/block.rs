//! Whom this node has nothing to do with.

use crate::network::peer::Peer;
use crate::node::Node;
use crate::problem::{Kind, Problem};
use crate::verb::network::Blocked;
use std::collections::BTreeSet;

impl Node {
    /// Has nothing to do with the peers called `names`, and no longer keeps away from others.
    pub(crate) fn block(&self, names: &BTreeSet<String>) -> Result<Blocked, Problem> {
        if names.len() > MOST_BLOCKED {
            let title = format!("a list of at most {MOST_BLOCKED} peers can be kept away");
            return Err(Problem::new(Kind::Invalid, title).hint("name fewer of them"));
        }
        let list = self.inner().blocked.as_ref().ok_or_else(|| {
            Problem::new(Kind::Unavailable, "no node is running that could keep away from anybody")
                .hint("start one with `countersign run`")
        })?;
        let peers = names.iter().map(|name| named(name)).collect::<Result<BTreeSet<_>, _>>()?;
        let own = self.inner().link.borrow().peer.clone();
        if peers.iter().any(|peer| peer.to_string() == own) {
            return Err(Problem::new(Kind::Invalid, format!("`{own}` is this node itself"))
                .hint("leave it out: a node cannot keep away from itself"));
        }
        let blocked = peers.iter().map(ToString::to_string).collect();
        let _before = list.send_replace(peers);
        Ok(Blocked { blocked })
    }
}

fn named(name: &str) -> Result<Peer, Problem> {
    name.parse().map_err(|error| {
        Problem::new(Kind::Invalid, format!("`{name}` names no peer"))
            .because(error)
            .hint("`countersign overview --json` lists who is connected")
    })
}

/// More than a node is ever connected with, at 40 bytes each.
const MOST_BLOCKED: usize = 1024;
