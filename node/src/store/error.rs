//! What can go wrong with a disk, and whose fault it is.

use core::{error::Error, fmt};
use countersign_protocol::verdict::Verdict;
use std::{
    io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Something was not written, or cannot be read.
#[derive(Debug, Clone, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum StoreError {
    /// Another writer was first, or the caller's picture is old. Nothing was written.
    #[error("{record} is not what the change expects to find")]
    Conflict { record: Name },
    /// The disk gave back other bytes than were written. Fault of the disk.
    #[error(
        "{record} is damaged on the disk; restore the data folder from a backup, or remove \
         the record's identity and fetch it again"
    )]
    Damaged { record: Name },
    /// The record is longer than anything that is ever written. Fault of the caller.
    #[error("{record} would have {length} bytes, more than the {bound} a record may have")]
    TooLong { record: Name, length: usize, bound: usize },
    /// There is no room. Nothing that was written before is lost; make room and try again.
    #[error(
        "the disk under {path} is full; what was saved before is safe; make room and try again"
    )]
    Full { path: PathBuf },
    /// The operating system refused.
    #[error("{path}: {source}")]
    Io { path: PathBuf, source: Arc<io::Error> },
    /// Another process has the folder.
    #[error(
        "the data folder {folder} is in use by another process; stop that one, or choose another \
         folder"
    )]
    InUse { folder: PathBuf },
    /// A later version of the program wrote the folder.
    #[error(
        "the data folder {folder} has format {found}, and this program knows formats up to \
         {known}; use the newer program that wrote it{way_back}"
    )]
    Newer { folder: PathBuf, found: u64, known: u64, way_back: WayBack },
    /// What must not be lost cannot be opened. Fault of the disk.
    #[error(
        "{path} cannot be opened, it is damaged: {source}; restore the data folder from a backup"
    )]
    Unreadable { path: PathBuf, source: Arc<dyn Error + Send + Sync> },
    /// The database failed in a way that is neither damage nor a full disk.
    #[error("{path}: the database failed: {source}")]
    Database { path: PathBuf, source: Arc<dyn Error + Send + Sync> },
}

impl StoreError {
    /// Says what to do with a message whose object could not be kept: our disk is no peer's fault.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::Conflict { .. }
            | Self::Damaged { .. }
            | Self::TooLong { .. }
            | Self::Full { .. }
            | Self::Io { .. }
            | Self::InUse { .. }
            | Self::Newer { .. }
            | Self::Unreadable { .. }
            | Self::Database { .. } => Verdict::Ignore,
        }
    }
}

impl StoreError {
    /// Says what an error of the operating system means for the file or folder `path`.
    pub(super) fn from_io(path: &Path, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::Full { path: path.to_owned() }
            }
            _ => Self::Io { path: path.to_owned(), source: Arc::new(source) },
        }
    }
}

/// What a data folder was before a newer program changed it, if that is still there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WayBack(pub(super) Option<PathBuf>);

impl fmt::Display for WayBack {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Some(aside) => write!(
                formatter,
                ", or go back to what it was before with `countersign downgrade`: {} is from then, \
                 and what was done since is lost",
                aside.display()
            ),
            None => Ok(()),
        }
    }
}

/// Names a record for a person: its table and its key.
#[derive(Clone, PartialEq, Eq)]
pub struct Name {
    pub(super) table: &'static str,
    /// The whole key, its table's byte included.
    pub(super) key: Vec<u8>,
}

impl fmt::Display for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} ", self.table)?;
        let key = self.key.get(1..).unwrap_or_default();
        // Names and ids that are text are shown as text.
        match core::str::from_utf8(key) {
            Ok(text) if text.chars().all(|c| c.is_ascii_graphic() || c == ' ') => {
                write!(formatter, "`{text}`")
            }
            Ok(_) | Err(_) => key.iter().try_for_each(|byte| write!(formatter, "{byte:02x}")),
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Name({self})")
    }
}
