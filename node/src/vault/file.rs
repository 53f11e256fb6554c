//! Files that only their owner reads, and that are there whole or not at all.

use super::VaultError;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use zeroize::Zeroizing;

/// Reads a file of at most `bound` bytes.
pub(super) fn read(path: &Path, bound: u64) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    let failed = |error: io::Error| failed(path, &error);
    let mut bytes = Zeroizing::new(Vec::new());
    let file = File::open(path).map_err(failed)?;
    // One byte more shows that there is more.
    file.take(bound.saturating_add(1)).read_to_end(&mut bytes).map_err(failed)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > bound {
        return Err(failed(io::ErrorKind::FileTooLarge.into()));
    }
    Ok(bytes)
}

/// Writes a file that replaces what is there in one step, and that nobody else can read.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    crate::door::replace(path, bytes).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &io::Error) -> VaultError {
    VaultError::File { path: path.to_owned(), kind: error.kind() }
}
