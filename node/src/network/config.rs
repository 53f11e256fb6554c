//! What a node wants of the network, and why it could not start.

use super::peer::Address;
use countersign_protocol::key::SecretKey;
use libp2p::TransportError;
use libp2p::multiaddr::Protocol;
use std::io::{self, ErrorKind};
use std::net::{IpAddr, TcpListener, UdpSocket};

/// Says how a node takes part.
#[derive(Debug, Clone)]
pub struct Config {
    /// The network's id: peers of another network are not talked to.
    pub network: String,
    /// The key behind the node's name; none for a fresh one, as homes have it at each start.
    pub key: Option<SecretKey>,
    /// Where to listen; nowhere is allowed.
    pub listen: Vec<Address>,
    /// Where others reach this node, if the owner knows: makes it serve the DHT.
    pub external: Vec<Address>,
    /// Whom to dial first, and again for as long as next to nobody is connected.
    pub first_peers: Vec<Address>,
    /// The topics of gossip.
    pub topics: Topics,
    /// What the node is for others.
    pub role: Role,
    /// How many peers to keep.
    pub max_peers: usize,
    /// Whether to look for peers in the local network.
    pub mdns: bool,
    /// Whether peers on this very computer are real peers: only in testnets. They are then not
    /// punished for sharing an address, and their addresses are told on.
    pub loopback: bool,
    /// Whether to hold records of the DHT.
    pub dht: Dht,
    /// Tells whether the second value of one key is newer than the first: a record never goes back.
    pub newer: fn(&[u8], &[u8]) -> bool,
    /// The share of this computer's memory, 1 being all of it, above which no further connection is taken.
    pub memory: f64,
    /// Whether to find out how others reach this node, to be reached through relays where they
    /// cannot, and to meet directly whoever comes through one.
    pub reach: bool,
    /// Whether to relay for others.
    pub relay: Relay,
}

impl Config {
    /// Makes the settings of a full node of `network`, listening nowhere yet.
    #[must_use]
    pub fn new(network: impl Into<String>) -> Self {
        Self {
            network: network.into(),
            key: None,
            listen: Vec::new(),
            external: Vec::new(),
            first_peers: Vec::new(),
            topics: Topics::default(),
            role: Role::Full,
            max_peers: MAX_PEERS,
            mdns: false,
            loopback: false,
            dht: Dht::Automatic,
            newer: |_, _| false,
            memory: MEMORY,
            reach: false,
            relay: Relay::Never,
        }
    }
}

/// A node needs a few hundred megabytes on a bad day; one that takes half of everything is being filled.
const MEMORY: f64 = 0.5;

/// Names the topics of gossip. The network knows them as text alone.
#[derive(Debug, Clone, Default)]
pub struct Topics {
    /// Every topic there is in the network: others are never heard of.
    pub all: Vec<String>,
    /// Those this node listens to from the start.
    pub joined: Vec<String>,
}

/// Says what a node is for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A home: it deposits its objects with others, and never announces one to everybody at once,
    /// because whoever hears it first would know where it came from.
    Home,
    /// A node that holds and relays what it can.
    Full,
}

/// Says whether a node holds records of the DHT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dht {
    /// It asks, and serves from when it is known to be reachable.
    Automatic,
    /// It only asks.
    Client,
    /// It serves from the start.
    Server,
}

/// Says whether a node relays for others who cannot reach each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relay {
    /// It does not.
    Never,
    /// It does from when others reach it directly.
    WhenReachable,
    /// It does from the start.
    Always,
}

/// The network could not be started. Fault of the settings or of this computer.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum StartError {
    /// The id is no short lower-case word.
    #[error("`{id}` is not the id of a network: 1 to 32 of a-z, 0-9 and -")]
    Network { id: String },
    /// The key cannot be used for a node.
    #[error("the node's key cannot be used")]
    Key,
    /// Noise, which encrypts connections, did not start.
    #[error("encryption did not start")]
    Encryption(#[source] libp2p::noise::Error),
    /// The settings of gossip contradict each other.
    #[error("gossip did not start: {reason}")]
    Gossip { reason: String },
    /// Peers would be trusted without being scored.
    #[error("the scoring of peers did not start: {reason}")]
    Scoring { reason: String },
    /// A topic could not be joined.
    #[error("`{topic}` is not a topic of this network")]
    Topic { topic: String },
    /// The local network cannot be searched.
    #[error("peers in the local network cannot be searched for")]
    Mdns(#[source] io::Error),
    /// The address is in use, or not this computer's.
    #[error("cannot listen on {address}: {}", said(source))]
    Listen {
        address: Address,
        #[source]
        source: TransportError<io::Error>,
    },
}

impl StartError {
    /// Tells whether somebody else listens where this node would. QUIC's transport says it in words alone, so the
    /// system is asked once more.
    pub(crate) fn is_taken(&self) -> bool {
        let Self::Listen { address, source: TransportError::Other(cause) } = self else {
            return false;
        };
        let asked = || match place(address)? {
            (ip, Protocol::Udp(port)) => UdpSocket::bind((ip, port)).err(),
            _ => None,
        };
        let taken = |cause: &io::Error| cause.kind() == ErrorKind::AddrInUse;
        taken(cause) || asked().is_some_and(|cause| taken(&cause))
    }
}

/// Gives what of an error is said: the transport says nothing of what the system told it.
fn said(error: &TransportError<io::Error>) -> &dyn core::fmt::Display {
    match error {
        TransportError::MultiaddrNotSupported(_) => error,
        TransportError::Other(cause) => cause,
    }
}

/// Tells whether nobody else listens on `address`. The transport lets several share a port of TCP, and then
/// the connections of one end at another.
pub(super) fn check_free(address: &Address) -> Result<(), StartError> {
    let Some((ip, Protocol::Tcp(port))) = place(address) else { return Ok(()) };
    match TcpListener::bind((ip, port)) {
        Err(error) if error.kind() == ErrorKind::AddrInUse => {
            let source = TransportError::Other(error);
            Err(StartError::Listen { address: address.clone(), source })
        }
        Ok(_) | Err(_) => Ok(()),
    }
}

/// Gives the computer and the port an address begins with.
fn place(address: &Address) -> Option<(IpAddr, Protocol<'_>)> {
    let mut parts = address.0.iter();
    match parts.next()? {
        Protocol::Ip4(ip) => Some((ip.into(), parts.next()?)),
        Protocol::Ip6(ip) => Some((ip.into(), parts.next()?)),
        _ => None,
    }
}

/// Tells whether `id` can name a network.
pub(super) fn is_network_id(id: &str) -> bool {
    (1..=32).contains(&id.len())
        && id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

/// Peers a node keeps: enough that the mesh of gossip (6) and three opinions from different
/// corners survive the loss of half of them, few enough for a home's router.
pub const MAX_PEERS: usize = 28;
