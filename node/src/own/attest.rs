//! What an attestor asks of the node it lives in: keys, the newest log of somebody, a way out.

use crate::known::Known;
use crate::node::{Node, unexpected};
use crate::problem::{Kind as Wrong, Problem};
use crate::vault::Kind;
use countersign_protocol::credential::profile::Profile;
use countersign_protocol::did::Scid;
use countersign_protocol::did::log::History;
use countersign_protocol::engine::command::{Command, Freshness, Outcome};
use countersign_protocol::key::SecretKey;
use countersign_protocol::proof::Purpose;
use countersign_protocol::status::ledger::State;
use secrecy::ExposeSecret as _;
use std::time::Duration;
use zeroize::Zeroizing;

impl Node {
    /// Gives the owner's identity up to the newest entry that stands.
    ///
    /// # Errors
    ///
    /// Returns a problem if there is none, or its first entry is not cosigned yet.
    pub async fn own_history(&self) -> Result<History, Problem> {
        self.own().await?.standing.ok_or_else(|| {
            Problem::new(Wrong::Unavailable, "the identity of this node is not cosigned yet")
                .hint("the node asks the witnesses by itself while it runs")
        })
    }

    /// Gives the newest assertion key, for something that is signed now.
    ///
    /// # Errors
    ///
    /// Returns a problem if the keys are locked or the clock is not to be trusted.
    pub async fn assertion_key(&self) -> Result<SecretKey, Problem> {
        self.may_sign().await?;
        let own = self.own_history().await?;
        self.hot_key(own.document(), Purpose::AssertionMethod)
    }

    /// Gives the newest of an identity that peers know.
    ///
    /// # Errors
    ///
    /// Returns a problem of kind not-found if nobody asked knew it.
    pub async fn newest(&self, scid: Scid) -> Result<Known, Problem> {
        Known::new(self.find(scid, Freshness::Peers).await?)
    }

    /// Finds an attestor as peers know it now, by any name that means it, and what it says of itself.
    ///
    /// # Errors
    ///
    /// Returns a problem if the name means nobody or several, nobody asked knew it, or it told the network
    /// nothing of itself that holds.
    pub async fn attestor(&self, name: &str) -> Result<(Known, Profile), Problem> {
        let scid = self.attestor_of(name).await?;
        let known = self.newest(scid).await?;
        known.check_name(name)?;
        Ok((known, self.profile_of(scid).await?))
    }

    /// Publishes a status statement, with the list it leads to.
    ///
    /// # Errors
    ///
    /// Returns a problem if it does not follow what is known.
    pub async fn publish_statement(
        &self,
        statement: Vec<u8>,
        list: Option<Vec<u8>>,
    ) -> Result<(), Problem> {
        self.published(Command::PublishStatement { statement, list }).await
    }

    /// Publishes an attestor's profile.
    ///
    /// # Errors
    ///
    /// Returns a problem if the attestor did not sign it.
    pub async fn publish_profile(&self, scid: Scid, profile: Vec<u8>) -> Result<(), Problem> {
        self.published(Command::PublishProfile { scid, profile }).await
    }

    /// Waits until a peer is connected, if there is one to be expected; tells whether there is.
    pub async fn meets_somebody(&self, patience: Duration) -> bool {
        if self.joined().map_or(true, |joined| joined.peers.is_empty()) {
            return self.is_ready();
        }
        let mut link = self.inner().link.clone();
        let met = link.wait_for(|link| link.metrics.peers > 0);
        tokio::time::timeout(patience, met).await.is_ok_and(|met| met.is_ok())
    }

    /// Asks peers what they know of one of the owner's own status lists; nothing if nobody knows it.
    ///
    /// # Errors
    ///
    /// Returns a problem if there is no identity, or the node is stopping.
    pub async fn own_status(&self, list: u64) -> Result<Option<State>, Problem> {
        let issuer = self.own().await?.scid();
        match self.ask(Command::Status { issuer, list, max_age: 0 }).await {
            Ok(Outcome::Status(state)) => Ok(Some(*state)),
            Ok(_) => Err(unexpected()),
            // No list was ever told of, or nobody has it.
            Err(problem) if problem.is(Wrong::Unavailable) && !self.is_stopping() => Ok(None),
            Err(problem) => Err(problem),
        }
    }

    fn is_stopping(&self) -> bool {
        self.inner().stop.is_cancelled()
    }

    async fn published(&self, command: Command) -> Result<(), Problem> {
        match self.ask(command).await? {
            Outcome::Published { .. } | Outcome::Done => Ok(()),
            _ => Err(unexpected()),
        }
    }

    /// Seals a secret of an attestor for the disk, under a name.
    ///
    /// # Errors
    ///
    /// Returns a problem if the keys are locked.
    pub fn keep_secret(&self, name: &str, secret: &[u8]) -> Result<(), Problem> {
        self.vault()?.put(Kind::Provider, name.as_bytes(), secret).map_err(Problem::from)
    }

    /// Opens a secret that was kept.
    ///
    /// # Errors
    ///
    /// Returns a problem if the keys are locked or the disk is damaged.
    pub fn secret(&self, name: &str) -> Result<Option<Zeroizing<Vec<u8>>>, Problem> {
        let secret = self.vault()?.get(Kind::Provider, name.as_bytes())?;
        Ok(secret.map(|secret| Zeroizing::new(secret.expose_secret().to_vec())))
    }

    /// Removes a secret that was kept.
    ///
    /// # Errors
    ///
    /// Returns a problem if the keys are locked or the disk does not let us.
    pub fn forget_secret(&self, name: &str) -> Result<(), Problem> {
        self.vault()?.remove(Kind::Provider, name.as_bytes()).map_err(Problem::from)
    }

    /// Gives the names of all secrets that are kept for an attestor.
    ///
    /// # Errors
    ///
    /// Returns a problem if the keys are locked or the disk is damaged.
    pub fn secret_names(&self) -> Result<Vec<String>, Problem> {
        let names = self.vault()?.list(Kind::Provider)?;
        Ok(names.into_iter().filter_map(|name| String::from_utf8(name).ok()).collect())
    }
}
