//! How an attestor stays in step with what the network knows of its lists.
//!
//! Books that were put back to an older state know less than they said. A statement that is signed on them
//! contradicts one that was signed in the days they lost, and nobody relies on the list any more. So whoever
//! signs in a list takes [`Office::list_pen`]: somebody was asked before, once since the start, as soon as
//! somebody is there. Books that are known to have been put back sign nothing until then.

use super::{Office, OfficeError};
use crate::ledger::Ledger;
use crate::revocation::Pen;
use core::time::Duration;

/// What came of asking what the network knows.
enum Asked {
    /// Nobody is there.
    Nobody,
    /// Somebody was asked, and the books had to learn something or not.
    Somebody { learned: bool },
}

impl Office {
    /// Opens the first list, or the next one for books that lost days, and begins this life of the books.
    pub(super) async fn begin(&self) -> Result<(), OfficeError> {
        let asked = self.catch_up(PATIENCE).await?;
        let put_back = self.on_disk(Ledger::is_restored).await?;
        let learned = matches!(asked, Asked::Somebody { learned: true });
        if put_back || learned || !self.on_disk(Ledger::has_open_list).await? {
            self.open_next(put_back || learned).await?;
        }
        let alone = matches!(asked, Asked::Nobody);
        if !alone {
            self.say_again().await?;
        }
        // Last: cut short before, the next start opens one list more than it had to.
        self.on_disk(move |ledger| ledger.begin_life(alone)).await?;
        *self.in_step.lock().await = !alone;
        Ok(())
    }

    /// Gives what it takes to sign a claim or a statement now: whatever stands in a list.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError::Alone`] if the books were put back and nobody is there who knows what they
    /// lack, and otherwise as [`Self::pen`] does.
    pub async fn list_pen(&self) -> Result<Pen, OfficeError> {
        let mut in_step = self.in_step.lock().await;
        if !*in_step {
            match self.catch_up(Duration::ZERO).await? {
                Asked::Somebody { learned } => {
                    if learned {
                        self.open_next(true).await?;
                    }
                    self.say_again().await?;
                    self.on_disk(|ledger| ledger.begin_life(false)).await?;
                    *in_step = true;
                }
                Asked::Nobody if self.on_disk(Ledger::must_ask).await? => {
                    return Err(OfficeError::Alone);
                }
                Asked::Nobody => {}
            }
        }
        self.pen().await
    }

    async fn open_next(&self, restored: bool) -> Result<u64, OfficeError> {
        let pen = self.pen().await?;
        self.on_disk(move |ledger| ledger.open_list(restored, &pen)).await
    }

    /// Says again what the books have as taken back and the network, whose word they took over, does not.
    async fn say_again(&self) -> Result<(), OfficeError> {
        let unheard = self.on_disk(Ledger::unheard).await?;
        if unheard.is_empty() {
            return Ok(());
        }
        tracing::warn!(claims = unheard.len(), "nobody heard that these were taken back");
        let pen = self.pen().await?;
        let notices = self.on_disk(move |ledger| ledger.say_again(&pen)).await?;
        self.tell(notices).await;
        Ok(())
    }

    /// Takes over what the network knows of the lists, and tells whether the books knew less.
    ///
    /// It looks more than once: days may be lost of which the first peers did not hear, and the next ones
    /// did.
    async fn catch_up(&self, patience: Duration) -> Result<Asked, OfficeError> {
        let (lists, now) = (self.on_disk(Ledger::list_numbers).await?, self.now());
        let mut learned = false;
        if lists.is_empty() {
            // Nothing was ever said, so nothing can be contradicted.
            return Ok(Asked::Somebody { learned });
        }
        if !self.ground.meets_somebody(patience).await {
            return Ok(Asked::Nobody);
        }
        for look in 1..=MOST_LOOKS {
            let mut known_all = true;
            for list in &lists {
                let Some(known) = self.ground.known_status(*list).await? else {
                    known_all = false;
                    continue;
                };
                if self.on_disk(move |ledger| ledger.catch_up(&known, now)).await? {
                    tracing::warn!(list, "the network knows more of this list than the books");
                    learned = true;
                }
            }
            if look == MOST_LOOKS || known_all && look >= LOOKS {
                break;
            }
            self.ground.wait_for_more().await;
        }
        Ok(Asked::Somebody { learned })
    }
}

/// How long a start waits for somebody who may know more: without the network nobody is told anything.
const PATIENCE: Duration = Duration::from_secs(10);

/// How often a start looks for what the network knows of the lists, and how often at most where nobody
/// knows of one of them.
const LOOKS: u32 = 2;
const MOST_LOOKS: u32 = 4;
