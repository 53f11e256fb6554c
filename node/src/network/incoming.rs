//! What the network tells the node.

use super::peer::{Address, Peer, Prefix};

/// One thing that happened. Bytes in it are unread, and within their bound.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "each variant's sentence names its fields")]
pub enum Incoming {
    /// The first connection to `peer` stands, or the first that is not relayed; its other end lies in
    /// `prefix`, and `outbound` says that this node chose it.
    Connected { peer: Peer, prefix: Prefix, outbound: bool },
    /// The last connection to `peer` is gone.
    Disconnected { peer: Peer },
    /// Nobody could be reached at `address`.
    Unreachable { address: Address },
    /// `peer` relayed `bytes` under `topic`. They wait, under `token`, for [`super::Network::judge`].
    Gossip { token: u64, peer: Peer, topic: String, bytes: Vec<u8> },
    /// `peer` asks `bytes` and waits, under `token`, for [`super::Network::respond`].
    Request { token: u64, peer: Peer, bytes: Vec<u8> },
    /// What this node asked `peer` as `id` was answered, or was not.
    Response { id: u64, peer: Peer, result: Result<Vec<u8>, ExchangeError> },
    /// What was looked for in the DHT as `id`: the values found, the one that most corners of the internet
    /// gave first, from `answered` peers that were asked on up to `paths` disjoint paths.
    Located { id: u64, values: Vec<Value>, answered: u32, paths: u32 },
    /// What was put into the DHT as `id` was read back from `holders` other peers.
    Provided { id: u64, holders: u32 },
    /// `peer` wants `value` held under `key`: [`super::Network::keep`] does, once it is verified.
    Offered { peer: Peer, key: Vec<u8>, value: Vec<u8> },
    /// This node can be reached at `address` from now on.
    Listening { address: Address },
    /// This node can no longer be reached at `address`.
    Silent { address: Address },
    /// Somebody in the local network says to be `peer` at `address`.
    Discovered { peer: Peer, address: Address },
    /// `peer` broke a rule that needs no reading to be seen.
    Faulted { peer: Peer, fault: Fault },
}

/// A value that others hold for the DHT, unread.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value {
    /// The value.
    pub bytes: Vec<u8>,
    /// Some of those who gave it, each in another corner of the internet.
    pub holders: Vec<Peer>,
    /// In how many corners those are who gave it.
    pub corners: usize,
}

/// Why a request has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ExchangeError {
    /// No address of the peer is known, or none of them answers.
    #[error("the peer cannot be reached")]
    Unreachable,
    /// The peer did not answer in time.
    #[error("the peer did not answer in time")]
    TimedOut,
    /// The connection ended before the answer.
    #[error("the connection was closed before the answer")]
    Closed,
    /// The peer speaks no version of the protocol that this node speaks.
    #[error("the peer does not speak this network's exchange protocol")]
    Unsupported,
    /// The answer is larger than any may be. Fault of the peer.
    #[error("the answer is larger than any may be")]
    AnswerTooLarge,
    /// The question is larger than any may be. Our own fault.
    #[error("the question is larger than any may be")]
    QuestionTooLarge,
    /// Too many questions are open already. Our own fault.
    #[error("too many questions are open already")]
    Busy,
}

/// What a peer did that no honest node does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It asked more than any question may hold.
    OversizedQuestion,
    /// It asked more questions at once than anybody may.
    TooManyQuestions,
    /// It sent more under a topic than any announcement may hold.
    OversizedGossip,
    /// It is of another network.
    ForeignNetwork,
    /// It offered the DHT more than any record may hold.
    OversizedRecord,
}

/// Why nobody was told. Nobody's fault but, for the size, our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PublishError {
    /// No peer listens to the topic yet; try again once there is one.
    #[error("no peer listens to the topic")]
    NoListeners,
    /// The announcement is larger than any may be.
    #[error("the announcement is larger than any may be")]
    TooLarge,
    /// Every peer's queue is full.
    #[error("every peer's queue is full")]
    Busy,
}
