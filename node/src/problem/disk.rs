//! What a failure of a file, of the disk or of the vault on it means to whoever asked.

use super::{Kind, Problem};
use crate::store::StoreError;
use crate::vault::VaultError;
use core::fmt::Display;
use std::path::Path;

impl Problem {
    /// Says that the file or folder `path` cannot be written.
    #[must_use]
    pub fn unwritable(path: &Path, error: impl Display) -> Self {
        Self::new(Kind::Internal, format!("{} cannot be written", path.display()))
            .because(error)
            .hint("look at the disk, and at who may write there")
    }

    /// Says that the file `path`, which somebody named, cannot be read.
    #[must_use]
    pub fn unreadable(path: &Path, error: impl Display) -> Self {
        Self::new(Kind::Invalid, format!("{} cannot be read", path.display()))
            .because(error)
            .hint("look whether it is there, and who may read it")
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Self {
        Self::new(Kind::Internal, "the disk did not do what was asked").because(error)
    }
}

impl From<VaultError> for Problem {
    fn from(error: VaultError) -> Self {
        let (kind, title) = match error {
            VaultError::Store(error) => return error.into(),
            VaultError::WrongPassphrase | VaultError::EmptyPassphrase | VaultError::Missing => {
                (Kind::Locked, "the vault did not open")
            }
            VaultError::Exists => (Kind::Conflict, "the vault did not open"),
            VaultError::DamagedHeader | VaultError::Damaged { .. } => {
                (Kind::Unusable, "the vault did not open")
            }
            VaultError::TooLarge { .. } => (Kind::Unusable, "there is no backup"),
            VaultError::File { .. } => (Kind::Invalid, "the file cannot be used"),
            VaultError::NotABackup { .. }
            | VaultError::NewerBackup { .. }
            | VaultError::DamagedBackup { .. } => (Kind::Invalid, "the backup cannot be used"),
            VaultError::Cost | VaultError::TooLong { .. } | VaultError::Randomness => {
                (Kind::Internal, "the vault could not do it")
            }
        };
        Self::new(kind, title).because(error)
    }
}
