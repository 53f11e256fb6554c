//! The fallback: finding somebody's newest head among nodes that hold it for others.
//!
//! A look-up can be eclipsed, so it goes along disjoint paths and says how many answered. A node
//! acknowledges a record before it verifies it, so what was put is read back. Somebody waits for an
//! answer, and nobody for a put: it stands in line until there is a place.

use super::config::{Config, Dht};
use super::heard::Heard;
use super::incoming::{Fault, Incoming};
use super::peer::{Address, Peer, Prefix};
use super::records::{LARGEST_KEY, LARGEST_VALUE, LIFETIME, Records};
use libp2p::kad::{
    self, Caching, Event, GetClosestPeersError, GetClosestPeersOk, GetRecordOk, InboundRequest,
    Mode, NodeStatus, PeerRecord, QueryId, QueryResult, QueryStats, Quorum, Record, RecordKey,
    StoreInserts,
};
use libp2p::{Multiaddr, PeerId, StreamProtocol};
use std::collections::{HashMap, VecDeque};
use std::num::NonZeroUsize;
use std::time::Duration;
use tokio::time::Instant;

/// The DHT with our own store.
pub(super) type Kademlia = kad::Behaviour<Records>;

/// Builds the behaviour.
pub(super) fn behaviour(config: &Config, protocol: StreamProtocol, local: PeerId) -> Kademlia {
    let mut settings = kad::Config::new(protocol);
    settings
        .set_query_timeout(DEADLINE)
        .set_parallelism(PATHS)
        .disjoint_query_paths(true)
        .set_record_ttl(Some(LIFETIME))
        // A record is renewed by whoever cares for it, not by all who hold it, all at once.
        .set_replication_interval(None)
        .set_publication_interval(None)
        .set_provider_publication_interval(None)
        .set_record_filtering(StoreInserts::FilterBoth)
        .set_caching(Caching::Disabled)
        // Peers come in when they said what they serve, and no search for more goes on by itself. (The
        // library searches once when it knows fewer than 20, within the limits on connections.)
        .set_kbucket_inserts(kad::BucketInserts::Manual)
        .set_periodic_bootstrap_interval(None);
    let mut dht = Kademlia::with_config(local, Records::new(local, config.newer), settings);
    dht.set_mode(mode(config.dht));
    dht
}

/// Says in the library's words whether to serve.
pub(super) const fn mode(dht: Dht) -> Option<Mode> {
    match dht {
        Dht::Automatic => None,
        Dht::Client => Some(Mode::Client),
        Dht::Server => Some(Mode::Server),
    }
}

/// The look-ups that run.
#[derive(Default)]
pub(super) struct Lookups {
    running: HashMap<QueryId, Lookup>,
    /// Read-backs to try again, in the order they are due.
    again: Vec<Put>,
    /// Puts that have no place yet, in the order they came.
    waiting: VecDeque<Put>,
    /// The search for peers that runs, and how many are wanted.
    sought: Option<(QueryId, usize)>,
}

enum Lookup {
    Locate { id: u64, heard: Heard },
    Put(Put),
    ReadBack { put: Put, holders: u32 },
}

struct Put {
    id: u64,
    record: Record,
    tries: u32,
}

impl Lookups {
    /// Looks for the values of `key`, or says at once that nobody was asked.
    pub(super) fn locate(&mut self, dht: &mut Kademlia, id: u64, key: &[u8]) -> Option<Incoming> {
        if self.is_busy() || key.len() > LARGEST_KEY {
            return Some(Incoming::Located { id, values: Vec::new(), answered: 0, paths: 0 });
        }
        let query = dht.get_record(RecordKey::new(&key));
        self.running.insert(query, Lookup::Locate { id, heard: Heard::new(Instant::now()) });
        None
    }

    /// Puts `value` under `key` as soon as there is a place; gives whatever nobody has, which is this put
    /// where too many stand in line.
    pub(super) fn put(
        &mut self,
        dht: &mut Kademlia,
        id: u64,
        key: &[u8],
        value: Vec<u8>,
    ) -> Vec<Incoming> {
        if self.waiting.len() >= MOST_WAITING {
            return vec![Incoming::Provided { id, holders: 0 }];
        }
        let record = Record::new(RecordKey::new(&key), value);
        self.waiting.push_back(Put { id, record, tries: 0 });
        self.put_next(dht)
    }

    /// Puts what has waited longest while there is a place that no answer may need; gives what this node
    /// knows something newer of.
    pub(super) fn put_next(&mut self, dht: &mut Kademlia) -> Vec<Incoming> {
        let mut refused = Vec::new();
        while self.len() < MOST_PUTS
            && let Some(put) = self.waiting.pop_front()
        {
            // A majority would be eleven peers, whether there are as many or not.
            match dht.put_record(put.record.clone(), Quorum::One) {
                Ok(query) => drop(self.running.insert(query, Lookup::Put(put))),
                Err(_) => refused.push(Incoming::Provided { id: put.id, holders: 0 }),
            }
        }
        refused
    }

    /// Gives up to `most` peers that the routing table knows and that are not connected; where it knows
    /// fewer, looks for others near a random place.
    pub(super) fn seek(&mut self, dht: &mut Kademlia, most: usize) -> Vec<(Peer, Vec<Address>)> {
        let known: Vec<_> = dht
            .kbuckets()
            .flat_map(|bucket| {
                let apart = bucket.iter().filter(|it| it.status == NodeStatus::Disconnected);
                apart
                    .map(|it| named(it.node.key.preimage(), it.node.value.iter()))
                    .collect::<Vec<_>>()
            })
            .take(most)
            .collect();
        let missing = most.saturating_sub(known.len());
        if missing > 0 && self.sought.is_none() {
            self.sought = Some((dht.get_closest_peers(PeerId::random()), missing));
        }
        known
    }

    /// Gives the peers that a search for others has found.
    pub(super) fn sought(&mut self, event: &Event) -> Vec<(Peer, Vec<Address>)> {
        let Event::OutboundQueryProgressed { id, result, step, .. } = event else {
            return Vec::new();
        };
        let Some((_, missing)) = self.sought.filter(|(query, _)| query == id) else {
            return Vec::new();
        };
        if step.last {
            self.sought = None;
        }
        let found = match result {
            QueryResult::GetClosestPeers(
                Ok(GetClosestPeersOk { peers, .. })
                | Err(GetClosestPeersError::Timeout { peers, .. }),
            ) => peers.as_slice(),
            _ => &[],
        };
        found.iter().take(missing).map(|it| named(&it.peer_id, it.addrs.iter())).collect()
    }

    /// Reads back once more what nobody had yet.
    pub(super) fn try_again(&mut self, dht: &mut Kademlia) {
        for put in self.again.drain(..) {
            let query = dht.get_record(put.record.key.clone());
            self.running.insert(query, Lookup::ReadBack { put, holders: 0 });
        }
    }

    /// Ends the look-ups that heard enough: those they still wait for are gone, or silent.
    pub(super) fn end_what_heard_enough(&mut self, dht: &mut Kademlia) {
        let now = Instant::now();
        for (query, lookup) in &mut self.running {
            let Lookup::Locate { heard, .. } = lookup else { continue };
            let Some(mut running) = dht.query_mut(query) else { continue };
            let stats = running.stats();
            if heard.is_enough(stats.num_successes().saturating_add(stats.num_failures()), now) {
                running.finish();
            }
        }
    }

    /// Takes in what happened, and gives what the node should hear of it. `corner` says where a peer is.
    pub(super) fn take(
        &mut self,
        event: Event,
        dht: &mut Kademlia,
        corner: impl Fn(Peer) -> Prefix,
    ) -> Option<Incoming> {
        match event {
            Event::InboundRequest { request } => offered(request),
            Event::OutboundQueryProgressed { id, result, stats, step } => match result {
                QueryResult::GetRecord(found) => {
                    if let Ok(GetRecordOk::FoundRecord(found)) = found {
                        self.found(id, found, corner);
                    }
                    if step.last { self.finished(id, &stats) } else { None }
                }
                // Its outcome counts those who acknowledged, which says nothing.
                QueryResult::PutRecord(_) => {
                    if let Some(Lookup::Put(put)) = self.running.remove(&id) {
                        self.again.push(put);
                        self.try_again(dht);
                    }
                    None
                }
                QueryResult::Bootstrap(_)
                | QueryResult::GetClosestPeers(_)
                | QueryResult::GetProviders(_)
                | QueryResult::StartProviding(_)
                | QueryResult::RepublishProvider(_)
                | QueryResult::RepublishRecord(_) => None,
            },
            Event::RoutingUpdated { .. }
            | Event::UnroutablePeer { .. }
            | Event::RoutablePeer { .. }
            | Event::PendingRoutablePeer { .. }
            | Event::ModeChanged { .. } => None,
        }
    }

    fn found(&mut self, query: QueryId, found: PeerRecord, corner: impl Fn(Peer) -> Prefix) {
        // What this node holds itself tells it nothing.
        let PeerRecord { peer: Some(peer), record } = found else { return };
        match self.running.get_mut(&query) {
            Some(Lookup::Locate { heard, .. }) => {
                if record.value.len() <= LARGEST_VALUE {
                    heard.take(Peer(peer), corner(Peer(peer)), record.value);
                }
            }
            Some(Lookup::ReadBack { put, holders }) => {
                if record.value == put.record.value {
                    *holders = holders.saturating_add(1);
                }
            }
            Some(Lookup::Put(_)) | None => {}
        }
    }

    fn finished(&mut self, query: QueryId, stats: &QueryStats) -> Option<Incoming> {
        match self.running.remove(&query)? {
            Lookup::Locate { id, heard } => {
                let answered = stats.num_successes();
                let paths = u32::try_from(PATHS.get()).unwrap_or(u32::MAX).min(answered);
                Some(Incoming::Located { id, values: heard.into_values(), answered, paths })
            }
            Lookup::ReadBack { mut put, holders: 0 } if put.tries < MOST_TRIES => {
                put.tries = put.tries.saturating_add(1);
                self.again.push(put);
                None
            }
            Lookup::ReadBack { put, holders } => Some(Incoming::Provided { id: put.id, holders }),
            Lookup::Put(_) => None,
        }
    }

    fn is_busy(&self) -> bool {
        self.len() >= MOST_LOOKUPS
    }

    /// Counts the look-ups that run.
    pub(super) fn len(&self) -> usize {
        self.running.len().saturating_add(self.again.len())
    }
}

fn named<'a>(
    peer: &PeerId,
    addresses: impl Iterator<Item = &'a Multiaddr>,
) -> (Peer, Vec<Address>) {
    (Peer(*peer), addresses.cloned().map(Address).collect())
}

/// Gives what a peer wants held; provider records are refused by never being looked at.
fn offered(request: InboundRequest) -> Option<Incoming> {
    let InboundRequest::PutRecord { source, record: Some(record), .. } = request else {
        return None;
    };
    let peer = Peer(source);
    if record.value.len() > LARGEST_VALUE || record.key.as_ref().len() > LARGEST_KEY {
        return Some(Incoming::Faulted { peer, fault: Fault::OversizedRecord });
    }
    Some(Incoming::Offered { peer, key: record.key.to_vec(), value: record.value })
}

/// Disjoint paths of one look-up: a liar on one of them does not end it.
const PATHS: NonZeroUsize = NonZeroUsize::new(3).unwrap();
/// How long a look-up may take; half a second is usual.
const DEADLINE: Duration = Duration::from_secs(10);
/// Look-ups at one time: each keeps a few connections busy.
const MOST_LOOKUPS: usize = 64;
/// As many run when a put begins: a quarter is left for whoever waits for an answer.
const MOST_PUTS: usize = MOST_LOOKUPS / 4 * 3;
/// Puts in line: as many as the engine lets wait, of a few hundred bytes each.
const MOST_WAITING: usize = 1024;
/// How often a put is read back before it counts as lost: a holder verifies before it keeps.
const MOST_TRIES: u32 = 2;
