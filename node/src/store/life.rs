//! Notices that a data folder is a copy: a restored one, or one of two.
//!
//! What must not be lost is one file, and the file system knows when it was made and where. The store
//! remembers both; where they are others, the file was copied here, by whatever tool, and the folder
//! begins another *life* with a random name of its own. Who must never do a thing twice, as an attestor
//! must never use a status index twice, asks whether it still lives the life it did that thing in. A
//! file system that was itself put back to an older state is not noticed here.

use super::redb::Redb;
use super::{Change, Store as _, StoreError};
use std::fs::{self, Metadata};
use std::path::Path;
use std::time::UNIX_EPOCH;

/// Begins another life if the store in the file `path` does not remember being there.
pub(super) fn go_on(store: &Redb, path: &Path) -> Result<(), StoreError> {
    let found = fs::metadata(path).map_err(|error| StoreError::from_io(path, error))?;
    let here = place(&found);
    if store.setting(PLACE)?.as_ref() == Some(&here) {
        return Ok(());
    }
    let name = rand::random::<[u8; 16]>().to_vec();
    store.commit(&[
        Change::Setting { name: PLACE.to_owned(), bytes: here },
        Change::Setting { name: LIFE.to_owned(), bytes: name },
    ])
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
/// The setting that holds the name of the life.
pub(crate) const LIFE: &str = "life";

#[cfg(test)]
mod tests {
    use super::super::disk::Disk;
    use super::*;

    fn life(folder: &Path) -> Vec<u8> {
        Disk::open(folder, 1 << 20).unwrap().setting(LIFE).unwrap().unwrap()
    }

    #[test]
    fn a_copied_folder_begins_a_life_of_its_own_and_an_untouched_one_goes_on() {
        let place = tempfile::tempdir().unwrap();
        let (folder, copy) = (place.path().join("folder"), place.path().join("copy"));
        let first = life(&folder);
        assert_eq!(life(&folder), first);
        fs::create_dir(&copy).unwrap();
        fs::copy(folder.join("durable.redb"), copy.join("durable.redb")).unwrap();
        assert_ne!(life(&copy), first);
        // Put back in place of the original, as an operator would after a bad day.
        fs::remove_dir_all(&folder).unwrap();
        fs::rename(&copy, &folder).unwrap();
        assert_ne!(life(&folder), first);
        assert_eq!(life(&folder), life(&folder));
    }
}
