//! How an attestor notices that its books come from a backup.
//!
//! The books and a small file beside them hold the same random name. A backup carries the books and
//! not the file, so after a restore the two differ, and a new status list is opened: nobody knows
//! which indexes the lost days used. A crash between writing the two only costs a list.

use super::{Ledger, LedgerError};
use crate::ground::books::{BooksError, Change, Expect};
use countersign_protocol::encoding::base64url;
use std::path::Path;

impl Ledger {
    /// Tells whether the books were used before, and not with the file in `folder`.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn is_restored(&self, folder: &Path) -> Result<bool, LedgerError> {
        let held = self.books.row(TABLE, KEY)?;
        let beside = std::fs::read(folder.join(FILE)).ok();
        Ok(held.is_some() && held != beside)
    }

    /// Gives the books a new name, and writes it beside them.
    ///
    /// # Errors
    ///
    /// Returns what the books return, and [`BooksError::Failed`] if the file cannot be written.
    pub fn begin_life(&self, folder: &Path) -> Result<(), LedgerError> {
        let name = base64url::encode(&rand::random::<[u8; 24]>()).into_bytes();
        self.books.write(vec![Change::Put {
            table: TABLE,
            key: KEY.to_vec(),
            expect: Expect::Anything,
            bytes: name.clone(),
        }])?;
        let failed = |cause: std::io::Error| BooksError::Failed { cause: cause.into() };
        let (new, path) = (folder.join(format!("{FILE}.new")), folder.join(FILE));
        let written = std::fs::write(&new, name)
            .and_then(|()| std::fs::File::open(&new)?.sync_all())
            .and_then(|()| std::fs::rename(&new, &path));
        Ok(written.map_err(failed)?)
    }
}

const TABLE: &str = "attestor.life";
const KEY: &[u8] = b"name";
const FILE: &str = "attestor.life";
