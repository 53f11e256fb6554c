//! The data folder: one process at a time, nobody else's eyes, and a format that has a number.
//!
//! Before a folder of an older format is brought up to the newest, the file of what must not be lost is
//! copied beside itself, so that whoever goes back to the older program finds what it left
//! ([`Folder::go_back`]).

use super::owned;
use super::plan::Step;
use super::records::perform;
use super::redb::Redb;
use super::{Change, Store as _, StoreError, WayBack};
use crate::private;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// A data folder that is this process's own until it is dropped.
pub(super) struct Folder {
    path: PathBuf,
    _lock: File,
}

impl Folder {
    /// Makes the folder if there is none, and locks it.
    pub(super) fn lock(path: &Path) -> Result<Self, StoreError> {
        make_private(path)?;
        let name = path.join("lock");
        let failed = |error| StoreError::from_io(&name, error);
        let lock = private::open(&name).map_err(failed)?;
        let began = Instant::now();
        loop {
            match lock.try_lock() {
                Ok(()) => return Ok(Self { path: path.to_owned(), _lock: lock }),
                // A process that is just being begun by this one has copies of its open files until
                // its own program runs; whoever closed the folder a moment ago would wait for that.
                Err(TryLockError::WouldBlock) if began.elapsed() < BEGINNING => {
                    std::thread::park_timeout(BETWEEN);
                }
                Err(TryLockError::WouldBlock) => {
                    return Err(StoreError::InUse { folder: path.to_owned() });
                }
                Err(TryLockError::Error(error)) => return Err(failed(error)),
            }
        }
    }

    /// Gives the path of the file of what must not be lost.
    pub(super) fn durable(&self) -> PathBuf {
        self.path.join("durable.redb")
    }

    /// Gives the path of the folder of what the network can give back.
    pub(super) fn cache(&self) -> PathBuf {
        self.path.join("cache")
    }

    /// Renames the cache, so that a new one can be begun, and gives its new path.
    pub(super) fn set_cache_aside(&self) -> Result<PathBuf, StoreError> {
        let aside = self.path.join("cache.damaged");
        // One is enough to look for the cause in.
        let failed = |error| StoreError::from_io(&aside, error);
        if aside.is_dir() {
            fs::remove_dir_all(&aside).map_err(failed)?;
        } else if aside.exists() {
            fs::remove_file(&aside).map_err(failed)?;
        }
        fs::rename(self.cache(), &aside).map_err(failed)?;
        Ok(aside)
    }

    /// Opens what must not be lost, in the newest format, and tells whether it had an older one, which
    /// is then kept aside.
    pub(super) fn open(&self, migrations: &[Migration]) -> Result<(Redb, bool), StoreError> {
        let durable = Redb::open(&self.durable())?;
        let found = format_of(&durable)?;
        // Without a vault nobody ever lived here: there is nothing to go back to.
        let lived = !durable.secrets(b"")?.is_empty();
        if found >= number_of(migrations) || !lived {
            let migrated = self.migrate(&durable, migrations)?;
            return Ok((durable, migrated));
        }
        // It is copied closed, and so whole.
        drop(durable);
        self.copy(&self.durable(), &self.aside(found))?;
        let durable = Redb::open(&self.durable())?;
        let migrated = self.migrate(&durable, migrations)?;
        tracing::info!(from = found, to = number_of(migrations), "the data folder was migrated");
        Ok((durable, migrated))
    }

    /// Gives the path of what is kept of the folder in an older format.
    fn aside(&self, format: u64) -> PathBuf {
        self.path.join(format!("durable.format-{format}.redb"))
    }

    /// Copies a file of the folder in place of another; a copy that is cut off counts for nothing.
    fn copy(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        let new = self.path.join("durable.copying");
        let failed = |error| StoreError::from_io(to, error);
        fs::copy(from, &new).map_err(failed)?;
        keep_owner(from, &new).map_err(failed)?;
        private::open(&new).and_then(|file| file.sync_all()).map_err(failed)?;
        fs::rename(&new, to).map_err(failed)
    }

    /// Puts back what the folder was before a newer program changed it, and gives where what it is
    /// now is kept. Nothing is done to a folder that this program can open.
    pub(super) fn go_back(&self, known: u64) -> Result<Option<PathBuf>, StoreError> {
        let durable = Redb::open(&self.durable())?;
        let found = format_of(&durable)?;
        drop(durable);
        if found <= known {
            return Ok(None);
        }
        let (aside, newer) = (self.aside(known), self.aside(found));
        if !aside.is_file() {
            let way_back = WayBack(None);
            return Err(StoreError::Newer { folder: self.path.clone(), found, known, way_back });
        }
        if self.cache().exists() {
            // What the network can give back is not kept in two formats.
            self.set_cache_aside()?;
        }
        self.copy(&self.durable(), &newer)?;
        self.copy(&aside, &self.durable())?;
        Ok(Some(newer))
    }

    /// Removes the cache of an older format: the network gives it back in the newest.
    pub(super) fn remove_cache(&self) -> Result<(), StoreError> {
        match fs::remove_dir_all(self.cache()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::from_io(&self.cache(), error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Brings what is in `store` up to the newest format, and tells whether it had an older one.
    pub(super) fn migrate(
        &self,
        store: &Redb,
        migrations: &[Migration],
    ) -> Result<bool, StoreError> {
        let (found, known) = (format_of(store)?, number_of(migrations));
        if found > known {
            let way_back = WayBack(Some(self.aside(known)).filter(|aside| aside.is_file()));
            return Err(StoreError::Newer { folder: self.path.clone(), found, known, way_back });
        }
        for (number, migration) in (1_u64..).zip(migrations) {
            if number > found {
                let mut changes = migration(store)?;
                let bytes = number.to_be_bytes().to_vec();
                changes.push(Change::Setting { name: FORMAT.to_owned(), bytes });
                // The number changes in the same step as what it stands for.
                perform(store, changes.into_iter().map(Step::Change).collect())?;
            }
        }
        Ok((1..known).contains(&found))
    }
}

fn format_of(store: &Redb) -> Result<u64, StoreError> {
    Ok(match store.setting(FORMAT)? {
        Some(bytes) => bytes.as_slice().try_into().map_or(u64::MAX, u64::from_be_bytes),
        None => 0,
    })
}

fn number_of(migrations: &[Migration]) -> u64 {
    u64::try_from(migrations.len()).unwrap_or(u64::MAX)
}

/// Says what to change so that a folder of one format has the next.
pub(super) type Migration = fn(&Redb) -> Result<Vec<Change>, StoreError>;

/// The way from an empty folder to the newest format, one step a format.
pub(super) const MIGRATIONS: &[Migration] = &[
    // Format 1: records as `shelf` describes them. Before, they were the same and had no number.
    |_| Ok(Vec::new()),
    // Format 2: a body belongs to somebody and is placed and forgotten with its owner.
    owned::migrate,
];

const FORMAT: &str = "format";

/// Gives the bytes an owner without privileges can still write below `path`, as far as that is known:
/// statvfs(3).
#[must_use]
pub(crate) fn room(path: &Path) -> Option<u64> {
    #[cfg(unix)]
    let room =
        rustix::fs::statvfs(path).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize));
    #[cfg(not(unix))]
    let (room, _) = (None, path);
    room
}

/// Makes a folder that only its owner can look into, also where there is one already.
fn make_private(path: &Path) -> Result<(), StoreError> {
    let failed = |error| StoreError::from_io(path, error);
    private::make_folder(path).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(failed)?;
    }
    Ok(())
}

/// Gives a copy to whom the original belongs: whoever goes back for a service does it as root, and the
/// service is to have its folder afterwards.
fn keep_owner(original: &Path, copy: &Path) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt as _, chown};
        let (theirs, ours) = (fs::metadata(original)?, fs::metadata(copy)?);
        if (theirs.uid(), theirs.gid()) != (ours.uid(), ours.gid()) {
            chown(copy, Some(theirs.uid()), Some(theirs.gid()))?;
        }
    }
    Ok(())
}

/// How long a process may take from its making to its own program, on a busy machine.
const BEGINNING: Duration = Duration::from_millis(500);
/// Between two looks at the lock.
const BETWEEN: Duration = Duration::from_millis(10);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_processes_cannot_have_one_folder() {
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("data");
        let held = Folder::lock(&path).unwrap();
        let refused = Folder::lock(&path).err().unwrap();
        assert!(matches!(&refused, StoreError::InUse { folder } if *folder == path));
        assert!(refused.to_string().contains(path.to_str().unwrap()));
        drop(held);
        assert!(Folder::lock(&path).is_ok());
    }

    #[cfg(unix)]
    #[test]
    fn nobody_else_can_look_into_the_folder_or_its_files() {
        use std::os::unix::fs::PermissionsExt as _;
        let place = tempfile::tempdir().unwrap();
        let path = place.path().join("data");
        let folder = Folder::lock(&path).unwrap();
        let _store = Redb::open(&folder.durable()).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o700);
        assert_eq!(mode(&folder.durable()), 0o600);
        assert_eq!(mode(&path.join("lock")), 0o600);
    }

    fn lived_in(folder: &Folder) {
        let store = Redb::open(&folder.durable()).unwrap();
        let old = Change::Setting { name: "old name".into(), bytes: b"kept".to_vec() };
        let vault = Change::Secret {
            name: b"vault".to_vec(),
            sealed: b"sealed".to_vec(),
            expect: super::super::Expect::Anything,
        };
        store.commit(&[old, vault]).unwrap();
    }

    fn renaming(store: &Redb) -> Result<Vec<Change>, StoreError> {
        let bytes = store.setting("old name")?.unwrap_or_default();
        Ok(vec![Change::Setting { name: "new name".into(), bytes }])
    }

    #[test]
    fn before_a_folder_is_migrated_what_it_was_is_kept_and_can_be_gone_back_to() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::lock(place.path()).unwrap();
        lived_in(&folder);
        drop(folder.open(MIGRATIONS).unwrap());
        let newer = [MIGRATIONS, &[renaming as Migration]].concat();
        let (known, found) = (number_of(MIGRATIONS), number_of(&newer));
        let (migrated, older) = folder.open(&newer).unwrap();
        assert!(older, "the format before was another");
        assert_eq!(migrated.setting("new name").unwrap().unwrap(), b"kept");
        drop(migrated);
        let refused = folder.open(MIGRATIONS).err().unwrap();
        assert!(refused.to_string().contains("countersign downgrade"), "{refused}");
        let left = folder.go_back(known).unwrap().unwrap();
        assert_eq!(left, folder.aside(found));
        let (back, older) = folder.open(MIGRATIONS).unwrap();
        assert!(!older, "it is as the older program left it");
        assert_eq!(back.setting("old name").unwrap().unwrap(), b"kept");
        assert_eq!(back.setting("new name").unwrap(), None);
        drop(back);
        assert_eq!(folder.go_back(known).unwrap(), None, "there is nothing to go back from");
    }

    #[cfg(unix)]
    #[test]
    #[expect(clippy::print_stderr, reason = "what was not tried is said")]
    fn what_root_puts_back_still_belongs_to_whom_it_did() {
        use std::os::unix::fs::{MetadataExt as _, chown};
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::lock(place.path()).unwrap();
        lived_in(&folder);
        drop(folder.open(&[MIGRATIONS, &[renaming as Migration]].concat()).unwrap());
        let (known, service) = (number_of(MIGRATIONS), 4711);
        fs::copy(folder.durable(), folder.aside(known)).unwrap();
        for path in [folder.durable(), folder.aside(known)] {
            if chown(&path, Some(service), Some(service)).is_err() {
                eprintln!("skipped, needs root: what root puts back belongs to whom it did");
                return;
            }
        }
        let newer = folder.go_back(known).unwrap().unwrap();
        for path in [folder.durable(), newer] {
            let found = fs::metadata(&path).unwrap();
            assert_eq!((found.uid(), found.gid()), (service, service), "{}", path.display());
        }
    }

    #[test]
    fn a_folder_nobody_lived_in_leaves_nothing_aside_and_has_no_way_back() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::lock(place.path()).unwrap();
        drop(folder.open(&[MIGRATIONS, &[renaming as Migration]].concat()).unwrap());
        assert!(!folder.aside(0).exists());
        let refused = folder.open(MIGRATIONS).err().unwrap();
        assert!(!refused.to_string().contains("downgrade"), "{refused}");
        let known = number_of(MIGRATIONS);
        assert!(matches!(folder.go_back(known), Err(StoreError::Newer { .. })));
    }

    #[test]
    fn an_older_folder_is_migrated_once_and_a_newer_one_refused() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::lock(place.path()).unwrap();
        let store = Redb::open(&folder.durable()).unwrap();
        let rename: Migration = |store| {
            let bytes = store.setting("old name")?.unwrap_or_default();
            Ok(vec![
                Change::Setting { name: "new name".into(), bytes },
                Change::Event { bytes: vec![] },
            ])
        };
        folder.migrate(&store, MIGRATIONS).unwrap();
        let old = Change::Setting { name: "old name".into(), bytes: b"kept".to_vec() };
        store.commit(&[old]).unwrap();
        let newer = [MIGRATIONS, &[rename]].concat();
        for _ in 0..2 {
            folder.migrate(&store, &newer).unwrap();
            assert_eq!(store.setting("new name").unwrap().unwrap(), b"kept");
            assert_eq!(store.newest_event().unwrap(), 1);
        }
        let refused = folder.migrate(&store, MIGRATIONS).unwrap_err();
        let (newer, known) = (newer.len() as u64, MIGRATIONS.len() as u64);
        assert!(
            matches!(refused, StoreError::Newer { found, known: k, .. } if (found, k) == (newer, known))
        );
    }
}
