//! Fetches the claims attestors stand by now: those they signed again after their key was replaced,
//! those they renewed, and those that were lost on their way here.

use super::claims::{Held, kind_of};
use super::statement::Entry;
use crate::claims::{ClaimsError, Expected, accept};
use crate::node::Node;
use crate::problem::{Kind as Wrong, Problem};
use crate::verb::claims::{How, Renewed, Unanswered};
use crate::verb::statement::What;
use countersign_protocol::credential::Credential;
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::policy::accreditation;
use std::collections::BTreeMap;

impl Node {
    /// Asks the attestors of these claims, or of all, for what they stand by now.
    pub(crate) async fn renew_claims(&self, names: &[String]) -> Result<Renewed, Problem> {
        let meant = match names {
            [] => self.held_claims()?,
            names => names.iter().map(|name| self.claim(name)).collect::<Result<_, _>>()?,
        };
        if meant.is_empty() {
            return Err(Problem::new(Wrong::NotFound, "you hold no claim that could be renewed")
                .hint("ask for one: countersign claim request --from ATTESTOR"));
        }
        let mut attestors: BTreeMap<Scid, (Did, String)> = BTreeMap::new();
        for held in &meant {
            let issuer = held.credential.issuer();
            attestors.insert(issuer.scid(), (issuer.clone(), held.kind().to_owned()));
        }
        let mut answer = Renewed::default();
        for (scid, (did, kind)) in attestors {
            match self.current_claims(scid, &kind).await {
                Ok(current) => self.take_current(scid, current, &mut answer).await?,
                Err(problem) => answer
                    .unanswered
                    .push(Unanswered { attestor: self.name_of(&did), because: one_line(problem) }),
            }
        }
        Ok(answer)
    }

    /// Asks one attestor, and verifies everything it gives.
    async fn current_claims(&self, attestor: Scid, kind: &str) -> Result<Vec<Held>, Problem> {
        let profile = self.profile_of(attestor).await?;
        let asking = self.begin(attestor, &profile, kind, false).await?;
        let whom = self.known(attestor, false).await?.did().to_string();
        self.note(Entry::sign_in(whom, kind, asking.challenge())).await?;
        let (presentation, log) = self.introduction(&asking).await?;
        let current = asking.current(&presentation, Some(&log)).await?;
        // What was signed anew is signed with a key that a document from before does not list.
        let issuer = self.newest(attestor).await?;
        let keys = |purpose, method: &str| issuer.history().key_for(purpose, method);
        let subject = self.own().await?.scid();
        let mut held = Vec::new();
        for value in current {
            let shape = Credential::from_value(value.clone()).map_err(ClaimsError::from)?;
            let expected = Expected { issuer: attestor, subject, claim: kind_of(&shape) };
            let claim = accept(value, expected, &keys, self.now())?;
            held.push(Held::of(claim.credential().clone()));
        }
        Ok(held)
    }

    /// Keeps what is new, in the showcase too where it takes the place of something shown.
    pub(super) async fn take_current(
        &self,
        attestor: Scid,
        current: Vec<Held>,
        answer: &mut Renewed,
    ) -> Result<(), Problem> {
        let before: Vec<Held> = self
            .held_claims()?
            .into_iter()
            .filter(|held| held.credential.issuer().scid() == attestor)
            .collect();
        let published = self.shown_hashes().await?;
        let is_current = |held: &Held| current.iter().any(|one| one.hash == held.hash);
        let mut gone = BTreeMap::new();
        for new in &current {
            if before.iter().any(|held| held.hash == new.hash) {
                self.stays(new, &current, &published, answer).await?;
                continue;
            }
            let attestor = new.credential.issuer().to_string();
            self.note(Entry::claim(What::Received, attestor, new.kind())).await?;
            self.put_claim(new)?;
            for old in before.iter().filter(|old| !is_current(old) && takes_place(new, old)) {
                gone.insert(old.hash, new.hash);
            }
            let shown = published.iter().map(|hash| *gone.get(hash).unwrap_or(hash));
            let shown: Vec<[u8; 32]> = shown.collect();
            answer.renewed.push(self.summary(new, &shown).await?);
        }
        for old in &before {
            if !is_current(old) && !gone.contains_key(&old.hash) {
                self.stays(old, &current, &published, answer).await?;
            }
        }
        self.replace(&gone, &before).await
    }

    /// Notes a claim that nothing takes the place of, and whether whoever wants it for longer signs in again: it
    /// ends soon, and its attestor, which was asked, has none of its kind that lasts.
    async fn stays(
        &self,
        held: &Held,
        current: &[Held],
        published: &[[u8; 32]],
        answer: &mut Renewed,
    ) -> Result<(), Problem> {
        let (summary, now) = (self.summary(held, published).await?, self.now());
        let lasts = |one: &Held| one.kind() == held.kind() && !one.ends_soon(now);
        let ends = match summary.standing {
            How::Stands | How::Unknown | How::Ended => {
                held.ends_soon(now) && !current.iter().any(lasts)
            }
            How::Revoked | How::Suspended | How::KeyGone => false,
        };
        // Nobody signs in for an accreditation.
        if ends && !held.credential.is_a(accreditation::TYPE) {
            answer.sign_in_again.push(summary.name.clone());
        }
        answer.unchanged.push(summary);
        Ok(())
    }

    /// Puts new claims in the place of old ones, where the world sees these by now, and lets the old ones go.
    async fn replace(
        &self,
        gone: &BTreeMap<[u8; 32], [u8; 32]>,
        before: &[Held],
    ) -> Result<(), Problem> {
        let mut seen = self.seen().await?;
        let mut shown = false;
        for hash in &mut seen.hashes {
            if let Some(new) = gone.get(hash) {
                (*hash, shown) = (*new, true);
            }
        }
        if shown {
            seen.show().await?;
        }
        for old in before.iter().filter(|old| gone.contains_key(&old.hash)) {
            self.let_go(old).await?;
        }
        Ok(())
    }
}

/// Tells whether one claim of an attestor takes the place of another: it has the same name, or says
/// something of the same type.
fn takes_place(new: &Held, old: &Held) -> bool {
    let (one, other) = (new.credential.id(), old.credential.id());
    one.is_some() && one == other || new.kind() == old.kind()
}

fn one_line(problem: Problem) -> String {
    let (title, because, hint) = problem.into_parts();
    [Some(title), because, hint].into_iter().flatten().collect::<Vec<_>>().join("; ")
}
