//! What an attestor tells a person before anything happens.

use super::{Office, Rules};
use crate::evidence::Evidence;
use crate::evidence::settings::Settings;
use std::sync::Arc;

/// What the public page says.
#[derive(Debug)]
pub struct Front<'o> {
    /// What its owner decided, and what he says of himself.
    pub rules: &'o Rules,
    /// The attestor's DID and its fingerprint; nothing while its node does not know them.
    pub identity: Option<(String, String)>,
    /// What is checked, and how.
    pub sources: Vec<&'o Settings>,
    /// What is kept.
    pub kept: Vec<String>,
}

impl Office {
    /// Gives what the public page says.
    pub async fn front(&self) -> Front<'_> {
        let own = self.ground.own().await.ok();
        let sources: Vec<&Settings> = self.sources.values().map(|one| one.settings()).collect();
        let mut kept: Vec<String> = Vec::new();
        for line in sources.iter().flat_map(|settings| kept_of(settings)) {
            if !kept.contains(&line) {
                kept.push(line);
            }
        }
        let identity = own.map(|own| (own.did().to_string(), own.scid().fingerprint()));
        Front { rules: &self.rules, identity, sources, kept }
    }

    /// Gives the source a browser's ticket leads to, and what will be kept; nothing if the ticket
    /// leads nowhere.
    #[must_use]
    pub fn about_to(&self, ticket: &str) -> Option<(&Arc<dyn Evidence>, Vec<String>)> {
        let source = {
            let mut desk = self.desk();
            let name = desk.by_ticket(ticket)?;
            desk.request(&name)?.terms().source.clone()
        };
        let source = self.sources.get(&source)?;
        Some((source, kept_of(source.settings())))
    }
}

/// Says what is kept of a sign-in at a source.
pub(crate) fn kept_of(settings: &Settings) -> Vec<String> {
    let mut kept = vec![
        "whom the claim is about, the claim, and the times".to_owned(),
        "a keyed hash of the account's id, so that one account backs one identity".to_owned(),
    ];
    let seen: Vec<&str> = settings.claim.seen.keys().map(String::as_str).collect();
    if !seen.is_empty() {
        let seen = seen.join(", ");
        kept.push(format!("what the provider says and the claim repeats word for word: {seen}"));
    }
    if settings.oidc.refresh {
        kept.push(
            "a sealed token, to ask the provider again, as long as the claim stands".to_owned(),
        );
    }
    kept
}
