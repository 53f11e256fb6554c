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
    // A name of its own for each writer, which nobody can have laid a link at.
    unfinished.push(format!(".{:016x}.tmp", rand::random::<u64>()));
    let unfinished = folder_of(path).join(unfinished);
    let file = make(&unfinished)?;
    let written = write_whole(file, bytes).and_then(|()| fs::rename(&unfinished, path));
    if written.is_err() {
        // What matters is the error before.
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

/// Makes a file that is not there, and follows no link to one that is.
fn make(path: &Path) -> io::Result<fs::File> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn write_whole(mut file: fs::File, bytes: &[u8]) -> io::Result<()> {
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

    #[test]
    fn of_several_who_write_at_once_one_is_there_whole_and_nothing_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("it");
        for _ in 0..8 {
            let together = std::sync::Barrier::new(4);
            std::thread::scope(|scope| {
                for byte in 0..4_u8 {
                    let (path, together) = (&path, &together);
                    scope.spawn(move || {
                        together.wait();
                        write(path, &vec![byte; 500_000 + usize::from(byte)]).unwrap();
                    });
                }
            });
            let found = fs::read(&path).unwrap();
            assert_eq!(found.len(), 500_000 + usize::from(found[0]));
            assert!(found.iter().all(|byte| *byte == found[0]));
            assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        }
    }

    #[cfg(unix)]
    #[test]
    fn nothing_is_made_where_a_link_lies() {
        let folder = tempfile::tempdir().unwrap();
        let (link, target) = (folder.path().join("link"), folder.path().join("target"));
        std::os::unix::fs::symlink(&target, &link).unwrap();
        assert_eq!(make(&link).unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert!(!target.exists());
        // What is written takes the place of the link itself.
        write(&link, b"it").unwrap();
        assert!(!target.exists() && fs::read(&link).unwrap() == b"it");
    }
}
