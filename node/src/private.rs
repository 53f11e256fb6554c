//! Files and folders that only their owner can read, written so that a crash leaves the old one or the new one.

use std::fs;
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use zeroize::Zeroizing;

/// Writes a file that only its owner can read, in a folder that is made where there is none, so that a crash
/// leaves the old one or the new one.
///
/// # Errors
///
/// Returns what the file system returned.
pub fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    make_folder(folder_of(path))?;
    replace(path, bytes)
}

/// Writes a file that only its owner can read, in place of what is there and in one step.
///
/// # Errors
///
/// Returns what the file system returned.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let name = path.file_name().ok_or(io::ErrorKind::InvalidFilename)?;
    let mut unfinished = name.to_owned();
    unfinished.push(format!(".{}.tmp", std::process::id()));
    let unfinished = folder_of(path).join(unfinished);
    let written = write_whole(&unfinished, bytes).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        // It may not even be there; what matters is the error before.
        drop(fs::remove_file(&unfinished));
    }
    written?;
    // The new name is on the disk once the folder is.
    fs::File::open(folder_of(path))?.sync_all()
}

/// Gives the folder of a file; a bare name lies in the one the person stands in.
fn folder_of(path: &Path) -> &Path {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.unwrap_or(Path::new("."))
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

/// Reads a file of at most `bound` bytes, which are wiped from memory when they are no longer needed.
///
/// # Errors
///
/// Returns what the file system returned, and `FileTooLarge` for more.
pub(crate) fn read(path: &Path, bound: u64) -> io::Result<Zeroizing<Vec<u8>>> {
    let mut bytes = Zeroizing::new(Vec::new());
    // One byte more shows that there is more.
    fs::File::open(path)?.take(bound.saturating_add(1)).read_to_end(&mut bytes)?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > bound {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(bytes)
}

/// Opens a file that only its owner can read, for reading and writing, and makes it if there is none.
///
/// # Errors
///
/// Returns what the file system returned.
pub(crate) fn open(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::File::options();
    options.create(true).truncate(false).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes a folder that only its owner can enter.
///
/// # Errors
///
/// Returns what the file system returned.
pub fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_cannot_be_put_in_place_leaves_nothing_behind() {
        let folder = tempfile::tempdir().unwrap();
        let taken = folder.path().join("taken");
        fs::create_dir_all(taken.join("inside")).unwrap();
        assert!(write(&taken, b"it").is_err());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
