//! How much this node is to others and others to it: peers, promises, disk, traffic, and their limits.

use super::Verb;
use crate::node::Node;
use crate::output::Text;
use crate::problem::Problem;
use serde::{Deserialize, Serialize};
use std::io;

/// Looks at all of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overview {}

/// How it is now.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Seen {
    /// The network it is in, if it joined one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// Whether it takes part in it now.
    pub online: bool,
    /// The name other nodes know it by.
    pub peer: String,
    /// Where other nodes reach it.
    pub addresses: Vec<String>,
    /// How other nodes reach it.
    #[serde(default)]
    pub reach: Reach,
    /// Who is connected.
    pub peers: Vec<Peer>,
    /// The most peers at once.
    pub most_peers: u32,
    /// Who promised to keep the owner's identity while this computer is off.
    pub keepers: Vec<Promise>,
    /// What this node holds for others.
    pub holds: Holds,
    /// What was heard and said since the start.
    pub traffic: Traffic,
    /// What is wrong with the owner's identity that she did not do; nothing, hopefully.
    pub alarms: Vec<Alarm>,
}

/// How other nodes reach a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reach {
    /// Nobody tried yet.
    #[default]
    Unknown,
    /// They dial it.
    Direct,
    /// They come through a relay.
    Relay,
    /// They do not; it reaches them.
    No,
}

impl Reach {
    /// Says it in plain words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Unknown => "whether others can reach this node is being found out",
            Self::Direct => "others can reach this node directly",
            Self::Relay => "others can reach this node through a relay",
            Self::No => "others cannot reach this node; it reaches them",
        }
    }
}

/// Somebody who is connected.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Peer {
    /// Its name.
    pub peer: String,
    /// Whether this node chose it.
    pub chosen: bool,
    /// Whether it keeps what others deposit.
    pub keeper: bool,
    /// Whether it is a witness.
    pub witness: bool,
    /// Whether only a relay leads to it.
    #[serde(default)]
    pub relayed: bool,
    /// What its faults cost so far, 0 at best; it is refused at 100.
    pub cost: u32,
}

/// A keeper's receipt.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Promise {
    /// The keeper.
    pub keeper: String,
    /// Until when it keeps it.
    pub until: String,
}

/// What a node holds for others.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Holds {
    /// Identities of which a head is held.
    pub heads: u64,
    /// Bytes of heads.
    pub head_bytes: u64,
    /// The most bytes of heads.
    pub most_head_bytes: u64,
    /// Bytes of the logs, witness files and showcases these name, on the disk.
    #[serde(default)]
    pub record_bytes: u64,
    /// The most of them.
    #[serde(default)]
    pub most_record_bytes: u64,
    /// Identities that were promised to be kept.
    pub promised: usize,
    /// Status lists that are followed.
    pub lists: u64,
    /// Proofs that somebody signed two things.
    pub forks: u64,
    /// Bytes of the data folder on the disk.
    pub disk_bytes: u64,
}

/// What was heard and said.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Traffic {
    /// Messages of gossip heard, each once.
    pub heard: u64,
    /// Messages of gossip passed on.
    pub passed_on: u64,
    /// Messages of gossip refused.
    pub refused: u64,
    /// Questions of others.
    pub questions_heard: u64,
    /// Questions to others.
    pub questions_asked: u64,
    /// Peers that a relay led here and that were then met directly.
    #[serde(default)]
    pub met: u64,
    /// Connections between others that this node carried as a relay.
    #[serde(default)]
    pub carried: u64,
    /// Bytes of today (UTC), also before the start.
    #[serde(default)]
    pub today: Bytes,
    /// Bytes of this month, also before the start.
    #[serde(default)]
    pub month: Bytes,
    /// The most bytes a day, both ways together; 0 for as many as it takes.
    #[serde(default)]
    pub most_today: u64,
    /// Whether that is reached, and nothing is done for others until the next day.
    #[serde(default)]
    pub spent: bool,
}

/// Bytes both ways.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bytes {
    /// That came from peers.
    pub received: u64,
    /// That went to peers.
    pub sent: u64,
}

impl Bytes {
    /// Counts both ways together.
    #[must_use]
    pub const fn both(self) -> u64 {
        self.received.saturating_add(self.sent)
    }
}

/// Something about the owner that the owner did not do.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Alarm {
    /// What.
    pub says: String,
    /// What to do.
    pub hint: String,
}

impl Verb for Overview {
    type Answer = Seen;
    const PATH: &'static str = "/v1/overview";

    async fn perform(self, node: &Node) -> Result<Seen, Problem> {
        node.overview().await
    }
}

impl Text for Seen {
    fn text(&self, to: &mut dyn io::Write) -> io::Result<()> {
        let network = self.network.as_deref().unwrap_or("none");
        let state = if self.online { "running" } else { "not running" };
        writeln!(to, "network   {network}, {state}")?;
        writeln!(to, "peers     {} of at most {}", self.peers.len(), self.most_peers)?;
        if self.online {
            writeln!(to, "reach     {}", self.reach.words())?;
        }
        for promise in &self.keepers {
            writeln!(to, "kept by   {} until {}", promise.keeper, promise.until)?;
        }
        let Holds { heads, head_bytes, most_head_bytes, promised, disk_bytes, .. } = &self.holds;
        let Holds { record_bytes, most_record_bytes, .. } = &self.holds;
        writeln!(to, "holds     {heads} heads, {head_bytes} of {most_head_bytes} bytes")?;
        writeln!(
            to,
            "          on the disk for others {record_bytes} of at most {most_record_bytes} bytes"
        )?;
        writeln!(to, "promised  {promised} identities of others")?;
        writeln!(to, "disk      {disk_bytes} bytes")?;
        let Traffic { today, month, most_today, spent, .. } = &self.traffic;
        let most = match most_today {
            0 => String::new(),
            most => format!(", {} of {most} bytes for a day", today.both()),
        };
        writeln!(to, "today     {} bytes came, {} went{most}", today.received, today.sent)?;
        writeln!(to, "month     {} bytes came, {} went", month.received, month.sent)?;
        if *spent {
            writeln!(to, "          nothing is done for others until the next day (UTC)")?;
        }
        if self.traffic.carried > 0 {
            writeln!(to, "relayed   {} connections between others", self.traffic.carried)?;
        }
        for alarm in &self.alarms {
            writeln!(to, "ALARM     {}\n          -> {}", alarm.says, alarm.hint)?;
        }
        Ok(())
    }
}
