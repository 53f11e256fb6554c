//! Where an attestor's parts meet: requests, sources, books and the node underneath.
//!
//! An [`Office`] is what the listener and the command line hold. It decides nothing by itself: the
//! order of steps is decided by [`crate::issuance`], what counts as evidence by
//! [`crate::evidence`], who may have a claim by [`crate::ledger`]. What it adds is the order of
//! effects: durable first, then told.

mod accredit;
mod describe;
mod figures;
mod front;
mod in_name;
mod keeping_step;
mod look;
mod many;
mod overview;
mod problem;
pub mod query;
mod rule;
mod signing_in;
mod tokens;
mod upkeep;
mod verb;

#[cfg(test)]
mod simulated;
#[cfg(test)]
pub(crate) mod tests;

pub use accredit::{Accredited, Accrediting};
pub use front::Front;
#[cfg(test)]
pub(crate) use front::kept_of;
pub(crate) use look::DUE;
pub use look::{Claims, KeyUse, Keys, Log, Refused, Shown, Summary, Twice};
pub use many::{Counted, TakenBack};
pub use overview::{Overview, Room, Rooms};
pub use problem::{OfficeError, RAISE};
pub use signing_in::{Asked, Collected, Opened, Presented, Question, Turn};
pub use upkeep::Again;
pub use verb::{Audited, Reissued, Renewed, Twofold, Verb};

use crate::config::About;
use crate::evidence::{Evidence, EvidenceError};
use crate::ground::{Ground, GroundError};
use crate::issuance::desk::Desk;
use crate::ledger::account::AccountKeys;
use crate::ledger::audit::By;
use crate::ledger::{Ledger, LedgerError, Notice, Second};
use crate::revocation::Pen;
use countersign_protocol::did::log::History;
use countersign_protocol::key::PublicKey;
use countersign_protocol::proof::Purpose;
use countersign_protocol::time::Timestamp;
use figures::Figures;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokens::Turns;
use tokio::sync::Semaphore;
use url::Url;
use zeroize::Zeroizing;

/// What the owner of an attestor decides.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What the attestor calls itself.
    pub name: String,
    /// Where people and nodes reach it: an `https` origin.
    pub public_url: Url,
    /// The SHA-256 of its TLS key at the start, where no authority vouches for it.
    pub pin: Option<[u8; 32]>,
    /// What happens when an account signs in for a second identity.
    pub second: Second,
    /// Seconds between the end of the old claim and a new one, when an account moves.
    pub wait: u64,
    /// How often providers are asked again, where they allow it.
    pub ask_again: Duration,
    /// What people read about it.
    pub about: About,
}

impl Rules {
    /// Gives the public address without a slash at the end.
    #[must_use]
    pub fn base(&self) -> &str {
        self.public_url.as_str().trim_end_matches('/')
    }
}

/// An attestor at work.
pub struct Office {
    ground: Arc<dyn Ground>,
    sources: BTreeMap<String, Arc<dyn Evidence>>,
    ledger: Arc<Ledger>,
    accounts: AccountKeys,
    desk: Mutex<Desk>,
    /// Sign-ins that gave no evidence, by the code of the reason, since the start.
    refusals: Mutex<BTreeMap<&'static str, u64>>,
    /// Held shared from keeping a token until the claim it is for is written down.
    tokens: tokio::sync::RwLock<()>,
    /// Who asks a provider again, by the token that is used.
    asking: Turns,
    /// How many strangers' logs are read at one time.
    readers: Arc<Semaphore>,
    /// Whether somebody was asked, since the start, what the network knows of the lists.
    in_step: tokio::sync::Mutex<bool>,
    /// What was counted last.
    figures: Mutex<Figures>,
    /// Held while an attestor is accredited: two at once would both find that nothing stands.
    accrediting: tokio::sync::Mutex<()>,
    /// The SHA-256 of its TLS key now, where no authority vouches for it.
    pin: Mutex<Option<[u8; 32]>>,
    rules: Rules,
}

impl Office {
    /// Opens the office: finds or makes the account key and the status list, and tells again what a
    /// crash may have kept from being told.
    ///
    /// Books that were put back to an older state are noticed, and what the network knows of the
    /// attestor's lists is taken over, before anything is signed.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError`] if the books or the keys cannot be used.
    pub async fn open(
        ground: Arc<dyn Ground>,
        sources: Vec<Arc<dyn Evidence>>,
        rules: Rules,
    ) -> Result<Self, OfficeError> {
        let ledger = Arc::new(Ledger::new(ground.books()));
        let accounts = account_keys(&*ground)?;
        let sources = sources.into_iter().map(|one| (one.settings().slug.clone(), one)).collect();
        let office = Self {
            ground,
            sources,
            ledger,
            accounts,
            desk: Mutex::default(),
            refusals: Mutex::default(),
            tokens: tokio::sync::RwLock::default(),
            asking: Turns::default(),
            readers: Arc::new(Semaphore::new(READERS)),
            in_step: tokio::sync::Mutex::default(),
            figures: Mutex::default(),
            accrediting: tokio::sync::Mutex::default(),
            pin: Mutex::new(rules.pin),
            rules,
        };
        office.on_disk(Ledger::find_subjects).await?;
        office.define_used_rules().await?;
        office.begin().await?;
        office.forget_tokens().await?;
        Ok(office)
    }

    /// Gives the books.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Gives what its owner decided.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.rules
    }

    /// Gives the sources of evidence by slug.
    #[must_use]
    pub const fn sources(&self) -> &BTreeMap<String, Arc<dyn Evidence>> {
        &self.sources
    }

    /// Gives what it takes to sign something now that stands in no list; [`Self::list_pen`] is for what does.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError::Ground`] if the keys are locked or the clock is not to be trusted.
    pub async fn pen(&self) -> Result<Pen, OfficeError> {
        let now = self.ground.now();
        let own = self.ground.own().await?;
        Ok(Pen {
            did: own.did().clone(),
            key: self.ground.assertion_key(now).await?,
            network: self.ground.network().to_owned(),
            url: self.rules.base().to_owned(),
            now,
            by: By::now(),
        })
    }

    /// Uses the books on a thread that may wait for the disk.
    async fn on_disk<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Ledger) -> Result<T, LedgerError> + Send + 'static,
    ) -> Result<T, OfficeError> {
        let ledger = Arc::clone(&self.ledger);
        let worked = tokio::task::spawn_blocking(move || work(&ledger)).await;
        Ok(worked.map_err(|_| OfficeError::Stopping)??)
    }

    /// Tells what is durable. What cannot be told now is told at the next heartbeat or start.
    async fn tell(&self, notices: Vec<Notice>) {
        for notice in notices {
            let told = self.ground.publish_statement(notice.statement, Some(notice.list)).await;
            if let Err(error) = told {
                tracing::warn!(%error, "a status statement waits for the network");
            }
        }
    }

    /// Gives a status list as a credential.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError::Ledger`] if the books cannot be used.
    pub async fn status_list(&self, number: u64) -> Result<Option<Vec<u8>>, OfficeError> {
        self.on_disk(move |ledger| ledger.signed_list(number)).await
    }

    /// Gives after how long the lists are said again to stand: the network decides.
    #[must_use]
    pub fn beat(&self) -> Duration {
        self.ground.heartbeat()
    }

    /// Gives the time by the node's clock.
    #[must_use]
    pub fn time(&self) -> Timestamp {
        self.ground.now()
    }

    fn now(&self) -> Timestamp {
        self.ground.now()
    }

    /// Counts a sign-in that gave no evidence.
    fn count_refusal(&self, why: &EvidenceError) {
        let mut refusals = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        let count = refusals.entry(why.code()).or_default();
        *count = count.saturating_add(1);
    }

    /// It is held for a clone.
    fn figures(&self) -> MutexGuard<'_, Figures> {
        self.figures.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gives how many sign-ins gave no evidence since the start, by the code of the reason.
    fn refusals(&self) -> BTreeMap<String, u64> {
        let counted = self.refusals.lock().unwrap_or_else(PoisonError::into_inner);
        counted.iter().map(|(code, count)| ((*code).to_owned(), *count)).collect()
    }

    /// It is held for a copy.
    fn pin(&self) -> MutexGuard<'_, Option<[u8; 32]>> {
        self.pin.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// It is held for a few lookups, never across an await.
    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl core::fmt::Debug for Office {
    fn fmt(&self, formatter: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        formatter.debug_struct("Office").field("rules", &self.rules).finish_non_exhaustive()
    }
}

/// Finds keys in the newest document of one identity, under any name it has had, unless it ended.
pub(crate) fn keys_of(history: &History) -> impl Fn(Purpose, &str) -> Option<PublicKey> + '_ {
    move |purpose, url| history.key_for(purpose, url)
}

/// Opens the keys that name accounts, and makes the first one.
///
/// Versions are counted from 1 without a gap; a new one is kept under the next number.
fn account_keys(ground: &dyn Ground) -> Result<AccountKeys, OfficeError> {
    let mut keys = Vec::new();
    for version in 1_u64.. {
        let Some(key) = ground.secret(&secret_name(version))? else { break };
        let key: [u8; 32] = key.as_slice().try_into().map_err(|_| GroundError::Locked)?;
        keys.push((version, Zeroizing::new(key)));
    }
    if keys.is_empty() {
        let key: Zeroizing<[u8; 32]> = Zeroizing::new(rand::random());
        ground.keep_secret(&secret_name(1), &*key)?;
        keys.push((1, key));
    }
    Ok(AccountKeys::new(keys))
}

fn secret_name(version: u64) -> String {
    format!("attestor/account-key/{version}")
}

/// Logs of strangers that are read at one time: one core stays for everybody else on the smallest machine.
const READERS: usize = 1;
