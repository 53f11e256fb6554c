//! Takes a claim that somebody signed about the owner and handed over, once it is verified.

use super::claims::{Held, kind_of};
use super::places::takes_place;
use super::statement::Entry;
use crate::claims::{Expected, accept};
use crate::node::Node;
use crate::problem::{Kind as Wrong, Problem};
use crate::verb::claims::{Added, How};
use crate::verb::statement::What;
use countersign_protocol::credential::Credential;
use countersign_protocol::did::Did;
use serde_json::Value;

impl Node {
    /// Keeps a claim about the owner, in place of what it was signed in place of, and shows it to the
    /// world if that is wanted.
    pub(crate) async fn add_claim(&self, claim: Value, publish: bool) -> Result<Added, Problem> {
        let new = self.verified(claim).await?;
        let mut held = self.held_claims()?;
        held.retain(|old| takes_place(&new, old));
        self.put_claim(&new).await?;
        let whom = new.credential.issuer().to_string();
        self.note(Entry::claim(What::Received, whom, new.kind())).await?;
        let mut seen = self.seen().await?;
        let before = seen.hashes.clone();
        for old in &held {
            for hash in seen.hashes.iter_mut().filter(|hash| **hash == old.hash) {
                *hash = new.hash;
            }
        }
        if publish && !seen.hashes.contains(&new.hash) {
            seen.hashes.push(new.hash);
        }
        let shown = if seen.hashes == before { None } else { Some(seen.show().await?) };
        let mut replaced = Vec::new();
        for old in &held {
            if self.let_go(old).await? {
                replaced.push(old.name());
            }
        }
        Ok(Added { claim: self.summary(&new, &seen.hashes).await?, replaced, shown })
    }

    /// Verifies that a claim is about the owner, and holds now.
    async fn verified(&self, claim: Value) -> Result<Held, Problem> {
        let credential = Credential::from_value(claim.clone()).map_err(|error| {
            Problem::new(Wrong::Invalid, "this is no claim")
                .because(error)
                .hint("take the claim as it was signed, whole and with nothing around it")
        })?;
        let own = self.own().await?;
        let about = credential.subject().map(Did::scid);
        if about != Some(own.scid()) {
            let about = credential.subject().map_or("nobody", Did::as_str);
            return Err(Problem::new(Wrong::Refused, "this claim is not about you")
                .because(format!("it is about {about}, and you are {}", own.history.did()))
                .hint("give it to whom it is about"));
        }
        // It may be signed with a key that a document from before does not list.
        let issuer = self.newest(credential.issuer().scid()).await?;
        issuer.check_name(credential.issuer().as_str())?;
        let keys = |purpose, method: &str| issuer.history().key_for(purpose, method);
        let expected =
            Expected { issuer: issuer.scid(), subject: own.scid(), claim: kind_of(&credential) };
        let claim = accept(claim, expected, &keys, self.now()).map_err(|error| {
            Problem::new(Wrong::Refused, "this claim does not hold")
                .because(error)
                .hint("ask whoever signed it for another one")
        })?;
        let standing = self.standing_of(claim.credential()).await?;
        if standing.how == How::Revoked {
            let because = standing.because.unwrap_or_default();
            return Err(Problem::new(Wrong::Refused, "this claim was taken back")
                .because(because)
                .hint("ask whoever signed it for another one"));
        }
        Ok(Held::of(claim.credential().clone()))
    }
}
