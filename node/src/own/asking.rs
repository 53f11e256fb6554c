//! Looks at a vendor's request before anything is shown, and refuses it.

use super::statement::Entry;
use crate::node::Node;
use crate::problem::{Kind as Wrong, Problem};
use crate::verb::asking::{Fitting, Refused, Request};
use crate::verb::statement::What;
use countersign_protocol::wire::challenge::Challenge;

impl Node {
    /// Says who asks for what, and what would be shown.
    pub(crate) async fn preview(&self, challenge: &str) -> Result<Request, Problem> {
        let challenge = self.challenge(challenge)?;
        let identity = self.own().await?.history.did().to_string();
        let published = self.shown_hashes().await?;
        let mut fitting = Vec::new();
        for held in self.held_claims()?.iter().filter(|held| held.fits(&challenge)) {
            let claim = self.summary(held, &published).await?;
            fitting.push(Fitting { claim, credential: held.credential.to_value() });
        }
        Ok(Request {
            name: self.given_name(&challenge.domain),
            fitting,
            vendor: challenge.domain,
            purpose: challenge.purpose,
            wanted: challenge.claims,
            policy: challenge.policy,
            expires: challenge.expires.to_string(),
            deliver: challenge.deliver,
            identity,
        })
    }

    /// Refuses a request. Nothing leaves this node: a vendor that was told would know who was asked.
    pub(crate) async fn refuse(&self, challenge: &str) -> Result<Refused, Problem> {
        let challenge = self.challenge(challenge)?;
        self.note(Entry::about(&challenge, What::Refused, challenge.claims.clone())).await?;
        let vendor = self.given_name(&challenge.domain).unwrap_or(challenge.domain);
        Ok(Refused { vendor })
    }

    /// Reads a vendor's challenge that still counts.
    pub(super) fn challenge(&self, text: &str) -> Result<Challenge, Problem> {
        Challenge::parse(text, self.now()).map_err(|error| {
            Problem::new(Wrong::Invalid, "this is no request that can be answered")
                .because(error)
                .hint("ask the shop for a new one")
        })
    }
}
