//! Files that only their owner reads, and that are there whole or not at all.

use super::VaultError;
use std::fs::{File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
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
    let failed = |error: io::Error| failed(path, &error);
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    };
    let name = path.file_name().ok_or_else(|| failed(io::ErrorKind::InvalidFilename.into()))?;
    let mut unfinished = name.to_owned();
    unfinished.push(format!(".{}.tmp", std::process::id()));
    let unfinished = folder.join(unfinished);
    let written = write_whole(&unfinished, bytes).and_then(|()| std::fs::rename(&unfinished, path));
    if let Err(error) = written {
        // It may not even be there; what matters is the error before.
        let _removed = std::fs::remove_file(&unfinished);
        return Err(failed(error));
    }
    // The new name is on the disk once the folder is.
    File::open(&folder).and_then(|folder| folder.sync_all()).map_err(failed)
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn failed(path: &Path, error: &io::Error) -> VaultError {
    VaultError::File { path: path.to_owned(), kind: error.kind() }
}
