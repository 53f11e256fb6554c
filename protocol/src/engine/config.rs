//! What an engine is told once, when it is made.

use super::directory::Listing;
use crate::did::Scid;
use crate::key::{PublicKey, SecretKey};
use crate::time::Timestamp;
use crate::wire::network::Parameters;
use std::collections::BTreeSet;

/// The settings of one node.
#[derive(Debug, Clone)]
pub struct Config {
    /// What all nodes of the network agree on.
    pub network: Parameters,
    /// The key behind this node's PeerId: it signs our time and our receipts.
    pub node_key: SecretKey,
    /// What this node does for others.
    pub role: Role,
    /// The key of the witness role, if the node offers it.
    pub witness: Option<SecretKey>,
    /// Whether what this node holds came out of a backup: as a witness it may have cosigned more than it
    /// remembers, and asks what the network holds of an identity before it cosigns an entry of it.
    pub restored: bool,
    /// Attestors the owner trusts to vouch for others: identities they vouch for come first.
    pub trust: BTreeSet<Scid>,
    /// Witnesses whose freshness is asked for when an identity names none of its own.
    pub witnesses: BTreeSet<PublicKey>,
    /// Identities that are this node's own: their objects are never evicted, and what happens to
    /// them without a command is told.
    pub own: BTreeSet<Scid>,
    /// How many bytes of heads are held, everything counted that a held head costs.
    pub head_budget: u64,
    /// How many bytes a day, both ways together, are enough: beyond them nothing is done for others. None
    /// for as many as it takes.
    pub traffic: Option<u64>,
    /// How many peers are sought, and how many are let in.
    pub peers: PeerRange,
}

/// What a node does for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Holds every head it has room for, keeps what others deposit, announces its own by gossip.
    Keeper,
    /// Holds a few shards and what it watches, and deposits its own with keepers: a home.
    Home,
}

/// How many peers are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerRange {
    /// Below this, more are sought.
    pub low: usize,
    /// Above this, the worst are let go.
    pub high: usize,
}

/// Enough for a mesh of six and three address prefixes, few enough for a home.
impl Default for PeerRange {
    fn default() -> Self {
        Self { low: 24, high: 32 }
    }
}

/// What a node remembers from before it stopped.
#[derive(Debug, Clone, Default)]
pub struct Snapshot {
    /// The highest seen of every identity: nothing lower is ever accepted again.
    pub highest: Vec<Highest>,
    /// What is held of each identity.
    pub listings: Vec<Listing>,
    /// Until when objects of others are promised to be kept.
    pub promises: Vec<(Scid, Timestamp)>,
    /// The status lists that are followed: whose, which, and the hash of the list they began with.
    pub lists: Vec<(Scid, u64, [u8; 32])>,
    /// The hash of each fork proof held, and the identity it is about.
    pub forks: Vec<(Scid, [u8; 32])>,
    /// The newest profile of each attestor: its hash and when it was made.
    pub profiles: Vec<(Scid, [u8; 32], Timestamp)>,
    /// When this node, or its owner's keys, last signed anything.
    pub signed: Option<Timestamp>,
    /// What was spent on the network.
    pub traffic: Option<super::traffic::Book>,
}

/// The highest seen of one identity: 80 bytes with its name, and the one thing about others that
/// must never be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Highest {
    /// Whose.
    pub scid: Scid,
    /// The number of the newest entry that stands.
    pub number: u64,
    /// The hash of that entry.
    pub digest: [u8; 32],
    /// The sequence of the newest head at that entry.
    pub sequence: u64,
}
