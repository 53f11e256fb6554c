//! Numbers about the network, for whoever watches the node.

/// Counts what happened since the start, and what there is now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Metrics {
    /// Peers connected now.
    pub peers: usize,
    /// Of these, peers that only a relay leads to.
    pub relayed: usize,
    /// Messages of gossip that wait for a verdict now.
    pub undecided: usize,
    /// Questions open now, both ways.
    pub open_questions: usize,
    /// Look-ups in the DHT that run now.
    pub lookups: usize,
    /// Records held for the DHT now.
    pub records: usize,
    /// Messages of gossip heard, each once.
    pub gossip_heard: u64,
    /// Messages of gossip published.
    pub gossip_published: u64,
    /// Messages of gossip accepted and passed on.
    pub gossip_accepted: u64,
    /// Messages of gossip refused, at a cost to their sender.
    pub gossip_rejected: u64,
    /// Questions heard.
    pub questions_heard: u64,
    /// Questions asked.
    pub questions_asked: u64,
    /// Rules broken by peers in ways that need no reading.
    pub faults: u64,
    /// Peers that came through a relay and were then met directly.
    pub met: u64,
    /// Circuits carried for others.
    pub carried: u64,
    /// Bytes that came from peers.
    pub received: u64,
    /// Bytes that went to peers.
    pub sent: u64,
}
