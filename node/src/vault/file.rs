//! Files that only their owner reads, and that are there whole or not at all.

use super::VaultError;
use crate::private;
use std::io;
use std::path::Path;
use zeroize::Zeroizing;

/// Reads a file of at most `bound` bytes.
pub(super) fn read(path: &Path, bound: u64) -> Result<Zeroizing<Vec<u8>>, VaultError> {
    private::read(path, bound).map_err(|error| failed(path, &error))
}

/// Writes a file that replaces what is there in one step, and that nobody else can read.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), VaultError> {
    private::replace(path, bytes).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &io::Error) -> VaultError {
    VaultError::File { path: path.to_owned(), kind: error.kind() }
}
