//! People who keep no rules: a thief with a copy of somebody's disk, and peers that lie.
//!
//! None of them runs an honest node. A thief opens what was stolen, or his own node's disk, and signs
//! with the keys in it whatever he likes; a liar speaks the network's protocol and says what it wants.

pub mod flood;
pub mod liar;
pub mod line;
pub mod log;

use crate::Failure;
use countersign_node::store::disk::Disk;
use countersign_node::store::{Keep, Store};
use countersign_node::vault::passphrase::Passphrase;
use countersign_node::vault::{Kind, Vault, new_key};
use countersign_protocol::credential::Credential;
use countersign_protocol::credential::draft::{Audience, present};
use countersign_protocol::did::Did;
use countersign_protocol::did::log::History;
use countersign_protocol::did::log::draft::{self, Change, Keys, Signing};
use countersign_protocol::key::SecretKey;
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::challenge::Challenge;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

/// What a disk gives to whoever has a copy of it and knows the passphrase.
pub struct Loot {
    passphrase: Passphrase,
    vault: Vault,
    log: Vec<u8>,
    history: History,
    folder: PathBuf,
}

impl Loot {
    /// Opens the data folder `data`.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Page`] if the loot does not open.
    pub fn open(data: &Path, passphrase: &str) -> Result<Self, Failure> {
        let store: Arc<dyn Store> =
            Arc::new(Disk::open(&data.join("store"), 1024 * 1024).map_err(|error| bad(&error))?);
        let passphrase = Passphrase::new(passphrase).map_err(|error| bad(&error))?;
        let vault = Vault::open(Arc::clone(&store), &passphrase).map_err(|error| bad(&error))?;
        let kept = store.all_kept().map_err(|error| bad(&error))?;
        let own = kept.into_iter().find(|(_, keep)| *keep == Keep::Own);
        let (scid, _) = own.ok_or_else(|| bad(&"no identity in the loot"))?;
        let lines = store.log(&scid).map_err(|error| bad(&error))?.unwrap_or_default();
        let mut log = lines.join(&b'\n');
        log.push(b'\n');
        let history = History::read(&log, now()).map_err(|error| bad(&error))?;
        Ok(Self { passphrase, vault, log, history, folder: data.to_owned() })
    }

    /// Gives the folder it lies in.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Gives whose disk it is.
    #[must_use]
    pub fn did(&self) -> &Did {
        self.history.did()
    }

    /// Gives the key that signs heads and presentations.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Page`] if the loot has none that the log lists.
    pub fn key(&self) -> Result<SecretKey, Failure> {
        for listed in self.history.document().authentication_keys() {
            let key = self.vault.key(Kind::AuthenticationKey, listed.as_bytes());
            if let Some(key) = key.map_err(|error| bad(&error))? {
                return Ok(key);
            }
        }
        Err(bad(&"no authentication key in the loot"))
    }

    /// Signs a presentation of `credentials` for a vendor's challenge, in the name of `holder`.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Page`] if there is no key or the challenge is none.
    pub fn present(
        &self,
        holder: &Did,
        credentials: &[Credential],
        challenge: &str,
    ) -> Result<Value, Failure> {
        let challenge = Challenge::parse(challenge, now()).map_err(|error| bad(&error))?;
        let audience = Audience {
            challenge: &challenge.nonce,
            domain: &challenge.domain,
            created: now(),
            life: challenge.expires.since(now()),
        };
        Ok(present(holder, credentials, audience, &self.key()?))
    }

    /// Signs a sibling of the victim's newest entry, and gives the forged log.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Page`] if the loot has no key for it.
    pub fn forge(&self) -> Result<Vec<u8>, Failure> {
        let scid = self.history.scid();
        let signing = self.vault.signing(&self.passphrase).map_err(|error| bad(&error))?;
        let update = signing.update_key(&scid).map_err(|error| bad(&error))?;
        let update = update.ok_or_else(|| bad(&"no update key in the loot"))?;
        let mine = new_key().map_err(|error| bad(&error))?;
        let keys =
            Keys { authentication: vec![mine.public()], ..Keys::of(self.history.document()) };
        let change = Change { keys: Some(keys), ..Change::default() };
        let signing = Signing { key: &update, next: &mine.public(), recovery: &mine.public() };
        let draft = draft::change(&self.history, &change, signing, now());
        let draft = draft.map_err(|error| bad(&error))?;
        let mut log = self.log.clone();
        log.extend_from_slice(draft.entry.as_bytes());
        log.push(b'\n');
        Ok(log)
    }
}

fn bad(cause: &dyn std::fmt::Display) -> Failure {
    Failure::Page { url: "what the thief has".to_owned(), found: cause.to_string() }
}

/// Gives the time of this computer.
#[must_use]
pub fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_seconds(since.as_secs())
}
