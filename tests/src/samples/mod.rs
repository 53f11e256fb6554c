//! Writes documents of ours for other people's code to judge: drafts that are the same at every run, and what
//! a real node exports.

use std::{io, path::Path};

mod credentials;
mod exported;
mod keys;
mod logs;
pub(crate) mod person;

/// Writes every sample below `folder`, which it makes.
///
/// # Errors
///
/// Returns what the file system says.
///
/// # Panics
///
/// Panics if what it writes is not what it should be by our own rules: then there is nothing to judge.
pub fn write(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    keys::write(folder)?;
    logs::write(folder)?;
    exported::write(folder)?;
    credentials::write(folder)
}
