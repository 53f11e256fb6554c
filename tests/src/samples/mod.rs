//! Writes documents of ours for other people's code to judge, the same at every run.

use std::{io, path::Path};

mod keys;

/// Writes every sample below `folder`, which it makes.
///
/// # Errors
///
/// Returns what the file system says.
pub fn write(folder: &Path) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    keys::write(folder)
}
