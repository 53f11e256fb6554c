//! What the engine wants kept and read, in the words of the store.

use crate::records::{
    HEARTBEATS, LISTS, PAGE, RECEIPTS, either, list_key, listing, rows, statements,
};
use crate::store::{self, Change as Write, Expect, Keep, Store, StoreError};
use countersign_protocol::did::Scid;
use countersign_protocol::encoding::cbor::encode;
use countersign_protocol::encoding::multihash::sha256;
use countersign_protocol::engine::config::{Highest, Snapshot};
use countersign_protocol::engine::effect::{Change, Cosigned, Effect, Load, Loaded, StoredLog};
use countersign_protocol::engine::event::Event;
use countersign_protocol::time::Timestamp;
use std::sync::Arc;

/// Where a driver waits for its store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waiting {
    /// On a thread made for it: a disk takes its time, and the loop is needed meanwhile.
    Aside,
    /// Where it stands: a store in memory is never waited for, and where time is virtual no second
    /// thread may decide what comes first.
    InPlace,
}

/// The store of a node, as the driver uses it.
pub(super) struct Disk<S> {
    store: Arc<S>,
    waiting: Waiting,
}

impl<S: Store> Disk<S> {
    pub(super) const fn new(store: Arc<S>, waiting: Waiting) -> Self {
        Self { store, waiting }
    }

    /// Does [`save_and_load`] where this disk is waited for.
    ///
    /// # Errors
    ///
    /// Returns what it returns.
    pub(super) async fn save_and_load(
        &self,
        effects: Vec<Effect>,
        at: Timestamp,
    ) -> Result<Done, StoreError> {
        let store = Arc::clone(&self.store);
        let work = move || save_and_load(&*store, effects, at);
        match self.waiting {
            Waiting::InPlace => work(),
            Waiting::Aside => match tokio::task::spawn_blocking(work).await {
                Ok(done) => done,
                Err(failed) => match failed.try_into_panic() {
                    Ok(panic) => std::panic::resume_unwind(panic),
                    // The process is ending: nothing was saved, so nothing of it is told either.
                    Err(_) => Ok(Done::default()),
                },
            },
        }
    }
}

/// What is left of a batch of effects once the disk has done its part.
#[derive(Default)]
pub(super) struct Done {
    /// The effects that are not the disk's, in their order.
    pub(super) effects: Vec<Effect>,
    /// What the disk answered.
    pub(super) loaded: Vec<Event>,
    /// The number of the newest event, if one was added.
    pub(super) newest_event: Option<u64>,
}

/// Saves everything in `effects` that is to be saved, with one write, then reads what is to be read.
///
/// # Errors
///
/// Returns what the disk returned; nothing of the batch was kept then.
fn save_and_load<S: Store>(
    store: &S,
    effects: Vec<Effect>,
    at: Timestamp,
) -> Result<Done, StoreError> {
    let (mut writes, mut left, mut loads) = (Vec::new(), Vec::new(), Vec::new());
    let mut told = false;
    for effect in effects {
        match effect {
            Effect::Save(change) => writes.push(written(change)),
            Effect::Notify(notice) => {
                told = true;
                let json = super::notice::to_json(&notice, at).to_string();
                writes.push(Write::Event { bytes: json.into_bytes() });
            }
            Effect::Load { id, what } => loads.push((id, what)),
            effect => left.push(effect),
        }
    }
    if !writes.is_empty() {
        store.commit(&writes)?;
    }
    let loaded = loads
        .into_iter()
        .map(|(id, what)| Event::Loaded { id, loaded: read(store, &what) })
        .collect();
    let newest_event = if told { Some(store.newest_event()?) } else { None };
    Ok(Done { effects: left, loaded, newest_event })
}

/// Says in the store's words what the engine wants kept. How hard, the store knows by itself of
/// whatever belongs to an identity.
fn written(change: Change) -> Write {
    match change {
        Change::Log { scid, keep, lines, .. } => Write::Log { scid, keep, lines },
        Change::Witnesses { scid, bytes, .. } => Write::Witnesses { scid, file: bytes },
        Change::Highest(highest) => Write::Seen {
            scid: highest.scid,
            highest: store::Highest {
                version: highest.number,
                sequence: highest.sequence,
                digest: highest.digest,
            },
        },
        Change::Listing(listing, _) => Write::Head { scid: listing.scid, bytes: encode(&*listing) },
        Change::Body { hash, bytes, class } => put(class, BODIES, hash.to_vec(), bytes),
        Change::Statement { issuer, list, heartbeat: true, bytes, class, .. } => {
            put(class, HEARTBEATS, list_key(&issuer, list), bytes)
        }
        Change::Statement { issuer, list, sequence, bytes, .. } => {
            Write::Statement { issuer, list, number: sequence, sealed: bytes }
        }
        Change::List { issuer, list, hash, .. } => {
            row(LISTS, list_key(&issuer, list), hash.to_vec())
        }
        Change::Profile { scid, hash, issued } => {
            let value = [hash.as_slice(), &issued.seconds().to_be_bytes()].concat();
            row(PROFILES, scid.digest().to_vec(), value)
        }
        Change::Fork { scid, bytes, .. } => Write::Fork { scid, proof: bytes },
        Change::Freshness { scid, bytes } => Write::Freshness { scid, bytes },
        Change::Promise { scid, until } => Write::Keep { scid, keep: Keep::Promised(until) },
        Change::Receipt { scid, keeper, bytes } => {
            let key = [scid.digest().as_slice(), keeper.as_bytes()].concat();
            row(RECEIPTS, key, bytes)
        }
        Change::Cosigned(scid, Cosigned { number, digest, proof }) => Write::Row {
            table: COSIGNED.to_owned(),
            key: list_key(&scid, number),
            // A witness cosigns one child of a parent: a second one is refused by the disk too.
            expect: Expect::Nothing,
            bytes: [digest.as_slice(), &proof].concat(),
        },
        Change::Signed(at) => {
            Write::Setting { name: SIGNED.to_owned(), bytes: at.seconds().to_be_bytes().to_vec() }
        }
        Change::Forget { scid } => Write::Forget { scid },
    }
}

fn row(table: &str, key: Vec<u8>, bytes: Vec<u8>) -> Write {
    Write::Row { table: table.to_owned(), key, expect: Expect::Anything, bytes }
}

fn put(
    class: countersign_protocol::engine::effect::Class,
    table: &str,
    key: Vec<u8>,
    bytes: Vec<u8>,
) -> Write {
    match class {
        countersign_protocol::engine::effect::Class::Kept => row(table, key, bytes),
        countersign_protocol::engine::effect::Class::Cached => {
            Write::Cache { table: table.to_owned(), key, bytes }
        }
    }
}

/// Reads one thing; what cannot be read is told as damaged, never as absent.
fn read<S: Store>(store: &S, what: &Load) -> Loaded {
    let loaded = match what {
        Load::Log(scid) => stored_log(store, scid).map(Loaded::Log),
        Load::Body(hash) => either(store, BODIES, hash).map(Loaded::Body),
        Load::Statements { issuer, list, from } => {
            statements(store, issuer, *list, *from).map(Loaded::Statements)
        }
        Load::Fork(hash) => store.all_forks().map(|all| {
            Loaded::Fork(all.into_iter().map(|(_, proof)| proof).find(|p| sha256(p) == *hash))
        }),
        Load::Freshness(scid) => store.freshness(scid).map(Loaded::Freshness),
        Load::Cosigned(scid) => cosigned(store, scid).map(Loaded::Cosigned),
    };
    loaded.unwrap_or_else(|error| {
        tracing::error!(%error, "the disk gave back something else than was kept");
        Loaded::Damaged
    })
}

fn stored_log<S: Store>(store: &S, scid: &Scid) -> Result<Option<StoredLog>, StoreError> {
    let Some(lines) = store.log(scid)? else { return Ok(None) };
    let mut log = lines.join(&b'\n');
    log.push(b'\n');
    Ok(Some(StoredLog { log, witnesses: store.witnesses(scid)? }))
}

fn cosigned<S: Store>(store: &S, scid: &Scid) -> Result<Vec<Cosigned>, StoreError> {
    let rows = store.rows(COSIGNED, scid.digest(), None, PAGE)?;
    Ok(rows.into_iter().filter_map(|(key, row)| read_cosigned(&key, &row)).collect())
}

fn read_cosigned(key: &[u8], row: &[u8]) -> Option<Cosigned> {
    let number = u64::from_be_bytes(key.get(32..)?.try_into().ok()?);
    let (digest, proof) = row.split_at_checked(32)?;
    Some(Cosigned { number, digest: digest.try_into().ok()?, proof: proof.to_vec() })
}

/// Reads what an engine has to remember when a node starts.
///
/// # Errors
///
/// Returns what the disk returned.
pub fn snapshot<S: Store>(store: &S) -> Result<Snapshot, StoreError> {
    let mut snapshot = Snapshot::default();
    let mut after = None;
    loop {
        let page = store.all_highest(after.as_ref(), PAGE)?;
        let Some((last, _)) = page.last() else { break };
        after = Some(*last);
        for (scid, highest) in page {
            let store::Highest { version, sequence, digest } = highest;
            snapshot.highest.push(Highest { scid, number: version, digest, sequence });
            snapshot.listings.extend(listing(store, &scid)?);
        }
    }
    for (scid, keep) in store.all_kept()? {
        if let Keep::Promised(until) = keep {
            snapshot.promises.push((scid, until));
        }
    }
    snapshot.lists = rows(store, LISTS)?
        .into_iter()
        .filter_map(|(key, hash)| {
            let (scid, number) = key.split_at_checked(32)?;
            let number = u64::from_be_bytes(number.try_into().ok()?);
            Some((Scid::from_digest(scid.try_into().ok()?), number, hash.try_into().ok()?))
        })
        .collect();
    snapshot.forks =
        store.all_forks()?.into_iter().map(|(scid, proof)| (scid, sha256(&proof))).collect();
    snapshot.profiles = rows(store, PROFILES)?
        .into_iter()
        .filter_map(|(key, value)| {
            let (hash, issued) = value.split_at_checked(32)?;
            let issued = Timestamp::from_seconds(u64::from_be_bytes(issued.try_into().ok()?));
            Some((Scid::from_digest(key.try_into().ok()?), hash.try_into().ok()?, issued))
        })
        .collect();
    snapshot.signed = store
        .setting(SIGNED)?
        .and_then(|bytes| bytes.try_into().ok())
        .map(|bytes| Timestamp::from_seconds(u64::from_be_bytes(bytes)));
    Ok(snapshot)
}

const BODIES: &str = "bodies";
const COSIGNED: &str = "cosigned";
const PROFILES: &str = "profiles";
const SIGNED: &str = "signed";
