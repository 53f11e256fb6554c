//! The only libp2p in the project: bytes out to peers, bytes in from them.
//!
//! This room knows peers, topics and frames, and nothing of what is in them. It announces
//! ([`Network::publish`]), delivers ([`Network::request`], [`Network::respond`]), looks up as a
//! fallback ([`Network::locate`], [`Network::put`]), and says what happened ([`Network::next`]). Who is
//! believed is decided elsewhere and comes back as [`Network::judge`] and [`Network::ban`].
//!
//! One task owns a [`Network`]; nothing in it waits for a disk, a verification or another lock.
//! Everything it keeps has a bound, which stands beside it with its reason.

mod behaviour;
pub mod config;
mod dht;
mod direct;
mod errands;
mod exchange;
mod gate;
mod gossip;
mod heard;
pub mod incoming;
mod linger;
pub mod metrics;
pub mod peer;
mod peers;
pub mod reach;
mod records;
mod streams;
#[cfg(test)]
mod tests;
mod translation;
pub mod transport;

use self::behaviour::{Behaviour, Protocols};
use self::config::{Config, Dht, Relay, StartError};
use self::dht::Lookups;
use self::exchange::Exchanges;
use self::gossip::Undecided;
use self::incoming::{Fault, Incoming, PublishError};
use self::metrics::Metrics;
use self::peer::{Address, Peer, Prefix};
use self::peers::Peers;
use self::reach::{Reach, Relays};
use self::streams::Tally;
use countersign_protocol::verdict::Verdict;
use countersign_protocol::wire::bounds;
use futures::StreamExt as _;
use libp2p::core::upgrade::Version;
use libp2p::identity::Keypair;
use libp2p::kad::store::RecordStore as _;
use libp2p::kad::{Record, RecordKey};
use libp2p::swarm::Swarm;
use libp2p::swarm::dial_opts::DialOpts;
use libp2p::{gossipsub, identify, relay};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::{Interval, MissedTickBehavior, interval};

/// The network as one node has it.
pub struct Network {
    swarm: Swarm<Behaviour>,
    protocols: Protocols,
    config: Config,
    undecided: Undecided,
    exchanges: Exchanges,
    lookups: Lookups,
    peers: Peers,
    /// Whom to dial, and where, as soon as nothing is left of their connections.
    again: BTreeMap<Peer, Address>,
    relays: Relays,
    /// What [`Self::next`] says before it looks for more: answers that were known at once.
    ready: VecDeque<Incoming>,
    tick: Interval,
    counted: Metrics,
    tally: Tally,
    /// Whether it carries connections between others and serves the DHT.
    lends: bool,
    blocked: watch::Sender<BTreeSet<Peer>>,
    block: watch::Receiver<BTreeSet<Peer>>,
}

impl Network {
    /// Starts over TCP and QUIC, and begins to listen.
    ///
    /// # Errors
    ///
    /// Returns [`StartError`] if the settings or this computer do not allow it.
    pub fn start(config: Config) -> Result<Self, StartError> {
        let key = keypair(&config)?;
        let transport = transport::internet(&config, &key)?;
        Self::start_over(transport, &key, config)
    }

    /// Starts over `transport`, whose connections `key` authenticates.
    ///
    /// # Errors
    ///
    /// Returns [`StartError`] if the settings or this computer do not allow it.
    pub fn start_over(
        transport: transport::Secure,
        key: &Keypair,
        config: Config,
    ) -> Result<Self, StartError> {
        if !config::is_network_id(&config.network) {
            return Err(StartError::Network { id: config.network });
        }
        let protocols = Protocols::new(&config.network)?;
        let tally = Tally::default();
        // Below the circuits: what comes through a relay is counted on the way from the relay.
        let transport = tally.count(transport);
        let (transport, circuits) = match config.reach {
            true => {
                let (both, circuits) = transport::with_circuits(transport, &config.network, key)?;
                (both, Some(circuits))
            }
            false => (transport, None),
        };
        let behaviour = Behaviour::new(&config, &protocols, key, circuits)?;
        // Whether a connection is of use is for this node to say, not for a clock.
        let settings = libp2p::swarm::Config::with_tokio_executor()
            .with_idle_connection_timeout(Duration::from_secs(24 * 60 * 60))
            // A question goes out with the name of its protocol, and not a round trip after it.
            .with_substream_upgrade_protocol_override(Version::V1Lazy);
        let mut swarm = Swarm::new(transport, behaviour, key.public().to_peer_id(), settings);
        // Before the first is listened on: what stands for every address of IPv6 takes in those of IPv4.
        config.listen.iter().try_for_each(config::check_free)?;
        for address in &config.listen {
            let listening = swarm.listen_on(address.0.clone());
            listening.map_err(|source| StartError::Listen { address: address.clone(), source })?;
        }
        for address in &config.external {
            swarm.add_external_address(address.0.clone());
        }
        let mut tick = interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (blocked, block) = watch::channel(BTreeSet::new());
        let mut network = Self {
            relays: Relays::new(&config),
            swarm,
            protocols,
            config,
            undecided: Undecided::default(),
            exchanges: Exchanges::default(),
            lookups: Lookups::default(),
            peers: Peers::default(),
            again: BTreeMap::new(),
            ready: VecDeque::new(),
            tick,
            counted: Metrics::default(),
            tally,
            lends: true,
            blocked,
            block,
        };
        network.reached();
        network.dial_first_peers();
        Ok(network)
    }

    fn dial_first_peers(&mut self) {
        // Those behind a relay are met once the relay is connected.
        for address in self.config.first_peers.clone() {
            if !address.is_relayed() {
                self.dial(&address);
            }
        }
    }

    /// Waits for the next thing that happens.
    ///
    /// Dropping the future loses nothing: what it would have said, the next one says.
    pub async fn next(&mut self) -> Incoming {
        loop {
            if let Some(incoming) = self.ready.pop_front() {
                return incoming;
            }
            tokio::select! {
                biased;
                // The other end is held by this very node, so it is never gone.
                Ok(()) = self.block.changed() => self.obey_block_list(),
                _ = self.tick.tick() => self.keep_house(),
                event = self.swarm.select_next_some() => {
                    if let Some(incoming) = self.translate(event) {
                        return incoming;
                    }
                }
            }
        }
    }

    /// Tells the mesh what the node made of a message of gossip: accepted ones travel on, and
    /// whoever sent a rejected one pays for it. A token that is no longer known is ignored.
    pub fn judge(&mut self, token: u64, verdict: Verdict) {
        match verdict {
            Verdict::Accept => self.counted.gossip_accepted += 1,
            Verdict::Reject => self.counted.gossip_rejected += 1,
            Verdict::Ignore => {}
        }
        self.undecided.judge(&mut self.swarm.behaviour_mut().gossip, token, verdict);
    }

    /// Announces `bytes` to everybody who listens to `topic`. Announcing again what was announced a
    /// moment ago does nothing.
    ///
    /// # Errors
    ///
    /// Returns [`PublishError`] if nobody was told.
    pub fn publish(&mut self, topic: &str, bytes: Vec<u8>) -> Result<(), PublishError> {
        if bytes.len() > bounds::GOSSIP {
            return Err(PublishError::TooLarge);
        }
        let gossip = &mut self.swarm.behaviour_mut().gossip;
        match gossip.publish(gossip::topic(topic), bytes) {
            Ok(_) => {
                self.counted.gossip_published += 1;
                Ok(())
            }
            Err(gossipsub::PublishError::Duplicate) => Ok(()),
            Err(gossipsub::PublishError::NoPeersSubscribedToTopic) => {
                Err(PublishError::NoListeners)
            }
            Err(gossipsub::PublishError::MessageTooLarge) => Err(PublishError::TooLarge),
            // Nothing is signed or transformed, so only full queues are left.
            Err(_) => Err(PublishError::Busy),
        }
    }

    /// Begins to listen to `topic`; tells whether that is a topic of the network.
    pub fn join(&mut self, topic: &str) -> bool {
        self.swarm.behaviour_mut().gossip.subscribe(&gossip::topic(topic)).is_ok()
    }

    /// Asks `peer`. An [`Incoming::Response`] with this `id` follows in any case. Who is not
    /// connected is dialled, where an address is known.
    pub fn request(&mut self, id: u64, peer: Peer, bytes: Vec<u8>) {
        self.counted.questions_asked += 1;
        let refused = self.exchanges.ask(self.swarm.behaviour_mut(), id, peer, bytes);
        self.ready.extend(refused);
    }

    /// Answers what [`Incoming::Request`] asked under `token`. A token that is no longer known is
    /// ignored: the asker gave up.
    pub fn respond(&mut self, token: u64, bytes: Vec<u8>) {
        self.exchanges.answer(self.swarm.behaviour_mut(), token, bytes);
    }

    /// Looks for `key` in the DHT. An [`Incoming::Located`] with this `id` follows in any case.
    pub fn locate(&mut self, id: u64, key: &[u8]) {
        let refused = self.lookups.locate(&mut self.swarm.behaviour_mut().dht, id, key);
        self.ready.extend(refused);
    }

    /// Puts `value` under `key` into the DHT and reads it back, after what was put before where many are.
    /// An [`Incoming::Provided`] with this `id` follows in any case.
    pub fn put(&mut self, id: u64, key: &[u8], value: Vec<u8>) {
        let refused = self.lookups.put(&mut self.swarm.behaviour_mut().dht, id, key, value);
        self.ready.extend(refused);
    }

    /// Holds for the DHT what a peer offered and the node verified; tells whether it is held. It
    /// is not where something newer, or only nearer records, have the place.
    pub fn keep(&mut self, key: &[u8], value: Vec<u8>) -> bool {
        let record = Record::new(RecordKey::new(&key), value);
        self.swarm.behaviour_mut().dht.store_mut().put(record).is_ok()
    }

    /// Begins to connect to `address`. Either [`Incoming::Connected`] or
    /// [`Incoming::Unreachable`] follows, unless the peer it names is connected already.
    pub fn dial(&mut self, address: &Address) {
        if !self.peers.may_dial() {
            self.ready.push_back(Incoming::Unreachable { address: address.clone() });
            return;
        }
        let options = match address.peer() {
            // Not once more where there is a connection, or will be one in a moment.
            Some(peer) => DialOpts::peer_id(peer.0).addresses(vec![address.0.clone()]).build(),
            None => DialOpts::from(address.0.clone()),
        };
        let connection = options.connection_id();
        match self.swarm.dial(options) {
            Ok(()) => self.peers.dialling(connection, address.clone()),
            Err(libp2p::swarm::DialError::DialPeerConditionFalse(_)) => {}
            Err(_) => self.ready.push_back(Incoming::Unreachable { address: address.clone() }),
        }
    }

    /// Dials up to `most` peers this node has heard of and is not connected to, and asks the DHT for
    /// more when it has heard of too few.
    pub fn seek(&mut self, most: usize) {
        // When the node started, this computer may not have been connected, or they may not have run.
        if self.peers.direct() < FEW {
            self.dial_first_peers();
            self.relays.meet_again(&self.config);
        }
        let found = self.lookups.seek(&mut self.swarm.behaviour_mut().dht, most);
        self.approach(found);
    }

    /// Carries connections between others and serves the DHT, as the settings say, or leaves that for
    /// now. What is under way runs to its end, which is near.
    pub fn lend(&mut self, on: bool) {
        self.lends = on;
        self.offer_relay();
        let mode = if on { dht::mode(self.config.dht) } else { dht::mode(Dht::Client) };
        self.swarm.behaviour_mut().dht.set_mode(mode);
    }

    /// Ends every connection to `peer`.
    pub fn disconnect(&mut self, peer: Peer) {
        // Nobody there is what was wanted.
        let _absent = self.swarm.disconnect_peer_id(peer.0).is_err();
    }

    /// Ends every connection to `peer` and takes none for that long.
    pub fn ban(&mut self, peer: Peer, how_long: Duration) {
        self.peers.ban(self.swarm.behaviour_mut(), peer, how_long);
    }

    /// Gives the list of peers this node has nothing to do with, as its owner wants it: a connection
    /// with one of them ends, and none begins, until the list says something else.
    #[must_use]
    pub fn block_list(&self) -> watch::Sender<BTreeSet<Peer>> {
        self.blocked.clone()
    }

    fn obey_block_list(&mut self) {
        let wanted = self.block.borrow_and_update().clone();
        if self.peers.block(self.swarm.behaviour_mut(), wanted) {
            // Who may come again is not known to whoever was told to stay away.
            self.dial_first_peers();
        }
    }

    /// Gives this node's name.
    #[must_use]
    pub fn local_peer(&self) -> Peer {
        Peer(*self.swarm.local_peer_id())
    }

    /// Lists where this node can be reached: what is known to work, then where it listens.
    pub fn addresses(&self) -> impl Iterator<Item = Address> {
        // What a relay says of itself is not believed: the place with it is known to work.
        let here = self.swarm.listeners().cloned().map(Address).filter(|it| !it.is_relayed());
        let here = here.filter(|it| self.reached_at().all(|other| other != *it));
        self.reached_at().chain(here)
    }

    /// Lists where others are known to reach this node: what its owner said, what a peer tried, and
    /// places with relays.
    pub fn reached_at(&self) -> impl Iterator<Item = Address> {
        self.swarm.external_addresses().cloned().map(Address)
    }

    /// Says how others reach this node.
    #[must_use]
    pub fn reach(&self) -> Reach {
        self.relays.reach(self.swarm.external_addresses())
    }

    /// Lists the connected peers, and the corner of the internet each is in.
    pub fn peers(&self) -> impl Iterator<Item = (Peer, Prefix)> {
        self.peers.iter()
    }

    /// Sets what the node thinks of `peer`, which the mesh adds to what it thinks itself: nothing
    /// is good, less is bad, below -10 it hears no gossip and below -80 it is not heard.
    pub fn rate(&mut self, peer: Peer, score: f64) {
        self.swarm.behaviour_mut().gossip.set_application_score(&peer.0, score);
    }

    /// Gives what the mesh thinks of `peer`: nothing is good, less is bad.
    #[must_use]
    pub fn score(&self, peer: Peer) -> f64 {
        self.swarm.behaviour().gossip.peer_score(&peer.0).unwrap_or_default()
    }

    /// Counts.
    pub fn metrics(&mut self) -> Metrics {
        Metrics {
            peers: self.peers.len(),
            relayed: self.peers.len().saturating_sub(self.peers.direct()),
            undecided: self.undecided.len(),
            open_questions: self.exchanges.len(),
            lookups: self.lookups.len(),
            records: self.swarm.behaviour_mut().dht.store_mut().len(),
            received: self.tally.received(),
            sent: self.tally.sent(),
            ..self.counted
        }
    }

    /// Does what has to be done now and then.
    fn keep_house(&mut self) {
        let behaviour = self.swarm.behaviour_mut();
        self.peers.lift_bans(behaviour);
        self.lookups.try_again(&mut behaviour.dht);
        self.lookups.end_what_heard_enough(&mut behaviour.dht);
        self.ready.extend(self.lookups.put_next(&mut behaviour.dht));
        behaviour.dht.store_mut().expire();
        let exchanges = &self.exchanges;
        let surplus = self.peers.surplus(self.swarm.behaviour(), self.config.max_peers, |peer| {
            exchanges.involves(peer)
        });
        for peer in surplus {
            self.disconnect(peer);
        }
        for connection in self.peers.outdated() {
            self.swarm.close_connection(connection);
        }
        self.reserve();
        if let Some(address) = self.relays.meet() {
            self.dial(&address);
        }
    }

    /// Reserves a place with a relay, where one is needed and offered.
    fn reserve(&mut self) {
        let Some((address, peer, prefix)) = self.relays.next(self.reach()) else { return };
        match self.swarm.listen_on(address) {
            Ok(listener) => self.relays.asked(listener, peer, prefix),
            Err(_) => self.relays.refuses(peer),
        }
    }

    /// Relays for others from when they reach this node directly.
    fn reached(&mut self) {
        let reach = self.reach();
        tracing::info!(?reach, "how others reach this node");
        self.offer_relay();
    }

    fn offer_relay(&mut self) {
        let is_asked = match self.config.relay {
            Relay::Never => false,
            Relay::WhenReachable => self.reach() == Reach::Direct,
            Relay::Always => true,
        };
        let offers = self.lends && is_asked;
        if let Some(relay) = self.swarm.behaviour_mut().relay.as_mut() {
            let status = if offers { relay::Status::Enable } else { relay::Status::Disable };
            relay.set_status(Some(status));
        }
    }

    /// Ends every connection to `peer`, and dials it again where this node had dialled it.
    fn begin_anew(&mut self, peer: Peer) {
        self.again.extend(self.peers.dialled_at(peer).map(|address| (peer, address)));
        self.disconnect(peer);
    }

    /// Gives the corner `peer` is in. In a testnet all are on one computer, each in its own corner.
    fn prefix(&self, peer: Peer, address: Address) -> Prefix {
        match self.config.loopback && address.is_loopback() {
            true => Prefix::own(peer),
            false => address.prefix(),
        }
    }

    /// Dials those of `found` that are not connected.
    fn approach(&mut self, found: Vec<(Peer, Vec<Address>)>) {
        for (peer, addresses) in found {
            if peer == self.local_peer() || !self.peers.may_dial() {
                continue;
            }
            let loopback = self.config.loopback;
            let useful = addresses.into_iter().filter(|it| loopback || !it.is_loopback());
            let addresses = useful.take(MOST_ADDRESSES).map(|address| address.0).collect();
            let options = DialOpts::peer_id(peer.0).addresses(addresses).build();
            // Connected already, or no room: both are fine.
            let _refused = self.swarm.dial(options).is_err();
        }
    }

    fn heard(
        &mut self,
        source: libp2p::PeerId,
        id: gossipsub::MessageId,
        message: gossipsub::Message,
    ) -> Incoming {
        self.counted.gossip_heard += 1;
        let token = self.undecided.keep(&mut self.swarm.behaviour_mut().gossip, id, source);
        let peer = Peer(source);
        if message.data.len() > bounds::GOSSIP {
            self.judge(token, Verdict::Reject);
            self.counted.faults += 1;
            return Incoming::Faulted { peer, fault: Fault::OversizedGossip };
        }
        Incoming::Gossip { token, peer, topic: message.topic.into_string(), bytes: message.data }
    }

    /// Learns what a peer serves and where, or finds that it is of another network.
    fn identified(&mut self, peer: Peer, info: identify::Info) -> Option<Incoming> {
        if info.protocol_version != self.protocols.network {
            self.disconnect(peer);
            self.counted.faults += 1;
            return Some(Incoming::Faulted { peer, fault: Fault::ForeignNetwork });
        }
        if self.peers.lives(peer, info.agent_version.clone()) {
            // Its connections from before would take what it should hear until they time out.
            self.begin_anew(peer);
            return None;
        }
        self.relays.introduced(peer, &info, self.peers.dialled_at(peer));
        if info.protocols.contains(&self.protocols.dht) {
            let loopback = self.config.loopback;
            let useful = info
                .listen_addrs
                .into_iter()
                .filter(|it| !direct::is_circuit(it))
                .filter(|it| loopback || !Address(it.clone()).is_loopback());
            for address in useful.take(MOST_ADDRESSES) {
                self.swarm.behaviour_mut().dht.add_address(&peer.0, address);
            }
        }
        None
    }
}

/// Gives the node's key, or a fresh one.
fn keypair(config: &Config) -> Result<Keypair, StartError> {
    match &config.key {
        Some(key) => {
            Keypair::ed25519_from_bytes(key.seed().as_mut_slice()).map_err(|_| StartError::Key)
        }
        None => Ok(Keypair::generate_ed25519()),
    }
}

/// How often the house is kept: bans and surplus peers are a matter of seconds.
const TICK: Duration = Duration::from_secs(1);
/// With fewer peers than these there are not three opinions to compare.
const FEW: usize = 3;
/// Addresses kept of one peer: a few interfaces with two transports each.
const MOST_ADDRESSES: usize = 8;
/// Neighbours one answer of the local network may name.
const MOST_DISCOVERED: usize = 64;
