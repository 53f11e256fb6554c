//! Opens the cache, or begins a new one: what it held is fetched again.

use super::StoreError;
use super::folder::Folder;
use super::shelf::Look as _;
use super::sled::Sled;

/// Opens the cache; one that does not open, or that was found damaged, is set aside.
pub(super) fn open(folder: &Folder, memory: u64) -> Result<Sled, StoreError> {
    let path = folder.cache();
    let error = match Sled::open(&path, memory) {
        // Some damage shows at the first look, whatever is looked for.
        Ok(cache) => match cache.check().and_then(|()| cache.get(&[])) {
            Ok(_) => return Ok(cache),
            Err(error) => error,
        },
        // On a disk that is full or forbidden a second attempt makes nothing better.
        Err(error) if is_no_damage(&error) => return Err(error),
        Err(error) => error,
    };
    let aside = folder.set_cache_aside()?;
    tracing::warn!(
        path = %path.display(),
        aside = %aside.display(),
        because = %error,
        "the cache is damaged; it was set aside, and what it held is fetched again"
    );
    Sled::open(&path, memory)
}

fn is_no_damage(error: &StoreError) -> bool {
    use std::io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    match error {
        StoreError::Full { .. } => true,
        StoreError::Io { source, .. } => {
            matches!(source.kind(), PermissionDenied | ReadOnlyFilesystem)
        }
        _ => false,
    }
}
