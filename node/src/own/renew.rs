//! Fetches the claims attestors stand by now: those they signed again after their key was replaced,
//! those they renewed, and those that were lost on their way here.

use super::claims::{Held, kind_of};
use super::places::{Current, Noted, Places};
use super::statement::Entry;
use crate::claims::{ClaimsError, Expected, accept};
use crate::node::Node;
use crate::problem::{Kind as Wrong, Problem};
use crate::verb::claims::{How, Renewed, Unanswered};
use crate::verb::statement::What;
use countersign_protocol::credential::Credential;
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::policy::accreditation;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// What an attestor answered: what it stands by, and what of that does not hold, in words.
pub(super) struct Asked {
    pub(super) attestor: Did,
    pub(super) answer: Result<(Current, Vec<String>), Problem>,
}

impl Node {
    /// Asks the attestors of these claims, or of all, for what they stand by now.
    pub(crate) async fn renew_claims(&self, names: &[String]) -> Result<Renewed, Problem> {
        let (answer, failed) = self.renew_what_can_be(names).await?;
        failed.map_or(Ok(answer), Err)
    }

    /// The same; gives the first of what failed beside what did not: one attestor's claims keep up no other's.
    pub(super) async fn renew_what_can_be(
        &self,
        names: &[String],
    ) -> Result<(Renewed, Option<Problem>), Problem> {
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
        let mut asked = Vec::new();
        for (scid, (attestor, kind)) in attestors {
            asked.push(Asked { attestor, answer: self.current_claims(scid, &kind).await });
        }
        Ok(self.take_each(asked).await)
    }

    /// Keeps what is new of what each of them answered, also where that of another cannot be kept.
    pub(super) async fn take_each(&self, asked: Vec<Asked>) -> (Renewed, Option<Problem>) {
        let (mut renewed, mut failed) = (Renewed::default(), None);
        for Asked { attestor, answer } in asked {
            let unanswered = |because| Unanswered { attestor: self.name_of(&attestor), because };
            match answer {
                Ok((current, wrong)) => {
                    renewed.unanswered.extend(wrong.into_iter().map(unanswered));
                    let taken = self.take_current(attestor.scid(), current, &mut renewed).await;
                    failed = failed.or(taken.err());
                }
                Err(problem) => renewed.unanswered.push(unanswered(one_line(problem))),
            }
        }
        (renewed, failed)
    }

    /// Asks one attestor, and verifies everything it gives; gives what of it does not hold, too, in words.
    async fn current_claims(
        &self,
        attestor: Scid,
        kind: &str,
    ) -> Result<(Current, Vec<String>), Problem> {
        let profile = self.profile_of(attestor).await?;
        let asking = self.begin(attestor, &profile, kind, false).await?;
        let whom = self.known(attestor, false).await?.did().to_string();
        self.note(Entry::sign_in(whom, kind, asking.challenge())).await?;
        let (presentation, log) = self.introduction(&asking).await?;
        let given = asking.current(&presentation, Some(&log)).await?;
        self.verified_current(attestor, given).await
    }

    /// Verifies what an attestor gave. One claim that does not hold keeps out no other.
    pub(super) async fn verified_current(
        &self,
        attestor: Scid,
        given: Vec<Value>,
    ) -> Result<(Current, Vec<String>), Problem> {
        // What was signed anew is signed with a key that a document from before does not list.
        let issuer = self.newest(attestor).await?;
        let keys = |purpose, method: &str| issuer.history().key_for(purpose, method);
        let (subject, now) = (self.own().await?.scid(), self.now());
        let verified = |value: Value| -> Result<Held, ClaimsError> {
            let shape = Credential::from_value(value.clone())?;
            let expected = Expected { issuer: attestor, subject, claim: kind_of(&shape) };
            let claim = accept(value, expected, &keys, now)?;
            Ok(Held::of(claim.credential().clone()))
        };
        let (mut claims, mut wrong) = (Vec::new(), Vec::new());
        for value in given {
            let name = value.get("id").and_then(Value::as_str).map(clean).unwrap_or_default();
            match verified(value) {
                Ok(held) => claims.push(held),
                Err(error) => wrong.push(format!(
                    "a claim it gave does not hold and was left out: {name}: {}",
                    one_line(error.into())
                )),
            }
        }
        Ok((Current { claims, is_whole: wrong.is_empty() }, wrong))
    }

    /// Keeps what is new, in the showcase too where it takes the place of something shown.
    pub(super) async fn take_current(
        &self,
        attestor: Scid,
        current: Current,
        answer: &mut Renewed,
    ) -> Result<(), Problem> {
        let before: Vec<Held> = self
            .held_claims()?
            .into_iter()
            .filter(|held| held.credential.issuer().scid() == attestor)
            .collect();
        let noted = Noted::read(self, &before)?;
        let places = Places::pair(&before, &current, &noted);
        let published = self.shown_hashes().await?;
        let shown: Vec<[u8; 32]> = published.iter().map(|hash| places.at(*hash)).collect();
        for new in &current.claims {
            if before.iter().any(|held| held.hash == new.hash) {
                self.stays(new, &current, &shown, answer).await?;
                continue;
            }
            let attestor = new.credential.issuer().to_string();
            self.note(Entry::claim(What::Received, attestor, new.kind())).await?;
            self.put_in_place(new, &places).await?;
            answer.renewed.push(self.summary(new, &shown).await?);
        }
        for old in &before {
            if !current.has(old) && !places.has(old) {
                self.stays(old, &current, &shown, answer).await?;
            }
        }
        self.replace(&places, &before).await
    }

    /// Notes a claim that nothing takes the place of, and whether whoever wants it for longer signs in again: it
    /// ends soon, and its attestor, which was asked, has none of its kind that lasts.
    async fn stays(
        &self,
        held: &Held,
        current: &Current,
        published: &[[u8; 32]],
        answer: &mut Renewed,
    ) -> Result<(), Problem> {
        let (summary, now) = (self.summary(held, published).await?, self.now());
        let lasts = |one: &Held| one.kind() == held.kind() && !one.ends_soon(now);
        let ends = match summary.standing {
            How::Stands | How::Unknown | How::Ended => {
                held.ends_soon(now) && !current.claims.iter().any(lasts)
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

    /// Puts new claims in the place of old ones, where the world sees these by now, and lets the old ones go
    /// that it sees no longer.
    async fn replace(&self, places: &Places, before: &[Held]) -> Result<(), Problem> {
        let mut seen = self.seen().await?;
        let hashes: Vec<[u8; 32]> = seen.hashes.iter().map(|hash| places.at(*hash)).collect();
        let told = match hashes == seen.hashes {
            true => Ok(()),
            false => {
                seen.hashes = hashes;
                seen.show().await.map(drop)
            }
        };
        // Nobody may have taken it yet and it is signed all the same, or nothing could be signed: the old
        // ones stay then, and the next answer of their attestor goes on from here.
        let shown: BTreeSet<[u8; 32]> = self.shown_hashes().await?.into_iter().collect();
        for old in before.iter().filter(|old| places.has(old) && !shown.contains(&old.hash)) {
            self.let_go(old).await?;
        }
        told
    }
}

/// Gives a name that somebody else wrote, short and in letters that change nothing around it.
fn clean(name: &str) -> String {
    name.chars().filter(|letter| letter.is_ascii_graphic()).take(LONGEST_NAME).collect()
}

fn one_line(problem: Problem) -> String {
    let (title, because, hint) = problem.into_parts();
    [Some(title), because, hint].into_iter().flatten().collect::<Vec<_>>().join("; ")
}

/// As many letters as a name by the standard has, and a few.
const LONGEST_NAME: usize = 64;
