//! Shows claims to one vendor, for its challenge and for minutes.

use super::claims::Held;
use crate::node::Node;
use crate::problem::{Kind as Wrong, Problem};
use crate::verb::presenting::Presented;
use countersign_protocol::credential::Credential;
use countersign_protocol::credential::draft::{self, Audience};
use countersign_protocol::did::Did;
use countersign_protocol::proof::Purpose;
use countersign_protocol::wire::challenge::Challenge;
use serde_json::Value;
use std::time::Duration;

impl Node {
    /// Makes a presentation for `challenge` and sends it where the challenge says.
    pub(crate) async fn present(
        &self,
        challenge: &str,
        claims: &[String],
    ) -> Result<Presented, Problem> {
        let challenge = Challenge::parse(challenge, self.now()).map_err(|error| {
            Problem::new(Wrong::Invalid, "this is no challenge that can be answered")
                .because(error)
                .hint("ask the shop for a new one")
        })?;
        let held = self.chosen(&challenge, claims)?;
        let credentials: Vec<Credential> =
            held.iter().map(|held| held.credential.clone()).collect();
        let presentation = self.presentation(&challenge, &credentials).await?;
        let vendor = match challenge.domain.parse::<Did>() {
            Ok(did) => self.name_of(&did),
            Err(_) => challenge.domain.clone(),
        };
        let delivered = match &challenge.deliver {
            Some(url) => deliver(url, &presentation).await.map(|()| true)?,
            None => false,
        };
        let summaries = self.claims().await?;
        let shown = held.iter().filter_map(|held| {
            summaries.iter().find(|summary| summary.name == held.name()).cloned()
        });
        Ok(Presented { vendor, claims: shown.collect(), delivered, presentation })
    }

    /// Signs a presentation of `credentials` with a key that stands.
    pub(crate) async fn presentation(
        &self,
        challenge: &Challenge,
        credentials: &[Credential],
    ) -> Result<Value, Problem> {
        let own = self.own().await?;
        let standing = own.standing.as_ref().ok_or_else(|| {
            Problem::new(Wrong::Unavailable, "your identity is not cosigned yet")
                .hint("`countersign run` has it cosigned; `countersign id show` says how far it is")
        })?;
        let key = self.hot_key(standing.document(), Purpose::Authentication)?;
        self.may_sign().await?;
        let created = self.now();
        let audience = Audience {
            challenge: &challenge.nonce,
            domain: &challenge.domain,
            created,
            life: challenge.expires.since(created),
        };
        Ok(draft::present(standing.did(), credentials, audience, &key))
    }

    /// Gives the claims named, or else those the challenge asks for.
    fn chosen(&self, challenge: &Challenge, names: &[String]) -> Result<Vec<Held>, Problem> {
        if !names.is_empty() {
            return names.iter().map(|name| self.claim(name)).collect();
        }
        let now = self.now();
        let wanted = |held: &Held| {
            challenge.claims.iter().any(|kind| held.credential.is_a(kind))
                && held.credential.period().until.is_none_or(|until| until > now)
        };
        Ok(self.held_claims()?.into_iter().filter(wanted).collect())
    }
}

/// Sends a presentation to the vendor, and to nobody else.
async fn deliver(url: &str, presentation: &Value) -> Result<(), Problem> {
    let failed = |error: &dyn core::fmt::Display| {
        Problem::new(Wrong::Unavailable, "the presentation could not be delivered")
            .because(error.to_string())
            .hint("nobody saw it; ask the shop for a new challenge")
    };
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(DELIVERY)
        .build()
        .map_err(|error| failed(&error))?;
    let response =
        client.post(url).json(presentation).send().await.map_err(|error| failed(&error))?;
    if !response.status().is_success() {
        return Err(failed(&format!("the shop answered {}", response.status())));
    }
    Ok(())
}

/// A shop answers at once.
const DELIVERY: Duration = Duration::from_secs(20);
