//! What somebody chose to show the world.
//!
//! A showcase is a presentation to everybody: its domain is [`DOMAIN`], it answers no challenge, and
//! so it proves what its holder chose and never that whoever hands it over is its holder. Its
//! version only grows; withdrawing a claim is publishing the next version without it.

use super::presentation::Presentation;
use super::{Credential, CredentialError, Keys};
use crate::did::Did;
use crate::key::PublicKey;
use crate::time::Timestamp;
use crate::wire::bounds;
use serde_json::Value;

/// A showcase that its holder signed and that has not ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Showcase {
    presentation: Presentation,
    key: PublicKey,
    version: u64,
    until: Timestamp,
}

impl Showcase {
    /// Reads a showcase of at most [`bounds::SHOWCASE`] bytes, to find whose it is.
    ///
    /// # Errors
    ///
    /// Returns [`CredentialError`] as [`Presentation::parse`] does, and if it is no showcase.
    pub fn parse(bytes: &[u8]) -> Result<Presentation, CredentialError> {
        let presentation = Presentation::parse_within(bytes, bounds::SHOWCASE)?;
        version(&presentation)?;
        Ok(presentation)
    }

    /// Verifies that the holder published `presentation`, about nobody else.
    ///
    /// # Errors
    ///
    /// Returns [`CredentialError`] if it is no showcase, has ended or lasts longer than a year,
    /// shows a claim about somebody else, or its proof does not hold.
    pub fn verify(
        presentation: Presentation,
        now: Timestamp,
        keys: &Keys<'_>,
    ) -> Result<Self, CredentialError> {
        let version = version(&presentation)?;
        presentation.check_domain(DOMAIN)?;
        let until = presentation.check_end(now, LONGEST)?;
        let holder = presentation.holder().scid();
        let is_theirs =
            |claim: &Credential| claim.subject().is_some_and(|subject| subject.scid() == holder);
        if !presentation.credentials().iter().all(is_theirs) {
            return Err(CredentialError::AboutAnother);
        }
        let key = presentation.verify_holder(keys)?;
        Ok(Self { presentation, key, version, until })
    }

    /// Gives whose it is.
    #[must_use]
    pub const fn holder(&self) -> &Did {
        self.presentation.holder()
    }

    /// Gives its version: the highest that is known counts, and no other.
    #[must_use]
    pub const fn version(&self) -> u64 {
        self.version
    }

    /// Gives when it ends.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// Gives the key that signed it: it counts as long as the newest document lists that key.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }

    /// Gives what it shows, each still to be verified.
    #[must_use]
    pub fn credentials(&self) -> &[Credential] {
        self.presentation.credentials()
    }

    /// Gives the signed document.
    #[must_use]
    pub const fn presentation(&self) -> &Presentation {
        &self.presentation
    }
}

fn version(presentation: &Presentation) -> Result<u64, CredentialError> {
    if !presentation.types().iter().any(|name| name == TYPE) {
        return Err(CredentialError::WrongType { expected: TYPE });
    }
    let version = presentation.unsecured().get(VERSION).and_then(Value::as_u64);
    version.filter(|version| *version > 0).ok_or(CredentialError::Malformed { member: VERSION })
}

/// The domain of what is meant for everybody.
pub const DOMAIN: &str = "countersign:public";

/// What a showcase is, besides a presentation.
pub const TYPE: &str = "Showcase";

/// The longest life of a showcase, in seconds: a year of 365 days.
pub const LONGEST: u64 = 365 * 86_400;

pub(super) const VERSION: &str = "version";
