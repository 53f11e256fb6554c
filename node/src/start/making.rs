//! How a folder becomes a node's: as a whole, or not at all.
//!
//! Before the first file of a new node is written, a sign is put into the folder; it is taken away once all of
//! the node has reached the disk. Where the sign lies, the making was cut off: no command takes what is
//! there for a node, and whoever makes one there again first removes what was made before. The sign names
//! the files that were not there, each with the hash of what was to be written: what a person has put there or
//! changed since stays. A finished node has no sign, and nothing of it is ever removed.

use super::STORE;
use crate::private;
use crate::problem::{Kind, Problem};
use crate::vault::backup::File as Named;
use countersign_protocol::encoding::multihash::sha256;
use std::fs::{self, File};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Component, Path, PathBuf};

/// Tells whether there is no node in `data` yet; one whose making was cut off is none.
///
/// # Errors
///
/// Returns a problem if there is one.
pub fn check_empty(data: &Path) -> Result<(), Problem> {
    if data.join(STORE).exists() && !was_cut_off(data) {
        return Err(Problem::new(Kind::Conflict, "there is a node here already")
            .because(format!("everything of it lies in {}", data.display()))
            .hint("`countersign id show` prints its identity; another one needs --data FOLDER"));
    }
    Ok(())
}

/// Tells whether there is a whole node in `data`, before anybody is asked for a passphrase.
///
/// # Errors
///
/// Returns a problem if there is none.
pub fn check_made(data: &Path) -> Result<(), Problem> {
    if was_cut_off(data) {
        return Err(Problem::new(Kind::Unavailable, "the node in this folder was never finished")
            .because(format!("its making was cut off; what is there of it lies in {}", data.display()))
            .hint(
                "run the command that made it again: it begins anew. Words it showed before belong to \
                 nothing",
            ));
    }
    if data.join(STORE).exists() { Ok(()) } else { Err(nobody_here(data)) }
}

/// Tells whether the making of a node in `data` was cut off, or is under way. An empty sign says that nothing
/// was made.
#[must_use]
pub fn was_cut_off(data: &Path) -> bool {
    fs::metadata(data.join(SIGN)).is_ok_and(|sign| sign.len() > 0)
}

/// Removes the store of a node that has no identity and does not run, and the network it joined: whoever
/// tries again may mean another.
///
/// # Errors
///
/// Returns a problem if the disk does not let it.
pub(crate) fn unmake(data: &Path) -> Result<(), Problem> {
    let failed = |error: io::Error| Problem::unwritable(data, error);
    let mut making = Making::lock(data)?;
    making.name(&[]).map_err(failed)?;
    fs::remove_file(data.join(crate::joined::FILE)).map_err(failed)?;
    making.undo()
}

/// A node that is being made. Dropping it leaves the folder as a crash would.
#[derive(Debug)]
pub(super) struct Making {
    data: PathBuf,
    /// Locked: two that make a node in one folder would remove each other's.
    sign: File,
}

impl Making {
    /// Begins in `data`, and removes what one before left that was cut off. `files` are to lie beside the
    /// store.
    pub(super) fn begin(data: &Path, files: &[Named]) -> Result<Self, Problem> {
        let failed = |error: io::Error| Problem::unwritable(data, error);
        private::make_folder(data).map_err(failed)?;
        let mut making = Self::lock(data)?;
        // Whoever made one here a moment ago has finished it.
        check_empty(data)?;
        making.clear().map_err(failed)?;
        making.name(files).map_err(failed)?;
        Ok(making)
    }

    fn lock(data: &Path) -> Result<Self, Problem> {
        let path = data.join(SIGN);
        let sign = private::open(&path).map_err(|error| Problem::unwritable(data, error))?;
        // Whoever had it may have finished since it was opened.
        if sign.try_lock().is_err() || !path.exists() {
            return Err(Problem::new(Kind::Busy, "a node is being made in this folder just now")
                .because(format!("another program has locked {}", path.display()))
                .hint("wait until it is done"));
        }
        Ok(Self { data: data.to_owned(), sign })
    }

    /// Removes what the sign says was made.
    fn clear(&mut self) -> io::Result<()> {
        let mut text = String::new();
        self.sign.rewind()?;
        self.sign.read_to_string(&mut text)?;
        for (hash, name) in text.lines().filter_map(|line| line.split_once(' ')) {
            let path = self.data.join(name);
            let inside =
                Path::new(name).components().all(|part| matches!(part, Component::Normal(_)));
            if inside && fs::read(&path).is_ok_and(|bytes| hash_of(&bytes) == hash) {
                fs::remove_file(&path)?;
            }
        }
        match fs::remove_dir_all(self.data.join(STORE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        on_disk(&self.data)
    }

    /// Names those of `files` that are not there yet.
    fn name(&mut self, files: &[Named]) -> io::Result<()> {
        let new = files.iter().filter(|file| !self.data.join(&file.name).exists());
        let lines = new.map(|file| format!("{} {}\n", hash_of(&file.bytes), file.name));
        let text: String = [FIRST.to_owned()].into_iter().chain(lines).collect();
        self.sign.set_len(0)?;
        self.sign.rewind()?;
        self.sign.write_all(text.as_bytes())?;
        self.sign.sync_all()?;
        on_disk(&self.data)
    }

    /// Does the work; the sign is gone once all of it is on the disk. If it fails, so is what it made.
    pub(super) fn run<T>(
        self,
        work: impl FnOnce(&Path) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let done = work(&self.data).and_then(|made| {
            on_disk(&self.data.join(STORE))
                .map_err(|error| Problem::unwritable(&self.data, error))?;
            Ok(made)
        });
        match done {
            Ok(made) => self.finish().map(|()| made),
            Err(problem) => {
                // What matters is the error before; what is left is removed by whoever tries again.
                drop(self.undo());
                Err(problem)
            }
        }
    }

    /// Takes the sign away: from now on there is a node.
    fn finish(self) -> Result<(), Problem> {
        let failed = |error: io::Error| Problem::unwritable(&self.data, error);
        on_disk(&self.data).map_err(failed)?;
        // Folders above may be as new, and some of them nobody's to open.
        for above in self.data.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()) {
            let _reached = on_disk(above).is_ok();
        }
        fs::remove_file(self.data.join(SIGN)).map_err(failed)?;
        on_disk(&self.data).map_err(failed)
    }

    /// Removes what was made, and then the sign.
    fn undo(mut self) -> Result<(), Problem> {
        let removed = self.clear().and_then(|()| fs::remove_file(self.data.join(SIGN)));
        removed.map_err(|error| Problem::unwritable(&self.data, error))
    }
}

/// Waits until the names in `folder` are on the disk.
fn on_disk(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn hash_of(bytes: &[u8]) -> String {
    sha256(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn nobody_here(data: &Path) -> Problem {
    Problem::new(Kind::Unavailable, "there is no node here yet")
        .because(format!("nothing lies in {}", data.display()))
        .hint(
            "make one with `countersign init`; to take an identity back on a new computer, \
             `countersign init --without-identity --join INVITATION` first",
        )
}

/// What to say to whoever makes a node where one was not finished.
pub const BEGINS_ANEW: &str =
    "A try before was cut off here: this one begins anew. Words it showed belong to nothing.";
/// The sign that a node in this folder is not finished.
const SIGN: &str = "unfinished";
/// Its first line, for whoever looks into it.
const FIRST: &str = "# a node is being made here; as long as this file is, there is none\n";

#[cfg(test)]
mod tests;
