//! What can happen to a node.

use super::command::Command;
use super::effect::{Fault, Loaded};
use super::traffic::Bytes;
use crate::time::Timestamp;
use crate::wire::peer::Peer;

/// Something happened; [`Engine::handle`](super::Engine::handle) says what to do.
#[derive(Debug, Clone)]
pub enum Event {
    /// The node starts; comes once, before all others.
    Start,
    /// A peer is connected: once a peer, whatever the number of connections, and once more when
    /// one that was relayed is met directly.
    Connected {
        /// Who it is, proved by the handshake.
        peer: Peer,
        /// Which part of the address space it is in.
        prefix: Prefix,
        /// We chose it; an attacker cannot choose to be among these.
        outbound: bool,
    },
    /// The last connection to a peer is gone.
    Disconnected {
        /// Who it was.
        peer: Peer,
    },
    /// A message of gossip waits for its [`Judge`](super::effect::Effect::Judge).
    Gossip {
        /// What the judgement has to repeat.
        token: u64,
        /// Who relayed it to us; messages have no author.
        peer: Peer,
        /// The topic's full name.
        topic: String,
        /// The message.
        bytes: Vec<u8>,
    },
    /// A peer asks something and waits for its [`Respond`](super::effect::Effect::Respond).
    Request {
        /// What the response has to repeat.
        token: u64,
        /// Who asks.
        peer: Peer,
        /// A request of the exchange protocol.
        bytes: Vec<u8>,
    },
    /// A peer answered what [`Effect::Request`](super::effect::Effect::Request) asked.
    Response {
        /// The id of the request.
        id: u64,
        /// A response of the exchange protocol, or why there is none.
        outcome: Result<Vec<u8>, Failure>,
    },
    /// The DHT answered what [`Effect::Locate`](super::effect::Effect::Locate) asked.
    Located {
        /// The id of the request.
        id: u64,
        /// The sealed heads found, unverified, perhaps none; each of them once.
        heads: Vec<Located>,
        /// How many disjoint paths were walked.
        paths: u32,
    },
    /// A peer wants this node to hold a record for the DHT; nothing of it was looked at.
    Offered {
        /// Who offers it.
        peer: Peer,
        /// A sealed head, if it is anything this node holds.
        head: Vec<u8>,
    },
    /// A peer broke a rule that needs no reading to be seen; what it sent is not here.
    Faulted {
        /// Who did.
        peer: Peer,
        /// What it did.
        fault: Fault,
    },
    /// The disk answered what [`Effect::Load`](super::effect::Effect::Load) asked.
    Loaded {
        /// The id of the request.
        id: u64,
        /// What is there.
        loaded: Loaded,
    },
    /// The user, or a program of the user's, wants something.
    Command {
        /// What the [`Answer`](super::effect::Effect::Answer) has to repeat.
        id: u64,
        /// What is wanted.
        command: Command,
    },
    /// How many bytes went to peers and came from them since the start: every second or so.
    Traffic(Bytes),
    /// Time passed: at least every second, better every 250 ms.
    Tick,
    /// The node is about to stop: nothing follows.
    Stop,
}

/// A head that the DHT gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Located {
    /// The sealed head, unverified.
    pub head: Vec<u8>,
    /// Nodes that hold it, which are asked for the log; each has another prefix.
    pub holders: Vec<Peer>,
    /// How many prefixes those are in who gave it, named above or not.
    pub corners: usize,
}

/// What the two clocks show while an event is handled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// The clock on the wall: what documents are compared with. It may be wrong and may jump.
    pub wall: Timestamp,
    /// Milliseconds of a clock that only goes forward: what deadlines are measured by.
    pub monotonic_ms: u64,
}

/// Names a part of the address space that one party may well hold as a whole.
///
/// The network makes it: the first 16 bits of an IPv4 address, the first 32 of an IPv6 address. On
/// loopback and in memory, where addresses say nothing, each peer gets a prefix of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Prefix(pub u64);

impl Prefix {
    /// Where all peers are that only a relay leads to. Names behind a relay cost nothing, so all of
    /// them together are one opinion, and none of them has the prefix of its relay.
    pub const RELAYED: Self = Self(0x0001_0000_0000_0000);
}

/// Why a request has no response.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Failure {
    /// Nothing came in time.
    #[error("no answer in time")]
    TimedOut,
    /// The peer went away, or could not be reached.
    #[error("the peer is not connected")]
    Disconnected,
    /// The peer does not speak the exchange protocol of this network.
    #[error("the peer does not speak this protocol")]
    Unsupported,
    /// It was not asked: too much is open already, or the question is too large. Our own fault.
    #[error("the question was not asked")]
    Busy,
    /// What came was larger than a response may be. Fault of the peer.
    #[error("the answer could not be read")]
    Unreadable,
}
