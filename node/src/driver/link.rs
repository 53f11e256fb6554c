//! The task that owns the swarm, and the translation between the network's words and the engine's.
//!
//! It does nothing heavy and never stands still: while the engine is busy and has no room for
//! what came in, what the engine wants sent still leaves.

use crate::metrics::Link;
use crate::network::Network;
use crate::network::incoming::{self, ExchangeError, Incoming, Value};
use crate::network::metrics::Metrics;
use crate::network::peer::Peer;
use crate::network::reach as network;
use crate::verb::overview::Reach;
use countersign_protocol::engine::effect::{Effect, Fault};
use countersign_protocol::engine::event::{Event, Failure, Located, Prefix};
use countersign_protocol::engine::traffic::Bytes;
use countersign_protocol::wire;
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

/// The ends of the task that owns the swarm.
pub(super) struct Spawned {
    /// What the engine wants of the network.
    pub(super) outgoing: mpsc::Sender<Effect>,
    /// What happened in it.
    pub(super) incoming: mpsc::Receiver<Event>,
    /// What it is like.
    pub(super) link: watch::Receiver<Link>,
}

/// Starts the task that owns `network`; without one, nothing ever comes in and requests fail.
pub(super) fn spawn(network: Option<Network>, stop: CancellationToken) -> Spawned {
    let (to_network, outgoing) = mpsc::channel(CHANNEL);
    let (to_engine, incoming) = mpsc::channel(CHANNEL);
    let (state, link) = watch::channel(Link::default());
    tokio::spawn(async move {
        let task = Task { outgoing, to_engine, state, stop };
        match network {
            Some(network) => task.run(network).await,
            None => task.run_alone().await,
        }
    });
    Spawned { outgoing: to_network, incoming, link }
}

struct Task {
    outgoing: mpsc::Receiver<Effect>,
    to_engine: mpsc::Sender<Event>,
    state: watch::Sender<Link>,
    stop: CancellationToken,
}

impl Task {
    async fn run(mut self, mut network: Network) {
        let mut held: Option<Event> = None;
        let mut look = tokio::time::interval(LOOK);
        loop {
            tokio::select! {
                biased;
                () = self.stop.cancelled() => return,
                // What leaves never waits for room on the way in: the engine may be waiting for us.
                effect = self.outgoing.recv() => match effect {
                    Some(effect) => apply(&mut network, effect),
                    None => return,
                },
                permit = self.to_engine.reserve(), if held.is_some() => match permit {
                    Ok(permit) => if let Some(event) = held.take() { permit.send(event) },
                    Err(_) => return,
                },
                _ = look.tick() => {
                    self.look(&mut network);
                    // It is counted from the start, so one that finds no room is in the next.
                    held = held.or_else(|| Some(traffic(&mut network)));
                },
                incoming = network.next(), if held.is_none() => {
                    if let Incoming::Listening { .. } | Incoming::Silent { .. } = incoming {
                        self.look(&mut network);
                    }
                    if let Incoming::Discovered { address, .. } = &incoming {
                        network.dial(address);
                    }
                    held = event(incoming);
                }
            }
        }
    }

    /// Notes what the network is like now.
    fn look(&self, network: &mut Network) {
        let peer = network.local_peer();
        let addresses = network.addresses().map(|address| address.of(peer).to_string());
        let addresses = addresses.collect();
        let reached = network.reached_at().map(|address| address.of(peer).to_string()).collect();
        let (reach, metrics) = (reach(network.reach()), network.metrics());
        let peer = peer.to_string();
        self.state.send_replace(Link { peer, addresses, reached, reach, metrics });
    }

    /// Stands in for the network of a node that only looks at its own disk.
    async fn run_alone(mut self) {
        loop {
            let outgoing = tokio::select! {
                () = self.stop.cancelled() => return,
                outgoing = self.outgoing.recv() => outgoing,
            };
            let answer = match outgoing {
                None => return,
                Some(Effect::Request { id, .. }) => {
                    Event::Response { id, outcome: Err(Failure::Disconnected) }
                }
                Some(Effect::Locate { id, .. }) => {
                    Event::Located { id, heads: Vec::new(), paths: 0 }
                }
                Some(_) => continue,
            };
            if self.to_engine.send(answer).await.is_err() {
                return;
            }
        }
    }
}

/// Says how many bytes went and came.
fn traffic(network: &mut Network) -> Event {
    let Metrics { received, sent, .. } = network.metrics();
    Event::Traffic(Bytes { received, sent })
}

/// Says in the engine's words what the network told; some things only the network itself minds.
fn event(incoming: Incoming) -> Option<Event> {
    Some(match incoming {
        Incoming::Connected { peer, prefix, outbound } => {
            Event::Connected { peer: named(peer)?, prefix: near(prefix), outbound }
        }
        Incoming::Disconnected { peer } => Event::Disconnected { peer: named(peer)? },
        Incoming::Gossip { token, peer, topic, bytes } => {
            Event::Gossip { token, peer: named(peer)?, topic, bytes }
        }
        Incoming::Request { token, peer, bytes } => {
            Event::Request { token, peer: named(peer)?, bytes }
        }
        Incoming::Response { id, result, .. } => {
            Event::Response { id, outcome: result.map_err(failure) }
        }
        Incoming::Located { id, values, paths, .. } => {
            Event::Located { id, heads: values.into_iter().map(located).collect(), paths }
        }
        Incoming::Faulted { peer, fault } => {
            tracing::debug!(%peer, ?fault, "broke a rule of the network");
            Event::Faulted { peer: named(peer)?, fault: faulted(fault) }
        }
        // Under which key does not matter: a head is held under its own identity's.
        Incoming::Offered { peer, value, .. } => Event::Offered { peer: named(peer)?, head: value },
        Incoming::Provided { id, holders } => {
            tracing::debug!(id, holders, "a head was read back from the DHT");
            return None;
        }
        Incoming::Unreachable { address } => {
            tracing::debug!(%address, "nobody answers there");
            return None;
        }
        Incoming::Listening { address } => {
            tracing::info!(%address, "reachable");
            return None;
        }
        Incoming::Silent { address } => {
            tracing::info!(%address, "no longer reachable");
            return None;
        }
        Incoming::Discovered { peer, address } => {
            tracing::debug!(%peer, %address, "found in the local network");
            return None;
        }
    })
}

/// Does in the network what the engine wants.
fn apply(network: &mut Network, effect: Effect) {
    match effect {
        Effect::Judge { token, verdict } => network.judge(token, verdict),
        Effect::Subscribe { topic } => {
            if !network.join(&topic) {
                tracing::warn!(topic, "this topic is none of the network's");
            }
        }
        Effect::Publish { topic, bytes } => {
            if let Err(error) = network.publish(&topic, bytes) {
                tracing::debug!(topic, %error, "not announced; reconciliation will deliver it");
            }
        }
        Effect::Request { id, peer, bytes } => match reached(&peer) {
            Some(peer) => network.request(id, peer, bytes),
            None => tracing::warn!(id, "the engine named a peer that cannot be"),
        },
        Effect::Respond { token, bytes } => network.respond(token, bytes),
        Effect::Locate { id, scid } => network.locate(id, scid.digest()),
        Effect::Put { scid, head } => network.put(0, scid.digest(), head),
        Effect::Hold { scid, head } => {
            if !network.keep(scid.digest(), head) {
                tracing::debug!(%scid, "nearer records have the place in the DHT");
            }
        }
        Effect::Penalise { peer, fault, cost } => {
            if let Some(peer) = reached(&peer) {
                tracing::debug!(%peer, ?fault, cost, "penalised");
                network.rate(peer, -f64::from(cost));
            }
        }
        Effect::Forgive { peer, cost } => {
            if let Some(peer) = reached(&peer) {
                network.rate(peer, -f64::from(cost));
            }
        }
        Effect::Disconnect { peer } => {
            if let Some(peer) = reached(&peer) {
                network.disconnect(peer);
            }
        }
        Effect::Ban { peer, seconds } => {
            if let Some(peer) = reached(&peer) {
                network.ban(peer, Duration::from_secs(seconds));
            }
        }
        Effect::Seek { peers } => network.seek(peers),
        Effect::Lend { on } => network.lend(on),
        // The driver did these before the rest was handed on.
        Effect::Save(_) | Effect::Load { .. } | Effect::Answer { .. } | Effect::Notify(_) => {}
    }
}

fn located(value: Value) -> Located {
    let Value { bytes, holders, corners } = value;
    Located { head: bytes, holders: holders.into_iter().filter_map(named).collect(), corners }
}

fn named(peer: Peer) -> Option<wire::peer::Peer> {
    wire::peer::Peer::from_bytes(&peer.to_bytes())
}

fn reached(peer: &wire::peer::Peer) -> Option<Peer> {
    Peer::from_bytes(peer.as_bytes()).ok()
}

fn near(prefix: crate::network::peer::Prefix) -> Prefix {
    Prefix(prefix.number())
}

const fn reach(reach: network::Reach) -> Reach {
    match reach {
        network::Reach::Unknown => Reach::Unknown,
        network::Reach::Direct => Reach::Direct,
        network::Reach::Relayed => Reach::Relay,
        network::Reach::Unreachable => Reach::No,
    }
}

/// Says what it costs in the account that what is read is counted in, too.
const fn faulted(fault: incoming::Fault) -> Fault {
    match fault {
        incoming::Fault::OversizedQuestion
        | incoming::Fault::OversizedGossip
        | incoming::Fault::OversizedRecord
        | incoming::Fault::ForeignNetwork => Fault::Malformed,
        incoming::Fault::TooManyQuestions => Fault::Greedy,
    }
}

const fn failure(error: ExchangeError) -> Failure {
    match error {
        ExchangeError::Unreachable | ExchangeError::Closed => Failure::Disconnected,
        ExchangeError::TimedOut => Failure::TimedOut,
        ExchangeError::Busy | ExchangeError::QuestionTooLarge => Failure::Busy,
        ExchangeError::Unsupported => Failure::Unsupported,
        ExchangeError::AnswerTooLarge => Failure::Unreadable,
    }
}

/// Room for a burst of gossip from every peer of a full mesh.
const CHANNEL: usize = 1024;
/// How often the network is looked at for those who watch the node.
const LOOK: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use countersign_protocol::key::SecretKey;

    #[test]
    fn what_the_network_alone_sees_comes_into_the_account_of_its_peer() {
        let peer = Peer::from_bytes(
            wire::peer::Peer::of(&SecretKey::from_seed([7; 32]).public()).as_bytes(),
        )
        .unwrap();
        for (seen, counted) in [
            (incoming::Fault::OversizedQuestion, Fault::Malformed),
            (incoming::Fault::OversizedGossip, Fault::Malformed),
            (incoming::Fault::OversizedRecord, Fault::Malformed),
            (incoming::Fault::ForeignNetwork, Fault::Malformed),
            (incoming::Fault::TooManyQuestions, Fault::Greedy),
        ] {
            let told = event(Incoming::Faulted { peer, fault: seen });
            let Some(Event::Faulted { peer: whose, fault }) = told else { panic!("{told:?}") };
            assert_eq!((whose, fault), (named(peer).unwrap(), counted), "{seen:?}");
        }
        // What was too large to be read is theirs, and what was too large to be asked is ours.
        assert_eq!(failure(ExchangeError::AnswerTooLarge), Failure::Unreadable);
        assert_eq!(failure(ExchangeError::QuestionTooLarge), Failure::Busy);
    }

    #[test]
    fn both_sides_mean_the_same_by_relayed() {
        assert_eq!(near(crate::network::peer::Prefix::RELAYED), Prefix::RELAYED);
    }
}
