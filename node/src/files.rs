//! The files of a data folder that a person reads and changes: settings, policies, and what they name.
//!
//! A backup takes them along, so that what is restored works as what was lost did. Which ones is said by
//! the end of their names: settings (`.toml`), client secrets (`.secret`), certificates and their keys
//! (`.crt`, `.key`, `.pem`), in the folder itself and in `policies`. What else lies there is nobody's to
//! guess: words or a passphrase that somebody keeps in the folder never come into a backup.

use crate::private;
use crate::problem::{Kind, Problem};
use crate::vault::backup::File;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// Tells whether a backup of the folder `data` takes the file `path` along.
#[must_use]
pub fn goes_into_a_backup(data: &Path, path: &Path) -> bool {
    let folder = path.parent();
    let beside = folder == Some(data) || folder == Some(&*data.join(POLICIES));
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    beside && ENDINGS.contains(&ending)
}

/// Reads what a backup of the folder `data` takes along.
///
/// # Errors
///
/// Returns a problem if a file cannot be read, or is larger than one that a person writes.
pub(crate) fn gather(data: &Path) -> Result<Vec<File>, Problem> {
    let mut paths = files_in(data)?;
    paths.extend(files_in(&data.join(POLICIES))?);
    paths.retain(|path| goes_into_a_backup(data, path));
    paths.sort();
    paths.iter().map(|path| read(data, path)).collect()
}

/// Puts `files` back into the folder `data`; what is there already stays as it is. Gives the names of
/// those that were put back.
///
/// # Errors
///
/// Returns a problem if one cannot be written.
pub(crate) fn put_back(data: &Path, files: &[File]) -> Result<Vec<String>, Problem> {
    let mut back = Vec::new();
    for file in files {
        let path = data.join(&file.name);
        // The backup is ours, and still no name in it leads out of the folder.
        let plain = Path::new(&file.name).components().all(is_plain);
        if !plain || !goes_into_a_backup(data, &path) || path.exists() {
            continue;
        }
        private::write(&path, &file.bytes).map_err(|cause| Problem::unwritable(&path, cause))?;
        back.push(file.name.clone());
    }
    Ok(back)
}

fn is_plain(part: std::path::Component<'_>) -> bool {
    matches!(part, std::path::Component::Normal(_))
}

fn files_in(folder: &Path) -> Result<Vec<PathBuf>, Problem> {
    let failed = |cause| unreadable(folder, cause);
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(cause) => return Err(failed(cause)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.is_file() {
            paths.push(path);
        }
    }
    Ok(paths)
}

fn read(data: &Path, path: &Path) -> Result<File, Problem> {
    let name = path.strip_prefix(data).unwrap_or(path).to_string_lossy().into_owned();
    let bytes = private::read(path, LARGEST).map_err(|cause| unreadable(path, cause))?;
    Ok(File { name, bytes })
}

fn unreadable(path: &Path, cause: io::Error) -> Problem {
    Problem::new(Kind::Internal, format!("{} cannot be put into a backup", path.display()))
        .because(cause)
        .hint("make it readable for the user the node runs as, or move it elsewhere")
}

const POLICIES: &str = "policies";
const ENDINGS: [&str; 5] = ["toml", "secret", "crt", "key", "pem"];
/// Nobody writes a megabyte of settings.
const LARGEST: u64 = 1024 * 1024;

#[cfg(test)]
mod tests {
    use super::*;
    use zeroize::Zeroizing;

    #[test]
    fn settings_policies_and_client_secrets_come_back_and_words_never_go() {
        let (old, new) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::create_dir(old.path().join(POLICIES)).unwrap();
        fs::create_dir(old.path().join("store")).unwrap();
        let taken = ["attestor.toml", "paypal.secret", "policies/new.toml", "tls.key"];
        let left = ["words", "passphrase", "attestor.door", "store/x.toml", "backup-1"];
        for name in taken.iter().chain(&left) {
            fs::write(old.path().join(name), name).unwrap();
        }
        let files = gather(old.path()).unwrap();
        fs::write(new.path().join("tls.key"), "newer").unwrap();
        assert_eq!(put_back(new.path(), &files).unwrap(), taken[..3]);
        for name in &taken[..3] {
            assert_eq!(fs::read_to_string(new.path().join(name)).unwrap(), *name);
        }
        assert_eq!(fs::read_to_string(new.path().join("tls.key")).unwrap(), "newer");
        assert!(left.iter().all(|name| !new.path().join(name).exists()));
    }

    #[test]
    fn no_name_in_a_backup_leads_out_of_the_folder() {
        let folder = tempfile::tempdir().unwrap();
        let inside = folder.path().join("inside");
        for name in ["../out.toml", "policies/../../out.toml", "/out.toml", "store/in.toml"] {
            let file = File { name: name.to_owned(), bytes: Zeroizing::new(vec![1]) };
            assert!(put_back(&inside, &[file]).unwrap().is_empty(), "{name}");
        }
        assert!(!inside.exists() && !folder.path().join("out.toml").exists());
    }

    #[test]
    fn a_file_too_large_for_settings_is_told_and_not_left_out() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("huge.toml"), vec![b'#'; 1024 * 1024 + 1]).unwrap();
        assert!(gather(folder.path()).unwrap_err().to_string().contains("huge.toml"));
    }
}
