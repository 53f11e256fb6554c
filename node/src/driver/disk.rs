//! What the engine wants kept and read, in the words of the store.

use crate::records::{
    COSIGNED, LISTS, PAGE, RECEIPTS, list_key, listing, rows, rows_of, statements,
};
use crate::store::{self, Change as Write, Expect, Keep, Store, StoreError};
use countersign_protocol::did::Scid;
use countersign_protocol::encoding::cbor::{decode, encode};
use countersign_protocol::encoding::multihash::sha256;
use countersign_protocol::engine::config::{Highest, Snapshot};
use countersign_protocol::engine::effect::{
    BodyKind, Change, Cosigned, Effect, Load, Loaded, StoredLog,
};
use countersign_protocol::engine::event::Event;
use countersign_protocol::engine::traffic::BOOK;
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
    let mut told = 0_u64;
    for effect in effects {
        match effect {
            Effect::Save(change) => writes.extend(written(change)),
            Effect::Notify(notice) => {
                told = told.saturating_add(1);
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
    let newest_event = if told > 0 { Some(store.newest_event()?) } else { None };
    if let Some(newest) = newest_event {
        drop_old_events(store, newest, told)?;
    }
    Ok(Done { effects: left, loaded, newest_event })
}

/// Removes old events now and then, after `told` more were added: anybody can make news, and a disk is
/// not for ever.
fn drop_old_events<S: Store>(store: &S, newest: u64, told: u64) -> Result<(), StoreError> {
    let round = |number: u64| number / DROPPED_EVENTS;
    if round(newest) == round(newest.saturating_sub(told)) || newest <= KEPT_EVENTS {
        return Ok(());
    }
    store.commit(&[Write::DropEvents { through: newest.saturating_sub(KEPT_EVENTS) }])
}

/// Says in the store's words what the engine wants kept. How hard, the store knows by itself of
/// whatever belongs to an identity.
fn written(change: Change) -> Vec<Write> {
    let one = match change {
        Change::List { issuer, list, sequence, hash, before, .. } => {
            return newest_list(&issuer, list, sequence, hash, before);
        }
        Change::DropList { issuer, list, hash } => return without_list(issuer, list, hash),
        Change::Forget { scid, lists } => {
            let mut writes = vec![Write::Forget { scid }];
            writes.push(remove(PROFILES, scid.digest().to_vec()));
            writes.extend(lists.into_iter().map(|list| remove(LISTS, list_key(&scid, list))));
            return writes;
        }
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
        Change::Body { owner, kind: BodyKind::StatusList, bytes, .. } => {
            Write::Body { owner, kind: BodyKind::StatusList, bytes }
        }
        Change::Body { owner, kind, bytes, .. } => Write::OnlyBody { owner, kind, bytes },
        Change::Statement { issuer, list, heartbeat: true, bytes, .. } => {
            Write::Heartbeat { issuer, list, sealed: bytes }
        }
        Change::Statement { issuer, list, sequence, bytes, .. } => {
            Write::Statement { issuer, list, number: sequence, sealed: bytes }
        }
        Change::Profile { scid, hash, issued } => {
            let value = [hash.as_slice(), &issued.seconds().to_be_bytes()].concat();
            row(PROFILES, scid.digest().to_vec(), value)
        }
        Change::Fork { scid, bytes, .. } => Write::Fork { scid, proof: bytes },
        Change::Freshness { scid, bytes } => Write::Freshness { scid, bytes },
        Change::Promise { scid, until } => Write::Keep { scid, keep: Keep::Promised(until) },
        Change::Release { scid } => Write::Release { scid },
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
        Change::Traffic(book) => Write::Setting { name: TRAFFIC.to_owned(), bytes: encode(&book) },
        Change::Signed(at) => {
            Write::Setting { name: SIGNED.to_owned(), bytes: at.seconds().to_be_bytes().to_vec() }
        }
    };
    vec![one]
}

/// Puts a list in the place of the one before, whose statements up to it are in it.
fn newest_list(
    issuer: &Scid,
    list: u64,
    sequence: u64,
    hash: [u8; 32],
    before: Option<[u8; 32]>,
) -> Vec<Write> {
    let mut writes = vec![row(LISTS, list_key(issuer, list), hash.to_vec())];
    if let Some(before) = before.filter(|before| *before != hash) {
        let kind = BodyKind::StatusList;
        writes.push(Write::DropBody { owner: *issuer, kind, hash: before });
    }
    let below = sequence.saturating_add(1);
    writes.push(Write::DropStatements { issuer: *issuer, list, below });
    writes
}

fn without_list(issuer: Scid, list: u64, hash: Option<[u8; 32]>) -> Vec<Write> {
    let kind = BodyKind::StatusList;
    let body = hash.map(|hash| Write::DropBody { owner: issuer, kind, hash });
    let mut writes = vec![
        remove(LISTS, list_key(&issuer, list)),
        Write::DropStatements { issuer, list, below: u64::MAX },
        Write::DropHeartbeat { issuer, list },
    ];
    writes.extend(body);
    writes
}

fn remove(table: &str, key: Vec<u8>) -> Write {
    Write::RemoveRow { table: table.to_owned(), key, expect: Expect::Anything }
}

fn row(table: &str, key: Vec<u8>, bytes: Vec<u8>) -> Write {
    Write::Row { table: table.to_owned(), key, expect: Expect::Anything, bytes }
}

/// Reads one thing; what cannot be read is told as damaged, never as absent.
fn read<S: Store>(store: &S, what: &Load) -> Loaded {
    let loaded = match what {
        Load::Log(scid) => stored_log(store, scid).map(Loaded::Log),
        Load::Body(hash) => store.body(hash).map(Loaded::Body),
        Load::Statements { issuer, list, from } => {
            statements(store, issuer, *list, *from).map(Loaded::Statements)
        }
        Load::Freshness(scid) => store.freshness(scid).map(Loaded::Freshness),
        Load::Cosigned(scid) => cosigned(store, scid),
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

/// Gives all that was cosigned of a log: a row left out, for its page or because it cannot be read,
/// would be a sibling cosigned. There are no more of them than a log of a megabyte has entries.
fn cosigned<S: Store>(store: &S, scid: &Scid) -> Result<Loaded, StoreError> {
    let rows = rows_of(store, COSIGNED, scid.digest())?;
    let read: Option<Vec<Cosigned>> =
        rows.iter().map(|(key, row)| read_cosigned(key, row)).collect();
    Ok(read.map_or(Loaded::Damaged, Loaded::Cosigned))
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
    // One that cannot be read is as good as none: a day's bytes are spent twice, and no node stands still.
    snapshot.traffic = store.setting(TRAFFIC)?.and_then(|bytes| decode(&bytes, BOOK).ok());
    Ok(snapshot)
}

/// Events kept at least: a few megabytes, and what happens in weeks on a busy node.
const KEPT_EVENTS: u64 = 10_000;

/// Old events are removed so many at a time.
const DROPPED_EVENTS: u64 = 1_000;

const PROFILES: &str = "profiles";
const SIGNED: &str = "signed";
const TRAFFIC: &str = "traffic";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::disk::Disk;
    use countersign_protocol::engine::effect::{Class, Notice};

    fn keep<S: Store>(store: &S, changes: Vec<Change>) {
        let effects = changes.into_iter().map(Effect::Save).collect();
        let done = save_and_load(store, effects, Timestamp::default()).unwrap();
        assert!(done.effects.is_empty());
    }

    fn body(owner: Scid, kind: BodyKind, bytes: &[u8]) -> Change {
        let (hash, bytes, class) = (sha256(bytes), bytes.to_vec(), Class::Cached);
        Change::Body { owner, kind, hash, bytes, class }
    }

    fn held<S: Store>(store: &S, bytes: &[u8]) -> bool {
        matches!(read(store, &Load::Body(sha256(bytes))), Loaded::Body(Some(found)) if found == bytes)
    }

    fn list(scid: Scid, sequence: u64, bytes: &[u8], before: Option<&[u8]>) -> Change {
        let (hash, before) = (sha256(bytes), before.map(sha256));
        Change::List { issuer: scid, list: 3, sequence, hash, before, class: Class::Cached }
    }

    #[test]
    fn of_what_happened_the_newest_is_kept_and_the_oldest_goes() {
        let disk = store::memory::Memory::default();
        let news = |count: u64| {
            let scid = Scid::from_digest([1; 32]);
            let effects =
                (0..count).map(|_| Effect::Notify(Notice::Deactivated { scid })).collect();
            save_and_load(&disk, effects, Timestamp::default()).unwrap().newest_event
        };
        let first = || disk.events(0, 1).unwrap().first().map(|(number, _)| *number);
        for _ in 0..10 {
            let _newest = news(1_000);
        }
        assert_eq!((first(), disk.newest_event().unwrap()), (Some(1), 10_000));
        assert_eq!(news(999), Some(10_999));
        assert_eq!(first(), Some(1), "they go a thousand at a time");
        assert_eq!(news(3), Some(11_002));
        assert_eq!(first(), Some(1_003));
        assert_eq!(disk.events(0, usize::MAX).unwrap().len(), 10_000);
    }

    #[test]
    fn a_witness_is_told_of_all_it_cosigned_however_long_the_log_is() {
        let disk = store::memory::Memory::default();
        let scids = [1, 2, 3].map(|byte| Scid::from_digest([byte; 32]));
        let entries = 1030;
        for scid in scids {
            let row = |number| Cosigned { number, digest: [4; 32], proof: b"{}".to_vec() };
            let rows = (1..=entries).map(|number| Change::Cosigned(scid, row(number)));
            keep(&disk, rows.collect());
        }
        let loaded = read(&disk, &Load::Cosigned(scids[1]));
        let Loaded::Cosigned(rows) = loaded else { panic!("{loaded:?}") };
        assert!(rows.iter().map(|row| row.number).eq(1..=entries), "{} rows", rows.len());
        // A row nobody can read is no reason to sign anything.
        let key = list_key(&scids[1], entries + 1);
        let row =
            Write::Row { table: COSIGNED.to_owned(), key, expect: Expect::Nothing, bytes: vec![5] };
        disk.commit(&[row]).unwrap();
        assert!(matches!(read(&disk, &Load::Cosigned(scids[1])), Loaded::Damaged));
    }

    #[test]
    fn what_is_forgotten_leaves_nothing_behind_but_the_highest_seen() {
        let place = tempfile::tempdir().unwrap();
        let disk = Disk::open(place.path(), 1 << 20).unwrap();
        let scid = Scid::from_digest([1; 32]);
        keep(
            &disk,
            vec![
                body(scid, BodyKind::Showcase, b"old"),
                body(scid, BodyKind::Showcase, b"new"),
                body(scid, BodyKind::Profile, b"profile"),
                body(scid, BodyKind::StatusList, b"list 0"),
                list(scid, 0, b"list 0", None),
                body(scid, BodyKind::StatusList, b"list 4"),
                list(scid, 4, b"list 4", Some(b"list 0")),
                Change::Profile { scid, hash: sha256(b"profile"), issued: Timestamp::default() },
                Change::Highest(Highest { scid, number: 1, digest: [2; 32], sequence: 3 }),
            ],
        );
        for (bytes, expected) in
            [("old", false), ("new", true), ("profile", true), ("list 0", false), ("list 4", true)]
        {
            assert_eq!(held(&disk, bytes.as_bytes()), expected, "{bytes}");
        }
        assert_eq!((snapshot(&disk).unwrap().lists.len(), disk.all_kept().unwrap().len()), (1, 0));
        keep(&disk, vec![Change::Forget { scid, lists: vec![3] }]);
        for bytes in ["new", "profile", "list 4"] {
            assert!(!held(&disk, bytes.as_bytes()), "{bytes} stayed");
        }
        let snapshot = snapshot(&disk).unwrap();
        assert!(snapshot.lists.is_empty() && snapshot.profiles.is_empty());
        assert_eq!(snapshot.highest.len(), 1);
    }

    #[test]
    fn a_fork_proof_is_found_by_its_hash_alone() {
        let place = tempfile::tempdir().unwrap();
        let disk = Disk::open(place.path(), 1 << 20).unwrap();
        let proofs = [1_u8, 2, 3].map(|byte| (Scid::from_digest([byte; 32]), vec![byte; 700]));
        for (scid, bytes) in &proofs {
            let hash = sha256(bytes);
            keep(&disk, vec![Change::Fork { scid: *scid, hash, bytes: bytes.clone() }]);
        }
        // What is forgotten of its owner takes no proof along.
        keep(&disk, vec![Change::Forget { scid: proofs[1].0, lists: Vec::new() }]);
        for (_, bytes) in &proofs {
            assert!(held(&disk, bytes));
        }
        assert!(!held(&disk, b"another"));
    }

    #[test]
    fn what_is_promised_survives_the_loss_of_the_cache_until_it_is_released() {
        let place = tempfile::tempdir().unwrap();
        let disk = Disk::open(place.path(), 1 << 20).unwrap();
        let [promised, other] = [1, 2].map(|byte| Scid::from_digest([byte; 32]));
        let until = Timestamp::from_seconds(99);
        keep(
            &disk,
            vec![
                body(promised, BodyKind::Showcase, b"promised"),
                body(other, BodyKind::Showcase, b"other"),
                Change::Promise { scid: promised, until },
            ],
        );
        assert_eq!(snapshot(&disk).unwrap().promises, [(promised, until)]);
        drop(disk);
        std::fs::remove_dir_all(place.path().join("cache")).unwrap();
        let disk = Disk::open(place.path(), 1 << 20).unwrap();
        assert!(held(&disk, b"promised") && !held(&disk, b"other"));
        keep(&disk, vec![Change::Release { scid: promised }]);
        assert!(disk.all_kept().unwrap().is_empty());
        assert!(held(&disk, b"promised"), "it is forgotten when the room is needed, not before");
        keep(&disk, vec![Change::Forget { scid: promised, lists: Vec::new() }]);
        assert!(!held(&disk, b"promised"));
    }
}
