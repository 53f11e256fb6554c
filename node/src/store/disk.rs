//! The memory of a node: redb for what must not be lost, sled for what the network can give back.
//!
//! An identity is on one side with all that belongs to it. Which side is decided by whether it is
//! [kept](Keep) once the whole batch has happened; when that changes it moves, the durable copy first.

use super::folder::{Folder, MIGRATIONS};
use super::plan::Step;
use super::records::{perform, rehearse};
use super::redb::Redb;
use super::sides::Sides;
use super::sled::Sled;
use super::{Change, Highest, Keep, List, Row, Store, StoreError, cache, life, plan};
use countersign_protocol::did::Scid;
use countersign_protocol::engine::effect::BodyKind;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

/// A [`Store`] in a data folder.
pub struct Disk {
    durable: Redb,
    cached: Sled,
    kept: RwLock<BTreeSet<Scid>>,
    /// Of whom something damaged was removed from the cache since this was opened.
    healed: Mutex<BTreeSet<Scid>>,
    // Last, so that it is given back when both databases are closed.
    folder: Folder,
}

impl Disk {
    /// Opens the data folder `folder`, and makes it if there is none. The cache keeps up to `memory`
    /// bytes in memory.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::InUse`] if another process has it, [`StoreError::Newer`] if a later
    /// program wrote it, [`StoreError::Unreadable`] if what must not be lost is damaged, and what the
    /// disk returns. A damaged cache is set aside and begun anew.
    pub fn open(folder: &Path, memory: u64) -> Result<Self, StoreError> {
        let folder = Folder::lock(folder)?;
        let (durable, migrated) = folder.open(MIGRATIONS)?;
        if migrated {
            folder.remove_cache()?;
        }
        life::go_on(&durable, &folder.durable())?;
        let cached = cache::open(&folder, memory)?;
        let kept = durable.all_kept()?.into_iter().map(|(scid, _)| scid).collect();
        let (kept, healed) = (RwLock::new(kept), Mutex::default());
        Ok(Self { durable, cached, kept, healed, folder })
    }

    /// Puts the data folder `folder` back to what it was before a newer program changed it, and gives
    /// where what it is now is kept; nothing is done if this program can open it.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::InUse`] if another process has it, [`StoreError::Newer`] if nothing is
    /// kept of what it was, and what the disk returns.
    pub fn go_back(folder: &Path) -> Result<Option<PathBuf>, StoreError> {
        let known = u64::try_from(MIGRATIONS.len()).unwrap_or(u64::MAX);
        Folder::lock(folder)?.go_back(known)
    }

    /// Gives the random name of the life this folder lives: a copy of it lives another one.
    ///
    /// # Errors
    ///
    /// Returns [`StoreError::Damaged`] and what the disk returns.
    pub fn life(&self) -> Result<Vec<u8>, StoreError> {
        Ok(self.durable.setting(life::LIFE)?.unwrap_or_default())
    }

    fn kept_now(&self) -> RwLockReadGuard<'_, BTreeSet<Scid>> {
        self.kept.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes a batch that leaves every identity on its side.
    fn commit_in_place(&self, changes: &[Change]) -> Result<(), StoreError> {
        let kept = self.kept_now();
        let mut sides = Sides::default();
        for change in changes {
            sides.add(change, |scid| kept.contains(scid));
        }
        self.write(sides, || {})
    }

    /// Writes a batch that makes some identities durable, or others cached.
    fn commit_and_move(
        &self,
        changes: &[Change],
        moves: &BTreeMap<Scid, bool>,
    ) -> Result<(), StoreError> {
        let mut kept = self.kept.write().unwrap_or_else(PoisonError::into_inner);
        let mut sides = Sides::default();
        for (scid, keep) in moves {
            match (kept.contains(scid), keep) {
                (false, true) => {
                    let held = self.on_cache(|cache| plan::belongings(cache, scid))?;
                    sides.durable.push(Step::Import(held));
                }
                (true, false) => {
                    let held = plan::belongings(&self.durable, scid)?;
                    sides.durable.push(Step::Clear(*scid));
                    sides.cached.extend([Step::Clear(*scid), Step::Import(held)]);
                }
                (true, true) | (false, false) => {}
            }
        }
        let keeps = |scid: &Scid| moves.get(scid).copied().unwrap_or_else(|| kept.contains(scid));
        for change in changes {
            sides.add(change, keeps);
        }
        for (scid, _) in moves.iter().filter(|(scid, keep)| **keep && !kept.contains(scid)) {
            sides.cached.push(Step::Clear(*scid));
        }
        // The durable half says who is kept, also after the next start: whatever the cache does then.
        self.write(sides, || {
            for (scid, keep) in moves {
                let _was = if *keep { kept.insert(*scid) } else { kept.remove(scid) };
            }
        })
    }

    /// Writes both halves, and calls `moved` as soon as the durable one is on the disk.
    fn write(
        &self,
        Sides { durable, cached }: Sides,
        moved: impl FnOnce(),
    ) -> Result<(), StoreError> {
        if durable.is_empty() {
            return self.on_cache(|cache| perform(cache, self.as_held(&cached)));
        }
        if cached.is_empty() {
            perform(&self.durable, self.as_held(&durable))?;
            moved();
            return Ok(());
        }
        // What either side expects is checked before the other is written.
        self.on_cache(|cache| rehearse(cache, self.as_held(&cached)))?;
        perform(&self.durable, self.as_held(&durable))?;
        moved();
        self.on_cache(|cache| perform(cache, self.as_held(&cached)))
    }

    fn healed(&self) -> MutexGuard<'_, BTreeSet<Scid>> {
        self.healed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Expects no log of those of whom something was removed: whoever goes on with one does not know that it is
    /// gone, and finds it missing when it is read.
    fn as_held(&self, steps: &[Step]) -> Vec<Step> {
        let healed = self.healed();
        let as_held = |step: &Step| match step {
            Step::Change(Change::Log { scid, keep, lines }) if healed.contains(scid) => {
                Step::GoOn { scid: *scid, keep: *keep, lines: lines.clone() }
            }
            step => step.clone(),
        };
        steps.iter().map(as_held).collect()
    }

    /// Reads from the side `scid` is on.
    fn read<T>(
        &self,
        scid: &Scid,
        durable: impl FnOnce(&Redb) -> Result<T, StoreError>,
        cached: impl Fn(&Sled) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let kept = self.kept_now();
        if kept.contains(scid) { durable(&self.durable) } else { self.on_cache(cached) }
    }

    /// Does something with the cache that writes all of it or nothing. What is damaged there is removed and
    /// then not held, for the network can give it back.
    fn on_cache<T>(&self, work: impl Fn(&Sled) -> Result<T, StoreError>) -> Result<T, StoreError> {
        for _ in 0..MOST_REMOVED {
            let before = self.healed().len();
            let record = match work(&self.cached) {
                Err(StoreError::Damaged { record }) => record,
                // What it went on with was removed meanwhile.
                Err(StoreError::Conflict { .. }) if self.healed().len() > before => continue,
                result => return result,
            };
            tracing::warn!(%record, "damaged in the cache; it was removed and is fetched again");
            self.healed().extend(plan::owner(&record.key));
            perform(&self.cached, plan::without(&record.key))?;
        }
        work(&self.cached)
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        // Not done, less is noticed; what was committed is as it was.
        if let Err(error) = life::leave(&self.durable, &self.folder.durable()) {
            tracing::debug!(%error, "the data folder was not marked as it was closed");
        }
    }
}

impl Store for Disk {
    fn still(&self) -> Result<Box<dyn Store>, StoreError> {
        Store::still(&self.durable)
    }

    fn commit(&self, changes: &[Change]) -> Result<(), StoreError> {
        let mut moves = BTreeMap::new();
        for change in changes {
            // The last word on an identity is what holds.
            let _before = match change {
                Change::Keep { scid, .. } => moves.insert(*scid, true),
                Change::Release { scid } => moves.insert(*scid, false),
                _ => None,
            };
        }
        if moves.is_empty() {
            self.commit_in_place(changes)
        } else {
            self.commit_and_move(changes, &moves)
        }
    }

    fn log(&self, scid: &Scid) -> Result<Option<Vec<Vec<u8>>>, StoreError> {
        self.read(scid, |store| store.log(scid), |store| store.log(scid))
    }

    fn length(&self, scid: &Scid) -> Result<u64, StoreError> {
        self.read(scid, |store| store.length(scid), |store| store.length(scid))
    }

    fn witnesses(&self, scid: &Scid) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(scid, |store| store.witnesses(scid), |store| store.witnesses(scid))
    }

    fn head(&self, scid: &Scid) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(scid, |store| store.head(scid), |store| store.head(scid))
    }

    fn freshness(&self, scid: &Scid) -> Result<Option<Vec<u8>>, StoreError> {
        self.read(scid, |store| store.freshness(scid), |store| store.freshness(scid))
    }

    fn heads(&self) -> Result<Vec<(Scid, Vec<u8>)>, StoreError> {
        let kept = self.kept_now();
        let mut heads = self.durable.heads()?;
        let cached = self.on_cache(Sled::heads)?.into_iter();
        heads.extend(cached.filter(|(scid, _)| !kept.contains(scid)));
        heads.sort_by_key(|(scid, _)| *scid);
        Ok(heads)
    }

    fn body(&self, hash: &[u8; 32]) -> Result<Option<Vec<u8>>, StoreError> {
        let _kept = self.kept_now();
        match self.durable.body(hash)? {
            Some(body) => Ok(Some(body)),
            None => self.on_cache(|cache| cache.body(hash)),
        }
    }

    fn bodies(&self, owner: &Scid, kind: BodyKind) -> Result<Vec<[u8; 32]>, StoreError> {
        self.read(owner, |store| store.bodies(owner, kind), |store| store.bodies(owner, kind))
    }

    fn list(&self, issuer: &Scid, list: u64) -> Result<Option<List>, StoreError> {
        self.read(issuer, |store| store.list(issuer, list), |store| store.list(issuer, list))
    }

    fn statements(
        &self,
        issuer: &Scid,
        list: u64,
        from: u64,
        limit: usize,
    ) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        let durable = |store: &Redb| store.statements(issuer, list, from, limit);
        self.read(issuer, durable, |store| store.statements(issuer, list, from, limit))
    }

    fn heartbeat(&self, issuer: &Scid, list: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let durable = |store: &Redb| store.heartbeat(issuer, list);
        self.read(issuer, durable, |store| store.heartbeat(issuer, list))
    }

    fn kept(&self, scid: &Scid) -> Result<Option<Keep>, StoreError> {
        self.durable.kept(scid)
    }

    fn all_kept(&self) -> Result<Vec<(Scid, Keep)>, StoreError> {
        self.durable.all_kept()
    }

    fn highest(&self, scid: &Scid) -> Result<Option<Highest>, StoreError> {
        self.durable.highest(scid)
    }

    fn all_highest(
        &self,
        after: Option<&Scid>,
        limit: usize,
    ) -> Result<Vec<(Scid, Highest)>, StoreError> {
        self.durable.all_highest(after, limit)
    }

    fn forks(&self, scid: &Scid) -> Result<Vec<Vec<u8>>, StoreError> {
        self.durable.forks(scid)
    }

    fn all_forks(&self) -> Result<Vec<(Scid, Vec<u8>)>, StoreError> {
        self.durable.all_forks()
    }

    fn secret(&self, name: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.durable.secret(name)
    }

    fn secrets(&self, prefix: &[u8]) -> Result<Vec<Vec<u8>>, StoreError> {
        self.durable.secrets(prefix)
    }

    fn events(&self, after: u64, limit: usize) -> Result<Vec<(u64, Vec<u8>)>, StoreError> {
        self.durable.events(after, limit)
    }

    fn newest_event(&self) -> Result<u64, StoreError> {
        self.durable.newest_event()
    }

    fn setting(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.durable.setting(name)
    }

    fn row(&self, table: &str, key: &[u8]) -> Result<Option<Vec<u8>>, StoreError> {
        self.durable.row(table, key)
    }

    fn rows(
        &self,
        table: &str,
        prefix: &[u8],
        after: Option<&[u8]>,
        limit: usize,
    ) -> Result<Vec<Row>, StoreError> {
        self.durable.rows(table, prefix, after, limit)
    }

    fn links(&self, chain: &str, from: u64, limit: usize) -> Result<Vec<Vec<u8>>, StoreError> {
        self.durable.links(chain, from, limit)
    }

    fn chain_length(&self, chain: &str) -> Result<u64, StoreError> {
        self.durable.chain_length(chain)
    }
}

/// Whoever meets more damage than this is told of it: the cache is better begun anew.
const MOST_REMOVED: usize = 32;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::contract::{self, append, scid};
    use crate::store::shelf::{self, Look as _, Shelf as _};

    const MEMORY: u64 = 1024 * 1024;

    #[test]
    fn it_keeps_the_contract() {
        let place = tempfile::tempdir().unwrap();
        let number = core::cell::Cell::new(0);
        contract::check(|| {
            number.set(number.get() + 1);
            Disk::open(&place.path().join(number.get().to_string()), MEMORY).unwrap()
        });
    }

    #[test]
    fn what_is_kept_survives_the_loss_of_the_cache() {
        let place = tempfile::tempdir().unwrap();
        let disk = Disk::open(place.path(), MEMORY).unwrap();
        disk.commit(&[append(1, 0, "own"), append(2, 0, "other")]).unwrap();
        disk.commit(&[Change::Keep { scid: scid(1), keep: Keep::Own }]).unwrap();
        drop(disk);
        std::fs::remove_dir_all(place.path().join("cache")).unwrap();
        let disk = Disk::open(place.path(), MEMORY).unwrap();
        assert_eq!(disk.log(&scid(1)).unwrap().unwrap(), [b"own"]);
        assert_eq!(disk.log(&scid(2)).unwrap(), None);
    }

    #[test]
    fn what_is_kept_by_the_durable_half_is_kept_though_the_cache_could_not_let_go_of_it() {
        let place = tempfile::tempdir().unwrap();
        let disk = Disk::open(place.path(), MEMORY).unwrap();
        disk.commit(&[append(1, 0, "one")]).unwrap();
        disk.cached.refuse(true);
        let keep = Change::Keep { scid: scid(1), keep: Keep::Own };
        assert!(matches!(disk.commit(&[keep]), Err(StoreError::Full { .. })));
        disk.cached.refuse(false);
        disk.commit(&[append(1, 1, "two")]).unwrap();
        drop(disk);
        std::fs::remove_dir_all(place.path().join("cache")).unwrap();
        let disk = Disk::open(place.path(), MEMORY).unwrap();
        assert_eq!(disk.log(&scid(1)).unwrap().unwrap(), [b"one", b"two"]);
        // And the other way.
        disk.commit(&[append(2, 0, "other")]).unwrap();
        disk.cached.refuse(true);
        let release = Change::Release { scid: scid(1) };
        assert!(matches!(disk.commit(&[release]), Err(StoreError::Full { .. })));
        disk.cached.refuse(false);
        assert_eq!(disk.kept(&scid(1)).unwrap(), None);
        disk.commit(&[append(1, 0, "one")]).unwrap();
        assert_eq!(disk.log(&scid(1)).unwrap().unwrap(), [b"one"]);
        assert_eq!(disk.durable.log(&scid(1)).unwrap(), None, "it belongs to the cache");
    }

    #[test]
    fn a_damaged_record_of_the_cache_is_as_if_it_were_not_held() {
        let place = tempfile::tempdir().unwrap();
        let disk = Disk::open(place.path(), MEMORY).unwrap();
        let head = |number| Change::Head { scid: scid(number), bytes: vec![number] };
        disk.commit(&[append(1, 0, "a"), append(1, 1, "b"), head(1), head(2)]).unwrap();
        let entry = shelf::ENTRY.key(&[scid(1).digest(), &0_u64.to_be_bytes()]);
        disk.cached.write(Box::new(|_| Ok(vec![(entry, Some(vec![7; 20]))]))).unwrap();
        assert!(matches!(disk.cached.log(&scid(1)), Err(StoreError::Damaged { .. })));
        assert_eq!(disk.log(&scid(1)).unwrap(), None);
        assert_eq!(disk.heads().unwrap(), [(scid(2), vec![2])]);
        disk.commit(&[append(1, 0, "a")]).unwrap();
    }

    #[test]
    fn a_damaged_record_of_the_cache_is_in_nobodys_way() {
        let place = tempfile::tempdir().unwrap();
        let disk = Disk::open(place.path(), MEMORY).unwrap();
        let shown = |bytes: &[u8]| Change::OnlyBody {
            owner: scid(1),
            kind: BodyKind::Showcase,
            bytes: bytes.to_vec(),
        };
        let damage = |table: shelf::Table| {
            let of = table.span(&[]);
            let (key, _) = disk.cached.range(&of, 1, shelf::Order::Up).unwrap().remove(0);
            disk.cached.write(Box::new(|_| Ok(vec![(key, Some(vec![7; 20]))]))).unwrap();
        };
        let head = Change::Head { scid: scid(1), bytes: vec![1] };
        disk.commit(&[head.clone(), shown(b"first")]).unwrap();
        damage(shelf::OWNER);
        disk.commit(&[shown(b"second")]).unwrap();
        damage(shelf::HEAD);
        disk.commit(&[Change::Keep { scid: scid(1), keep: Keep::Own }]).unwrap();
        assert_eq!(disk.head(&scid(1)).unwrap(), None, "the network gives it back");
        disk.commit(&[head, Change::Event { bytes: vec![2] }]).unwrap();
    }

    #[test]
    fn a_log_that_was_removed_for_its_damage_is_missing_and_stops_nobody_who_goes_on_with_it() {
        let place = tempfile::tempdir().unwrap();
        let disk = Disk::open(place.path(), MEMORY).unwrap();
        let on = |keep: u64, line: &str| {
            let lines = vec![line.as_bytes().to_vec()];
            Change::Log { scid: scid(1), keep, lines }
        };
        let said = |sealed: &[u8]| Change::Statement {
            issuer: scid(1),
            list: 0,
            number: 0,
            sealed: sealed.to_vec(),
        };
        let damage = |table: shelf::Table| {
            let of = table.span(&[scid(1).digest()]);
            let (key, _) = disk.cached.range(&of, 1, shelf::Order::Up).unwrap().remove(0);
            disk.cached.write(Box::new(|_| Ok(vec![(key, Some(vec![7; 20]))]))).unwrap();
        };
        let other = Change::Head { scid: scid(2), bytes: vec![2] };
        // Somebody reads it, and another, who does not know, goes on with it.
        disk.commit(&[on(0, "one"), said(b"a")]).unwrap();
        damage(shelf::ENTRY);
        assert_eq!(disk.log(&scid(1)).unwrap(), None);
        disk.commit(&[on(1, "two"), other.clone(), Change::Event { bytes: vec![1] }]).unwrap();
        assert_eq!(
            (disk.log(&scid(1)).unwrap(), disk.head(&scid(2)).unwrap()),
            (None, Some(vec![2]))
        );
        // The damage is found by the very write that goes on with it.
        disk.commit(&[on(0, "one"), said(b"a")]).unwrap();
        damage(shelf::STATEMENT);
        disk.commit(&[said(b"b"), on(1, "two")]).unwrap();
        assert_eq!(disk.log(&scid(1)).unwrap(), None);
        // It is promised, and so moves.
        disk.commit(&[on(0, "one"), said(b"a")]).unwrap();
        damage(shelf::STATEMENT);
        disk.commit(&[on(1, "two"), Change::Keep { scid: scid(1), keep: Keep::Own }]).unwrap();
        assert_eq!(disk.log(&scid(1)).unwrap(), None);
        // What was fetched again is gone on with.
        disk.commit(&[on(0, "one"), on(1, "two")]).unwrap();
        assert_eq!(disk.log(&scid(1)).unwrap().unwrap(), [b"one", b"two"]);
        // Of nobody else is a log gone on with that is not there.
        let lines = vec![b"two".to_vec()];
        let refused = disk.commit(&[Change::Log { scid: scid(3), keep: 1, lines }]);
        assert!(matches!(refused, Err(StoreError::Conflict { .. })));
    }

    #[test]
    fn a_damaged_record_that_must_not_be_lost_is_an_error_that_names_it() {
        let place = tempfile::tempdir().unwrap();
        let disk = Disk::open(place.path(), MEMORY).unwrap();
        disk.commit(&[Change::Setting { name: "network".into(), bytes: vec![1] }]).unwrap();
        let setting = shelf::SETTING.key(&[b"network"]);
        disk.durable.write(Box::new(|_| Ok(vec![(setting, Some(vec![7; 20]))]))).unwrap();
        let error = disk.setting("network").unwrap_err();
        assert!(error.to_string().contains("setting `network`"), "{error}");
    }

    #[test]
    fn a_damaged_cache_is_set_aside_and_begun_anew() {
        let place = tempfile::tempdir().unwrap();
        for how in ["nonsense in the log", "another configuration", "a sign", "no folder"] {
            let disk = Disk::open(place.path(), MEMORY).unwrap();
            let highest = Highest { version: 1, sequence: 2, digest: [3; 32] };
            disk.commit(&[append(1, 0, "other"), Change::Seen { scid: scid(1), highest }]).unwrap();
            drop(disk);
            let cache = place.path().join("cache");
            match how {
                "nonsense in the log" => std::fs::write(cache.join("db"), [0x5a; 70_000]).unwrap(),
                "a sign" => std::fs::write(cache.join("damaged"), b"").unwrap(),
                "another configuration" => {
                    let mut bytes = std::fs::read(cache.join("conf")).unwrap();
                    bytes[0] ^= 1;
                    std::fs::write(cache.join("conf"), bytes).unwrap();
                }
                _ => {
                    std::fs::remove_dir_all(&cache).unwrap();
                    std::fs::write(&cache, b"a file").unwrap();
                }
            }
            let disk = Disk::open(place.path(), MEMORY).unwrap();
            assert_eq!(disk.log(&scid(1)).unwrap(), None, "{how}");
            // A log without a valid segment is an empty one to sled: it opens by itself.
            let aside = place.path().join("cache.damaged").exists();
            assert_eq!(aside, how != "nonsense in the log", "{how}");
            assert_eq!(disk.highest(&scid(1)).unwrap(), Some(highest));
            disk.commit(&[append(1, 0, "other")]).unwrap();
            disk.commit(&[Change::Forget { scid: scid(1) }]).unwrap();
        }
    }
}
