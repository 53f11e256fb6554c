//! When providers were asked again last: an attestor that is started anew each day asks as often as one that runs.

use super::incarnation::TABLE;
use super::row::read;
use super::{Ledger, LedgerError, put};
use crate::ground::books::Expect;
use countersign_protocol::time::Timestamp;
use serde::{Deserialize, Serialize};

/// One time of asking about everything.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Round {
    began: Timestamp,
}

impl Ledger {
    /// Gives when the schedule began to ask about everything last; books of before know nothing of it.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn asked(&self) -> Result<Option<Timestamp>, LedgerError> {
        let Some(bytes) = self.books.row(TABLE, ASKED)? else { return Ok(None) };
        let Round { began } = read(&bytes, "when providers were asked")?;
        Ok(Some(began))
    }

    /// Notes that the schedule begins to ask about everything: cut short, it goes on the next time, and asks
    /// nobody at each of many starts.
    ///
    /// # Errors
    ///
    /// Returns what the books return.
    pub fn begin_asking(&self, now: Timestamp) -> Result<(), LedgerError> {
        let round = put(TABLE, ASKED.to_vec(), Expect::Anything, &Round { began: now })?;
        Ok(self.books.write(vec![round])?)
    }
}

const ASKED: &[u8] = b"asked";
