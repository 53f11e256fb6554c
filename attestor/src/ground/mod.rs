//! What an attestor stands on: the node it runs in, in the attestor's words.
//!
//! An attestor signs, and its node does everything else: it holds the keys, knows the newest log of
//! everybody, keeps the books on a disk that does not lie, and carries statements into the network.
//! [`Ground`] is that node; [`node::InNode`] is the real one, [`memory::Memory`] one without disk and network, for dry runs and
//! tests.

pub mod books;
pub mod memory;
pub mod node;
mod offered;

use async_trait::async_trait;
use books::Books;
use core::error::Error;
use core::time::Duration;
use countersign_node::Problem;
use countersign_node::verb::network::Finding;
use countersign_protocol::credential::profile::Profile;
use countersign_protocol::did::log::History;
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::key::SecretKey;
use countersign_protocol::status::ledger::State;
use countersign_protocol::time::Timestamp;
use std::sync::Arc;
use zeroize::Zeroizing;

/// The node an attestor runs in.
#[async_trait]
pub trait Ground: Send + Sync + 'static {
    /// Gives the time.
    fn now(&self) -> Timestamp;

    /// Gives the id of the network.
    fn network(&self) -> &str;

    /// Gives after how long an attestor of this network says again that its lists stand.
    fn heartbeat(&self) -> Duration;

    /// Gives the attestor's own identity, as the network knows it.
    ///
    /// # Errors
    ///
    /// Returns [`GroundError`] if there is none, or the disk does not answer.
    async fn own(&self) -> Result<History, GroundError>;

    /// Checks that something could be signed now as far as the clock goes. It signs nothing, and costs next to
    /// nothing.
    ///
    /// # Errors
    ///
    /// Returns [`GroundError::Clock`] if the clock is not to be trusted.
    async fn check_clock(&self) -> Result<(), GroundError>;

    /// Gives what the node finds when it looks at its clock, where it has peers to compare with, and at its
    /// disk.
    ///
    /// # Errors
    ///
    /// Returns [`GroundError`] if it cannot look.
    async fn findings(&self) -> Result<Vec<Finding>, GroundError>;

    /// Gives the attestor's newest assertion key, for something that is signed at `at`.
    ///
    /// # Errors
    ///
    /// Returns [`GroundError::Clock`] if the clock is not to be trusted, [`GroundError::Locked`] if
    /// the keys are.
    async fn assertion_key(&self, at: Timestamp) -> Result<SecretKey, GroundError>;

    /// Gives the newest standing log of `scid`, after asking the network for anything newer than
    /// what is held and than `offered`, which somebody sent along.
    ///
    /// # Errors
    ///
    /// Returns [`GroundError::NotFound`] or [`GroundError::Forked`], or why nobody could be asked.
    async fn newest(&self, scid: Scid, offered: Option<&History>) -> Result<History, GroundError>;

    /// Holds a log of `bytes` bytes for a while, until the network has it: of somebody who has shown that it
    /// is theirs.
    fn hold(&self, log: History, bytes: usize);

    /// Finds the attestor that an operator names, as [`Self::newest`] does, and what it says of itself.
    ///
    /// # Errors
    ///
    /// Returns [`GroundError`] as [`Self::newest`] does, and if the name means nobody, or several, or
    /// somebody who told the network of nothing that they sign.
    async fn attestor(&self, name: &str) -> Result<Attestor, GroundError>;

    /// Gives the books.
    fn books(&self) -> Arc<dyn Books>;

    /// Keeps a secret on the disk, sealed, in place of the one of this name.
    ///
    /// # Errors
    ///
    /// Returns [`GroundError::Locked`] if the keys are locked.
    fn keep_secret(&self, name: &str, secret: &[u8]) -> Result<(), GroundError>;

    /// Opens the secret that was kept under `name`.
    ///
    /// # Errors
    ///
    /// Returns [`GroundError::Locked`] if the keys are locked.
    fn secret(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, GroundError>;

    /// Removes the secret that was kept under `name`.
    ///
    /// # Errors
    ///
    /// Returns [`GroundError::Locked`] if the keys are locked.
    fn forget_secret(&self, name: &str) -> Result<(), GroundError>;

    /// Gives the names of all secrets that are kept.
    ///
    /// # Errors
    ///
    /// Returns [`GroundError::Locked`] if the keys are locked.
    fn secret_names(&self) -> Result<Vec<String>, GroundError>;

    /// Carries a status statement into the network, with the list it leads to.
    ///
    /// It is called when both are durable, and again after a restart.
    ///
    /// # Errors
    ///
    /// Returns [`GroundError`] if the network could not be reached; it is tried again.
    async fn publish_statement(
        &self,
        statement: Vec<u8>,
        list: Option<Vec<u8>>,
    ) -> Result<(), GroundError>;

    /// Tells whether anybody is there to be asked, after waiting for the first as long as `patience` lasts if
    /// one is to be expected.
    async fn meets_somebody(&self, patience: Duration) -> bool;

    /// Waits a moment in which more peers come than the first.
    async fn wait_for_more(&self);

    /// Gives what those who are there know of one of the attestor's own status lists; nothing if nobody
    /// knows.
    ///
    /// # Errors
    ///
    /// Returns [`GroundError`] if the node is stopping.
    async fn known_status(&self, list: u64) -> Result<Option<State>, GroundError>;

    /// Carries the attestor's profile into the network.
    ///
    /// # Errors
    ///
    /// Returns [`GroundError`] if the network could not be reached.
    async fn publish_profile(&self, owner: &Did, profile: Vec<u8>) -> Result<(), GroundError>;
}

/// Another attestor, as the network knows it.
#[derive(Debug, Clone)]
pub struct Attestor {
    /// Its newest standing log.
    pub history: History,
    /// What it says of itself, verified.
    pub profile: Profile,
}

/// The node did not do what the attestor asked.
#[derive(Debug, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum GroundError {
    /// Nobody who was asked knows the identity. Nobody's fault.
    #[error("nobody who was asked knows {scid}")]
    NotFound { scid: Scid },
    /// Somebody has the identity's old keys. Its owner must recover it.
    #[error("the log of {scid} is forked")]
    Forked { scid: Scid },
    /// This computer's clock differs from everybody else's.
    #[error("this attestor's clock is not to be trusted, and it signs nothing until it is set")]
    Clock { cause: Box<dyn Error + Send + Sync> },
    /// The passphrase was not given.
    #[error("the keys are locked")]
    Locked,
    /// Disk, network or program.
    #[error("the node failed: {cause}")]
    Failed { cause: Box<dyn Error + Send + Sync> },
}

impl GroundError {
    /// Gives the node's own words for what it did not do, which say what to do about it.
    #[must_use]
    pub fn problem(&self) -> Option<&Problem> {
        let (Self::Failed { cause } | Self::Clock { cause }) = self else { return None };
        cause.downcast_ref()
    }
}
