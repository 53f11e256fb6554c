//! A disk in memory: what the engine of one node wanted kept, given back after it stopped.

use crate::did::Scid;
use crate::engine::config::{Highest, Snapshot};
use crate::engine::directory::Listing;
use crate::engine::effect::{BodyKind, Change, Cosigned, Load, Loaded, StoredLog};
use crate::engine::traffic::Book;
use crate::time::Timestamp;
use std::collections::BTreeMap;

/// What one node keeps.
#[derive(Default, Clone)]
pub(super) struct Disk {
    pub(super) logs: BTreeMap<Scid, (Vec<Vec<u8>>, Option<Vec<u8>>)>,
    bodies: BTreeMap<[u8; 32], (Scid, BodyKind, Vec<u8>)>,
    listings: BTreeMap<Scid, Listing>,
    highest: BTreeMap<Scid, Highest>,
    pub(super) forks: BTreeMap<[u8; 32], (Scid, Vec<u8>)>,
    fresh: BTreeMap<Scid, Vec<u8>>,
    pub(super) cosigned: BTreeMap<Scid, Vec<Cosigned>>,
    promises: BTreeMap<Scid, Timestamp>,
    statements: BTreeMap<(Scid, u64), (BTreeMap<u64, Vec<u8>>, Option<Vec<u8>>)>,
    lists: BTreeMap<(Scid, u64), [u8; 32]>,
    profiles: BTreeMap<Scid, ([u8; 32], Timestamp)>,
    pub(super) receipts: usize,
    signed: Option<Timestamp>,
    traffic: Option<Book>,
}

impl Disk {
    pub(super) fn save(&mut self, change: Change) {
        match change {
            Change::Log { scid, keep, lines, .. } => {
                let log = &mut self.logs.entry(scid).or_default().0;
                assert!(usize::try_from(keep).unwrap() <= log.len(), "a log with a hole");
                log.truncate(usize::try_from(keep).unwrap());
                log.extend(lines);
            }
            Change::Witnesses { scid, bytes, .. } => {
                self.logs.entry(scid).or_default().1 = Some(bytes);
            }
            Change::Highest(highest) => drop(self.highest.insert(highest.scid, highest)),
            Change::Listing(listing, _) => drop(self.listings.insert(listing.scid, *listing)),
            Change::Body { owner, kind, hash, bytes, .. } => {
                if kind != BodyKind::StatusList {
                    self.bodies.retain(|_, (whose, what, _)| (*whose, *what) != (owner, kind));
                }
                drop(self.bodies.insert(hash, (owner, kind, bytes)));
            }
            Change::Statement { issuer, list, sequence, heartbeat, bytes, .. } => {
                let kept = self.statements.entry((issuer, list)).or_default();
                if heartbeat {
                    kept.1 = Some(bytes);
                } else {
                    if kept.0.get(&sequence) != Some(&bytes) {
                        // As on a real disk: what stood there leads nowhere.
                        drop(kept.0.split_off(&sequence));
                        kept.0.insert(sequence, bytes);
                    }
                }
            }
            Change::List { issuer, list, sequence, hash, before, .. } => {
                self.lists.insert((issuer, list), hash);
                let before = before.filter(|before| *before != hash);
                drop(before.and_then(|before| self.bodies.remove(&before)));
                let kept = self.statements.entry((issuer, list)).or_default();
                kept.0.retain(|number, _| *number > sequence);
            }
            Change::DropList { issuer, list, .. } => self.drop_list(issuer, list),
            Change::Profile { scid, hash, issued } => {
                self.profiles.insert(scid, (hash, issued));
            }
            Change::Fork { scid, hash, bytes } => drop(self.forks.insert(hash, (scid, bytes))),
            Change::Freshness { scid, bytes } => drop(self.fresh.insert(scid, bytes)),
            Change::Promise { scid, until } => drop(self.promises.insert(scid, until)),
            Change::Receipt { .. } => self.receipts += 1,
            Change::Cosigned(scid, cosigned) => {
                self.cosigned.entry(scid).or_default().push(cosigned)
            }
            Change::Signed(at) => self.signed = Some(at),
            Change::Traffic(book) => self.traffic = Some(book),
            Change::Release { scid } => drop(self.promises.remove(&scid)),
            Change::Forget { scid, lists } => {
                drop(self.logs.remove(&scid));
                drop(self.listings.remove(&scid));
                drop(self.fresh.remove(&scid));
                let _profile = self.profiles.remove(&scid);
                lists.into_iter().for_each(|list| self.drop_list(scid, list));
                self.bodies.retain(|_, (owner, _, _)| *owner != scid);
            }
        }
    }

    fn drop_list(&mut self, issuer: Scid, list: u64) {
        let hash = self.lists.remove(&(issuer, list));
        drop(hash.and_then(|hash| self.bodies.remove(&hash)));
        drop(self.statements.remove(&(issuer, list)));
    }

    /// Counts the bodies that belong to somebody.
    pub(super) fn bodies_of(&self, scid: &Scid) -> usize {
        self.bodies.values().filter(|(owner, _, _)| owner == scid).count()
    }

    /// As if the half of the disk that may lose things had lost them.
    pub(super) fn lose_listings(&mut self) {
        self.listings.clear();
    }

    pub(super) fn listing(&self, scid: &Scid) -> Option<&Listing> {
        self.listings.get(scid)
    }

    pub(super) fn promised(&self, scid: &Scid) -> bool {
        self.promises.contains_key(scid)
    }

    /// Counts the changes kept behind a list.
    pub(super) fn changes(&self, issuer: &Scid, list: u64) -> usize {
        self.statements.get(&(*issuer, list)).map_or(0, |kept| kept.0.len())
    }

    pub(super) fn load(&self, what: &Load) -> Loaded {
        match what {
            Load::Log(scid) => Loaded::Log(self.logs.get(scid).map(|(lines, witnesses)| {
                let log = lines.iter().flat_map(|line| [line.as_slice(), b"\n"].concat()).collect();
                StoredLog { log, witnesses: witnesses.clone() }
            })),
            Load::Body(hash) => {
                let body = self.bodies.get(hash).map(|(_, _, bytes)| bytes);
                let proof = || self.forks.get(hash).map(|(_, bytes)| bytes);
                Loaded::Body(body.or_else(proof).cloned())
            }
            Load::Statements { issuer, list, from } => {
                let kept = self.statements.get(&(*issuer, *list)).cloned().unwrap_or_default();
                let changes = kept.0.into_iter().filter(|(number, _)| number >= from);
                Loaded::Statements(changes.map(|(_, bytes)| bytes).chain(kept.1).collect())
            }
            Load::Freshness(scid) => Loaded::Freshness(self.fresh.get(scid).cloned()),
            Load::Cosigned(scid) => {
                Loaded::Cosigned(self.cosigned.get(scid).cloned().unwrap_or_default())
            }
        }
    }

    pub(super) fn snapshot(&self) -> Snapshot {
        Snapshot {
            highest: self.highest.values().copied().collect(),
            listings: self.listings.values().cloned().collect(),
            promises: self.promises.iter().map(|(scid, until)| (*scid, *until)).collect(),
            lists: self.lists.iter().map(|((scid, list), hash)| (*scid, *list, *hash)).collect(),
            forks: self.forks.iter().map(|(hash, (scid, _))| (*scid, *hash)).collect(),
            profiles: self.profiles.iter().map(|(scid, (hash, at))| (*scid, *hash, *at)).collect(),
            signed: self.signed,
            traffic: self.traffic,
        }
    }
}
