//! Notices that a data folder is a copy, a restored one or one of two, or that its file was put back.
//!
//! What must not be lost is one file, and the file system knows when it was made and where. The store
//! remembers both; where they are others, the file was copied here, by whatever tool, and the folder
//! begins another *life* with a random name of its own. Who must never do a thing twice, as an attestor
//! must never use a status index twice, asks whether it still lives the life it did that thing in.
//!
//! Old bytes that are written into the same file change neither. So the file and its folder carry a *mark*,
//! a random one for each time the folder was opened and closed: in the file, and as the name of a file beside
//! it. Where the two are not the same, or there are several beside it, old bytes were put back, with or without
//! what lay beside them then. Marks change in three steps, each on the disk before the next: the new one beside
//! the file, the new one in it, the old one beside it gone. Cut off between two of them the folder looks as if
//! it had been put back, and begins another life: whoever asks then asks once too often. The other way around,
//! a mark in the file first, old bytes could meet the old mark.
//!
//! A folder of a program that made no marks has none in either place, and goes on. What is not noticed here: a
//! file system that was itself put back to an older state, and bytes that were copied while the folder was open
//! and put back after a program that did not close it, with nothing opened in between.

use super::redb::Redb;
use super::{Change, Store as _, StoreError};
use crate::private;
use countersign_protocol::encoding::base64url;
use std::fs::{self, File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

/// Begins another life if the store in the file `path` does not remember being there, or was put back.
pub(super) fn go_on(store: &Redb, path: &Path) -> Result<(), StoreError> {
    let found = fs::metadata(path).map_err(|error| StoreError::from_io(path, error))?;
    let here = place(&found);
    let marked = store.setting(MARK)?.filter(|mark| !mark.is_empty());
    let is_marked = match (&marked, marks(path)?.as_slice()) {
        // A new one, or one of before there were marks.
        (None, []) => true,
        (Some(mark), [one]) => mark_file(path, mark) == *one,
        (None, [_, ..]) | (Some(_), _) => false,
    };
    if is_marked && store.setting(PLACE)?.as_ref() == Some(&here) {
        return match mark(store, path, Vec::new()) {
            // Whoever is to make room on the disk can still read; the mark of before holds for longer.
            Err(StoreError::Full { .. }) => Ok(()),
            marked => marked,
        };
    }
    let name = rand::random::<[u8; 16]>().to_vec();
    let began = vec![
        Change::Setting { name: PLACE.to_owned(), bytes: here },
        Change::Setting { name: LIFE.to_owned(), bytes: name },
    ];
    mark(store, path, began)
}

/// Marks the store in the file `path` anew as it is closed: what was copied out of it until now is old.
pub(super) fn leave(store: &Redb, path: &Path) -> Result<(), StoreError> {
    mark(store, path, Vec::new())
}

/// Changes the mark, and writes `beside` in the same step as the one in the file.
fn mark(store: &Redb, path: &Path, mut beside: Vec<Change>) -> Result<(), StoreError> {
    let old = marks(path)?;
    let mark = base64url::encode(&rand::random::<[u8; 16]>()).into_bytes();
    let file = mark_file(path, &mark);
    private::replace(&file, SAYS).map_err(|error| StoreError::from_io(&file, error))?;
    beside.push(Change::Setting { name: MARK.to_owned(), bytes: mark });
    if let Err(error) = store.commit(&beside) {
        // A full disk is no reason to begin another life.
        drop(fs::remove_file(&file));
        return Err(error);
    }
    for one in old {
        fs::remove_file(&one).map_err(|error| StoreError::from_io(&one, error))?;
    }
    let folder = path.parent().unwrap_or(path);
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| StoreError::from_io(folder, error))
}

/// Finds the marks beside the file `path`.
fn marks(path: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let folder = path.parent().unwrap_or(path);
    let failed = |error| StoreError::from_io(folder, error);
    let entries = fs::read_dir(folder).map_err(failed)?;
    let entries = entries.collect::<io::Result<Vec<_>>>().map_err(failed)?;
    let is_mark = |name: &str| name.starts_with(BESIDE);
    let marks = entries.iter().filter(|entry| entry.file_name().to_str().is_some_and(is_mark));
    Ok(marks.map(fs::DirEntry::path).collect())
}

fn mark_file(path: &Path, mark: &[u8]) -> PathBuf {
    path.with_file_name(format!("{BESIDE}{}", String::from_utf8_lossy(mark)))
}

/// Says which file it is, in words no copy of it has.
fn place(file: &Metadata) -> Vec<u8> {
    // Not every file system knows when a file was made; its number is known everywhere.
    let made = file.created().ok().and_then(|made| made.duration_since(UNIX_EPOCH).ok());
    let mut place = made.map_or(0, |made| made.as_nanos()).to_be_bytes().to_vec();
    #[cfg(unix)]
    place.extend_from_slice(&std::os::unix::fs::MetadataExt::ino(file).to_be_bytes());
    place
}

const PLACE: &str = "place";
const MARK: &str = "mark";
/// How the name of the file begins that has the mark beside the store.
const BESIDE: &str = "durable.mark-";
/// What whoever looks into it reads.
const SAYS: &[u8] = b"durable.redb names this file: so old bytes that are put back are noticed\n";
/// The setting that holds the name of the life.
pub(crate) const LIFE: &str = "life";

#[cfg(test)]
mod tests {
    use super::super::disk::Disk;
    use super::*;

    fn life(folder: &Path) -> Vec<u8> {
        Disk::open(folder, 1 << 20).unwrap().setting(LIFE).unwrap().unwrap()
    }

    /// Copies what must not be lost, with what marks it, over what is there.
    fn copy(from: &Path, to: &Path) {
        for entry in fs::read_dir(from).unwrap().flatten() {
            if entry.file_type().unwrap().is_file() {
                fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
            }
        }
    }

    fn durable(folder: &Path) -> PathBuf {
        folder.join("durable.redb")
    }

    #[test]
    fn a_copied_folder_begins_a_life_of_its_own_and_an_untouched_one_goes_on() {
        let place = tempfile::tempdir().unwrap();
        let (folder, copy) = (place.path().join("folder"), place.path().join("copy"));
        let first = life(&folder);
        assert_eq!(life(&folder), first);
        fs::create_dir(&copy).unwrap();
        fs::copy(durable(&folder), durable(&copy)).unwrap();
        assert_ne!(life(&copy), first);
        // Put back in place of the original, as an operator would after a bad day.
        fs::remove_dir_all(&folder).unwrap();
        fs::rename(&copy, &folder).unwrap();
        assert_ne!(life(&folder), first);
        assert_eq!(life(&folder), life(&folder));
    }

    #[test]
    fn old_bytes_put_back_into_the_same_file_begin_another_life() {
        for with_the_mark in [false, true] {
            for while_open in [false, true] {
                let place = tempfile::tempdir().unwrap();
                let (folder, backup) = (place.path().join("folder"), place.path().join("backup"));
                fs::create_dir(&backup).unwrap();
                let first = life(&folder);
                let open = while_open.then(|| Disk::open(&folder, 1 << 20).unwrap());
                copy(&folder, &backup);
                drop(open);
                assert_eq!(life(&folder), first);
                let before = fs::metadata(durable(&folder)).unwrap();
                if with_the_mark {
                    copy(&backup, &folder);
                } else {
                    fs::copy(durable(&backup), durable(&folder)).unwrap();
                }
                let after = fs::metadata(durable(&folder)).unwrap();
                assert_eq!(super::place(&before), super::place(&after), "it is the same file");
                let second = life(&folder);
                assert_ne!(second, first, "{with_the_mark} {while_open}");
                assert_eq!(life(&folder), second, "and once");
            }
        }
    }

    #[test]
    fn a_folder_without_marks_goes_on_and_old_bytes_without_one_do_not() {
        let place = tempfile::tempdir().unwrap();
        let (folder, backup) = (place.path().join("folder"), place.path().join("backup"));
        fs::create_dir(&backup).unwrap();
        let first = life(&folder);
        let unmark = || {
            let store = Redb::open(&durable(&folder)).unwrap();
            store.commit(&[Change::Setting { name: MARK.to_owned(), bytes: Vec::new() }]).unwrap();
            marks(&durable(&folder))
                .unwrap()
                .iter()
                .for_each(|mark| fs::remove_file(mark).unwrap());
        };
        unmark();
        fs::copy(durable(&folder), durable(&backup)).unwrap();
        assert_eq!(life(&folder), first);
        fs::copy(durable(&backup), durable(&folder)).unwrap();
        assert_ne!(life(&folder), first);
    }

    /// Wherever it is cut off, nobody takes old bytes for new ones; and the next time it is whole again.
    #[test]
    fn marks_that_were_cut_off_begin_another_life_and_are_whole_again() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("folder");
        let mut last = life(&folder);
        let old = marks(&durable(&folder)).unwrap().pop().unwrap();
        // The new mark is beside the file, and not in it yet; or the old one is still there.
        for left in [mark_file(&durable(&folder), b"new"), old] {
            fs::write(&left, b"").unwrap();
            let next = life(&folder);
            assert_ne!(next, last);
            assert_eq!(life(&folder), next);
            assert_eq!(marks(&durable(&folder)).unwrap().len(), 1);
            last = next;
        }
    }
}
