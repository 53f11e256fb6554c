//! What a failure of the disk, or of the vault on it, means to whoever asked.

use super::{Kind, Problem};
use crate::store::StoreError;
use crate::vault::VaultError;

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
