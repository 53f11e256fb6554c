//! How an attestor notices that its books were put back to what they were before.
//!
//! Two things tell. The books remember which *life* of the data folder they were used in: a backup that
//! was restored, or a folder that was copied, lives another one. And the network remembers what the
//! attestor said last of each list: if it knows something newer than the books do, days are missing in
//! them, however they went missing. Either way a new status list is opened, because nobody knows which
//! indexes the lost days used; what the network knows of the old lists is taken over, so that the next
//! statement follows the last and does not contradict it.

use super::audit::{self, Deed};
use super::lists::Adopted;
use super::row::Standing;
use super::{ISSUED, Ledger, LedgerError, put};
use crate::ground::books::{Change, Expect};
use countersign_protocol::status::ledger::State;
use countersign_protocol::status::why::Why;
use countersign_protocol::time::Timestamp;

impl Ledger {
    /// Tells whether the books were used before, and in another life.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn is_restored(&self) -> Result<bool, LedgerError> {
        let life = self.books.life()?;
        Ok(self.books.row(TABLE, KEY)?.is_some_and(|used_in| used_in != life))
    }

    /// Remembers that the books are used in this life; and, if it began `alone`, that nobody was asked yet
    /// what books that were put back lack.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn begin_life(&self, alone: bool) -> Result<(), LedgerError> {
        let (owed, life) = (self.must_ask()?, self.books.life()?);
        let must_ask = alone && (self.is_restored()? || owed);
        if must_ask == owed && self.books.row(TABLE, KEY)?.as_ref() == Some(&life) {
            return Ok(());
        }
        let put = |key: &[u8], bytes| {
            let (key, expect) = (key.to_vec(), Expect::Anything);
            Change::Put { table: TABLE, key, expect, bytes }
        };
        let owed = if must_ask { b"yes".to_vec() } else { Vec::new() };
        Ok(self.books.write(vec![put(KEY, life), put(MUST_ASK, owed)])?)
    }

    /// Tells whether the books were put back and nobody was asked yet what they lack.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn must_ask(&self) -> Result<bool, LedgerError> {
        Ok(self.books.row(TABLE, MUST_ASK)?.is_some_and(|owed| !owed.is_empty()))
    }

    /// Takes over what the network knows of a list if the books know less, and tells whether they
    /// did. Claims whose bit is set there were taken back in the days that are missing here.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn catch_up(&self, known: &State, now: Timestamp) -> Result<bool, LedgerError> {
        let _writer = self.write_alone();
        let Some(Adopted { number, mut changes }) = self.adopt(known)? else { return Ok(false) };
        let mut ids = Vec::new();
        let mut taken_back = Vec::new();
        self.each(|issued| {
            let live = matches!(issued.standing, Standing::Live);
            if live && issued.list == number && known.is_set(issued.index) == Some(true) {
                taken_back.push(issued.id);
            }
        })?;
        let effective = known.effective_at().unwrap_or(known.as_of());
        for id in taken_back {
            let (bytes, mut issued) = self.row(&id)?;
            issued.standing = Standing::Revoked {
                at: known.as_of(),
                effective,
                why: Why::Unspecified,
                note: LOST.to_owned(),
            };
            issued.refresh = None;
            let key = id.clone().into_bytes();
            changes.push(put(ISSUED, key, Expect::Exactly(bytes), &issued)?);
            ids.push(id);
        }
        if !ids.is_empty() {
            let note = LOST.to_owned();
            let deed = Deed::Revoked { ids, why: Why::Unspecified, note, effective };
            changes.push(audit::link(&*self.books, None, now, deed)?);
        }
        self.books.write(changes)?;
        Ok(true)
    }
}

/// What the books say of a claim that was taken back in days they do not know.
const LOST: &str = "taken back before the books were restored";
pub(super) const TABLE: &str = "attestor.life";
const KEY: &[u8] = b"name";
const MUST_ASK: &[u8] = b"must-ask";
