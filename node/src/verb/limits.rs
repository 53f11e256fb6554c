//! What a node may use of this computer for others: looked at, and set while it runs.

use super::Verb;
use crate::config::size::Size;
use crate::node::Node;
use crate::output::Text;
use crate::problem::Problem;
use countersign_protocol::engine::directory::DISK;
use serde::{Deserialize, Serialize};
use std::io;

/// Sets limits, now and at each start. What is not given stays as it is, so that nothing given looks at
/// them alone. At the next start a flag or the environment still goes before what is kept here.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limit {
    /// Bytes to peers and from them, both together, that a day may cost; 0 for as many as it takes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traffic: Option<u64>,
    /// Bytes of other people's heads to hold.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub heads: Option<u64>,
    /// The most peers at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_peers: Option<u32>,
}

/// The limits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Bytes to peers and from them that a day may cost; 0 for as many as it takes.
    pub traffic: u64,
    /// Bytes of other people's heads to hold.
    pub heads: u64,
    /// The most peers at once.
    pub max_peers: u32,
    /// The settings among them that hold whole only after the next start.
    #[serde(default)]
    pub next_start: Vec<String>,
}

impl Verb for Limit {
    type Answer = Limits;
    const PATH: &'static str = "/v1/limits";

    async fn perform(self, node: &Node) -> Result<Limits, Problem> {
        node.limit(&self).await
    }
}

impl Text for Limits {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        match self.traffic {
            0 => writeln!(to, "limits.traffic     as much as it takes")?,
            most => writeln!(to, "limits.traffic     {} a day", Size(most))?,
        }
        let on_disk = Size(self.heads.saturating_mul(DISK));
        writeln!(to, "limits.heads       {}, and at most {on_disk} on the disk", Size(self.heads))?;
        writeln!(to, "network.max_peers  {}", self.max_peers)?;
        self.next_start
            .iter()
            .try_for_each(|name| writeln!(to, "{name} holds whole after the next start"))
    }
}
