//! What can go wrong with secrets, and what to do about it.

use super::Kind;
use crate::store::StoreError;
use std::{io, path::PathBuf};

/// A secret was not sealed or cannot be opened.
#[derive(Debug, Clone, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum VaultError {
    /// Fault of whoever typed it.
    #[error("the passphrase is wrong; try again, or restore a backup whose passphrase you know")]
    WrongPassphrase,
    /// Fault of whoever chose it.
    #[error("the passphrase is empty; choose one of several words")]
    EmptyPassphrase,
    /// A file cannot be read or written.
    #[error("{path}: {kind}; check that the file exists and is yours")]
    File { path: PathBuf, kind: io::ErrorKind },
    /// Nothing was begun in this folder.
    #[error("there are no keys in this data folder; begin with `init` or `restore`")]
    Missing,
    /// Something was begun in this folder.
    #[error("there are keys in this data folder already; choose another folder for new ones")]
    Exists,
    /// The cost is outside what a vault may have, or there is not so much memory.
    #[error(
        "the passphrase cannot be worked off with the memory there is; free some and try again"
    )]
    Cost,
    /// The disk gave back other bytes than were written, or a later program wrote them.
    #[error("the vault's header cannot be read; restore a backup, or use the newer program")]
    DamagedHeader,
    /// Not sealed by this vault under this name. Fault of the disk, or of whoever changed it.
    #[error("a sealed {kind} is damaged; restore a backup")]
    Damaged { kind: Kind },
    /// More than can be sealed in one piece. Fault of the caller.
    #[error("{length} bytes are more than can be sealed in one piece")]
    TooLong { length: usize },
    /// The system has no randomness to give.
    #[error("the system has no randomness to give; nothing was made")]
    Randomness,
    /// There is more to back up than could be read again: an attestor's of millions of claims.
    #[error(
        "a backup of more than {bound} bytes could not be read again, so none was written; copy the whole data \
         folder while its program is stopped"
    )]
    TooLarge { bound: u64 },
    /// The file is something else.
    #[error("{path} is not a backup of Countersign")]
    NotABackup { path: PathBuf },
    /// A later program wrote it.
    #[error(
        "{path} is a backup of format {found}, and this program knows {known}; use the newer one"
    )]
    NewerBackup { path: PathBuf, found: u8, known: u8 },
    /// The file was changed or cut short.
    #[error("{path} is damaged or cut short; use another copy of the backup")]
    DamagedBackup { path: PathBuf },
    /// The disk failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
