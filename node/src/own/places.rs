//! Which claim takes the place of which: what is paired here is what the world sees next.
//!
//! Somebody may hold two claims of one type by one attestor that rest on two accounts, and show the world one of
//! them. So a type alone says nothing where more than one claim could be meant: the older one then stays where it
//! is until its owner says otherwise.

use super::claims::Held;
use crate::node::Node;
use crate::problem::Problem;
use crate::store::Change as Write;
use crate::vault::Kind;
use countersign_protocol::credential::Credential;
use countersign_protocol::policy::accreditation;
use secrecy::ExposeSecret as _;
use std::collections::BTreeMap;

/// What an attestor stands by now.
#[derive(Debug, Clone, Default)]
pub(super) struct Current {
    pub(super) claims: Vec<Held>,
    /// Whether this is all it gave: something was left out that did not hold.
    pub(super) is_whole: bool,
}

impl Current {
    /// Takes claims for all there are.
    #[cfg(test)]
    pub(super) fn whole(claims: Vec<Held>) -> Self {
        Self { claims, is_whole: true }
    }

    /// Tells whether a claim is one of them.
    pub(super) fn has(&self, held: &Held) -> bool {
        self.claims.iter().any(|one| one.hash == held.hash)
    }
}

/// Claims by their hashes, each with the one that takes its place.
#[derive(Debug, Default)]
pub(super) struct Places(BTreeMap<[u8; 32], [u8; 32]>);

impl Places {
    /// Pairs claims of one attestor that were here `before` with those it stands by now.
    ///
    /// `noted` says what was paired before: what was cut off then goes on with it, and what its attestor took
    /// back and its owner still keeps is not taken for what is renewed now.
    pub(super) fn pair(before: &[Held], current: &Current, noted: &Noted) -> Self {
        let gone: Vec<&Held> = before.iter().filter(|old| !current.has(old)).collect();
        let mut places = Self::default();
        for old in &gone {
            let named = current.claims.iter().filter(|new| takes_place(new, old));
            let newest = named.max_by_key(|new| new.credential.period().from);
            let told = noted
                .0
                .get(&old.hash)
                .filter(|new| before.iter().chain(&current.claims).any(|held| held.hash == **new));
            if let Some(new) = newest.map(|new| &new.hash).or(told) {
                places.0.insert(old.hash, *new);
            }
        }
        if current.is_whole {
            places.pair_renewed(&gone, before, current);
        }
        places
    }

    /// Pairs one claim with the one new claim of its type, if nothing else of this type is left.
    fn pair_renewed(&mut self, gone: &[&Held], before: &[Held], current: &Current) {
        let news = current.claims.iter().filter(|new| {
            let held = before.iter().any(|held| held.hash == new.hash);
            !held && !self.0.values().any(|taken| *taken == new.hash)
        });
        let news: Vec<&Held> = news.collect();
        let olds: Vec<&Held> =
            gone.iter().copied().filter(|old| !self.0.contains_key(&old.hash)).collect();
        for old in &olds {
            let same = |held: &&&Held| held.kind() == old.kind();
            let mut others = news.iter().filter(same);
            let (Some(new), None) = (others.next(), others.next()) else { continue };
            if olds.iter().filter(same).count() == 1 && is_renewed_by(old, new) {
                self.0.insert(old.hash, new.hash);
            }
        }
    }

    /// Tells whether another claim takes the place of this one.
    pub(super) fn has(&self, old: &Held) -> bool {
        self.0.contains_key(&old.hash)
    }

    /// Gives those whose place `new` takes at last.
    fn of(&self, new: &Held) -> impl Iterator<Item = [u8; 32]> {
        self.0.keys().copied().filter(move |old| self.at(*old) == new.hash)
    }

    /// Gives what is at the place of a claim at last, be it the claim itself.
    pub(super) fn at(&self, hash: [u8; 32]) -> [u8; 32] {
        let mut at = hash;
        // As many steps as there are pairs lead out of everything but a circle.
        for _ in 0..self.0.len() {
            at = self.0.get(&at).copied().unwrap_or(at);
        }
        at
    }
}

/// Tells whether one claim was signed in place of another: it has the same name, or both are the word of
/// one attestor for another, of which only the newest counts.
pub(super) fn takes_place(new: &Held, old: &Held) -> bool {
    let (new, old) = (&new.credential, &old.credential);
    let one = new.proof() != old.proof() && new.issuer().scid() == old.issuer().scid();
    let same = new.id().is_some() && new.id() == old.id();
    let accredits = |claim: &Credential| claim.is_a(accreditation::TYPE);
    one && (same || accredits(new) && accredits(old)) && old.period().from <= new.period().from
}

/// Tells whether a claim may be the renewal of another: nothing is renewed whose time is over.
fn is_renewed_by(old: &Held, new: &Held) -> bool {
    let (old, new) = (old.credential.period(), new.credential.period());
    old.from <= new.from && old.until.is_none_or(|until| new.from.is_none_or(|from| from <= until))
}

/// What was paired before, by the older ones' hashes.
#[derive(Debug, Default)]
pub(super) struct Noted(BTreeMap<[u8; 32], [u8; 32]>);

impl Noted {
    /// Reads it for the claims `of` an attestor.
    pub(super) fn read(node: &Node, of: &[Held]) -> Result<Self, Problem> {
        let vault = node.vault()?;
        let mut noted = BTreeMap::new();
        for old in of {
            let note = vault.get(Kind::Note, &note_of(&old.hash))?;
            if let Some(new) = note.and_then(|note| note.expose_secret().try_into().ok()) {
                noted.insert(old.hash, new);
            }
        }
        Ok(Self(noted))
    }
}

impl Node {
    /// Seals a claim into the vault, in one step with the note of what it takes the place of: whatever is cut
    /// off behind this step goes on with the next answer of its attestor.
    pub(super) async fn put_in_place(&self, new: &Held, places: &Places) -> Result<(), Problem> {
        let vault = self.vault()?;
        let mut changes = vec![new.seal(vault)?];
        for old in places.of(new) {
            changes.push(vault.seal(Kind::Note, &note_of(&old), &new.hash)?);
        }
        self.write(changes).await
    }

    /// Gives the change that erases the note of what took the place of a claim.
    pub(super) fn erase_place(&self, old: &Held) -> Result<Write, Problem> {
        Ok(self.vault()?.erase(Kind::Note, &note_of(&old.hash)))
    }
}

/// Names the note of what took the place of a claim.
fn note_of(old: &[u8; 32]) -> Vec<u8> {
    [b"its place is taken ".as_slice(), old].concat()
}
