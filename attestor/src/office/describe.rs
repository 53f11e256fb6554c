//! What an attestor says of itself and of each claim.

use super::front::kept_of;
use super::{Office, OfficeError};
use crate::evidence::Seen;
use crate::evidence::settings::Settings;
use countersign_protocol::credential::draft::{Draft, to_bytes};
use countersign_protocol::credential::evidence::{Check, Evidence, Rule};
use countersign_protocol::credential::profile::{List, Offer, Profile, Reach, TYPE};
use countersign_protocol::status::Purpose;
use serde_json::Value;

impl Office {
    /// Signs the attestor's profile.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError`] if the books or the keys cannot be used.
    pub async fn profile(&self) -> Result<Vec<u8>, OfficeError> {
        let pen = self.pen().await?;
        let numbers = self.on_disk(super::Ledger::list_numbers).await?;
        let list = |number| List { number, purpose: Purpose::Revocation };
        let profile = Profile {
            name: self.rules.name.clone(),
            offers: self.sources.values().map(|source| offer(source.settings())).collect(),
            lists: numbers.into_iter().map(list).collect(),
            reach: vec![Reach { url: self.rules.base().to_owned(), spki_sha256: *self.pin() }],
        };
        let mut subject = profile.to_subject();
        subject.insert("id".to_owned(), Value::String(pen.did.to_string()));
        let draft = Draft {
            id: Some(format!("{}/v1/profile", self.rules.base())),
            types: vec![TYPE.to_owned()],
            issuer: pen.did.clone(),
            subject,
            valid_from: pen.now,
            valid_until: pen.now.plus(PROFILE_LIFE),
            status: Vec::new(),
            evidence: Vec::new(),
        };
        Ok(to_bytes(&draft.sign(&pen.key, pen.now)))
    }

    /// Signs the profile and carries it into the network.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError`] as [`Self::profile`] does, or if the network cannot be reached.
    pub async fn publish_profile(&self) -> Result<(), OfficeError> {
        let profile = self.profile().await?;
        let own = self.ground.own().await?;
        Ok(self.ground.publish_profile(own.did(), profile).await?)
    }

    /// Tells the network of the key that whoever connects is shown from now on, if it is another one.
    ///
    /// # Errors
    ///
    /// Returns [`OfficeError`] as [`Self::publish_profile`] does; it is tried again when this is called again.
    pub async fn announce_key(&self, pin: Option<[u8; 32]>) -> Result<(), OfficeError> {
        let before = core::mem::replace(&mut *self.pin(), pin);
        if before == pin {
            return Ok(());
        }
        let told = self.publish_profile().await;
        if told.is_err() {
            *self.pin() = before;
        }
        told
    }
}

fn offer(settings: &Settings) -> Offer {
    Offer {
        claim: settings.claim.kind.clone(),
        evidence: format!("{}: a sign-in at {}", settings.claim.says, settings.name),
        kept: kept_of(settings),
        rule: rule(settings),
    }
}

/// Says what a claim rests on, in the words of OpenID Connect for Identity Assurance.
pub(super) fn evidence(settings: &Settings, seen: &Seen) -> Evidence {
    // The account's owner signed in, and the provider was asked for its data.
    let check = |method: &str| Check {
        method: method.to_owned(),
        organization: Some(settings.name.clone()),
        time: Some(seen.at),
        transaction: None,
    };
    Evidence {
        kind: "electronic_record".to_owned(),
        checks: vec![check("auth"), check("data")],
        rule: Some(rule(settings)),
    }
}

pub(super) fn rule(settings: &Settings) -> Rule {
    Rule { name: settings.claim.rule.name.clone(), version: settings.claim.rule.version }
}

/// Seconds a profile may be read: it is signed anew at every start and every day.
const PROFILE_LIFE: u64 = 30 * 86_400;
