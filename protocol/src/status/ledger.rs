//! The fold of a status list and the statements after it.
//!
//! - A statement follows if it starts where the ledger stands and names the statement that led
//!   there. One that starts later shows a gap: the list is needed again.
//! - Two statements for one sequence with different content are a fork, and the two sealed byte
//!   strings prove it to anyone.

use super::Purpose;
use super::bits::Bits;
use super::list::List;
use super::statement::{Body, Flip, MOST_FLIPS, Signed, Statement};
use super::why::{Causes, Why};
use super::word::Word;
use crate::did::Scid;
use crate::did::log::MAX_CLOCK_SKEW;
use crate::key::{PublicKey, SecretKey};
use crate::time::Timestamp;
use crate::verdict::Verdict;
use std::collections::BTreeMap;
use std::sync::Arc;

/// A status list at its newest known sequence. Holding one proves that its issuer said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    state: State,
    /// What was signed last about this sequence: the other half of a proof, if a fork shows.
    signed: Arc<[u8]>,
}

/// What a status list says at one sequence. It is cheap to copy: the bits are shared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    issuer: Scid,
    list: u64,
    purpose: Purpose,
    bits: Arc<Bits>,
    causes: Arc<Causes>,
    sequence: u64,
    tip: Option<[u8; 32]>,
    as_of: Timestamp,
    valid_until: Timestamp,
    effective_at: Option<Timestamp>,
    key: PublicKey,
}

impl State {
    /// Gives whose list it is.
    #[must_use]
    pub const fn issuer(&self) -> Scid {
        self.issuer
    }

    /// Gives its number among those of its issuer.
    #[must_use]
    pub const fn list(&self) -> u64 {
        self.list
    }

    /// Gives what a set bit means.
    #[must_use]
    pub const fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Tells whether the bit at `index` is set; gives nothing beyond the last.
    #[must_use]
    pub fn is_set(&self, index: u64) -> Option<bool> {
        self.bits.is_set(index)
    }

    /// Says why the bit at `index` is set, where a statement said so: a list alone does not.
    #[must_use]
    pub fn why(&self, index: u64) -> Option<Why> {
        self.causes.get(index)
    }

    /// Gives all bits.
    #[must_use]
    pub fn bits(&self) -> &Bits {
        &self.bits
    }

    /// Counts the changes so far.
    #[must_use]
    pub const fn sequence(&self) -> u64 {
        self.sequence
    }

    /// Gives the content hash of the statement that made the last change.
    #[must_use]
    pub const fn tip(&self) -> Option<[u8; 32]> {
        self.tip
    }

    /// Gives the newest moment for which the issuer said that it stands like this.
    #[must_use]
    pub const fn as_of(&self) -> Timestamp {
        self.as_of
    }

    /// Gives until when the issuer lets it be relied on.
    #[must_use]
    pub const fn valid_until(&self) -> Timestamp {
        self.valid_until
    }

    /// Gives since when the last change is true of the world, if a statement made it.
    #[must_use]
    pub const fn effective_at(&self) -> Option<Timestamp> {
        self.effective_at
    }

    /// Gives the key that signed the newest word on it: it counts as long as the issuer's newest
    /// document lists that key.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }
}

impl Ledger {
    /// Starts at a list that its issuer signed.
    #[must_use]
    pub fn start(list: &List) -> Self {
        let state = State {
            issuer: list.issuer,
            list: list.number,
            purpose: list.purpose,
            bits: Arc::clone(&list.bits),
            causes: Arc::default(),
            sequence: list.sequence,
            tip: list.statement,
            as_of: list.issued,
            valid_until: list.valid_until,
            effective_at: None,
            key: list.key,
        };
        Self { state, signed: Arc::clone(&list.signed) }
    }

    /// Starts again at a newer list, and keeps what statements said of why: a list says only that a
    /// bit is set.
    #[must_use]
    pub fn restart(&self, list: &List) -> Self {
        let mut again = Self::start(list);
        let mut causes = Causes::clone(&self.state.causes);
        causes.keep(|index| list.bits.is_set(index) == Some(true));
        again.state.causes = Arc::new(causes);
        again
    }

    /// Gives what the list says now.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// Adds one statement and gives the ledger after it.
    ///
    /// # Errors
    ///
    /// Returns [`LedgerError`] if it does not follow, contradicts what is known, or does not lead
    /// to the bits it says it leads to.
    pub fn append(&self, statement: &Statement, now: Timestamp) -> Result<Self, LedgerError> {
        let (body, state) = (statement.body(), &self.state);
        if (body.issuer, body.list, body.purpose) != (state.issuer, state.list, state.purpose) {
            return Err(LedgerError::AnotherList);
        }
        // Taken as it is, a statement from the future would stay the newest for as long.
        if body.issued > now.plus(MAX_CLOCK_SKEW) {
            return Err(LedgerError::Early { issued: body.issued });
        }
        if body.to < state.sequence {
            return Err(LedgerError::Old { have: state.sequence, found: body.to });
        }
        if body.from > state.sequence {
            return Err(LedgerError::Gap { have: state.sequence, from: body.from });
        }
        if body.to == state.sequence { self.repeat(statement) } else { self.advance(statement) }
    }

    /// Takes a statement about the sequence that stands: it may be newer, and must say the same.
    fn repeat(&self, statement: &Statement) -> Result<Self, LedgerError> {
        let (body, state) = (statement.body(), &self.state);
        if body.tip() != state.tip || body.bits != state.bits.hash() {
            return Err(self.forked(statement));
        }
        if body.issued <= state.as_of {
            return Err(LedgerError::Old { have: state.sequence, found: body.to });
        }
        Ok(self.after(statement, Arc::clone(&state.bits), Arc::clone(&state.causes)))
    }

    /// Takes a change of the sequence that stands.
    fn advance(&self, statement: &Statement) -> Result<Self, LedgerError> {
        let (body, state) = (statement.body(), &self.state);
        if body.previous != state.tip {
            return Err(self.forked(statement));
        }
        let mut bits = Bits::clone(&state.bits);
        let mut causes = Causes::clone(&state.causes);
        for Flip { index, code } in body.flips.iter().copied() {
            match (bits.flip(index), state.purpose) {
                (None, _) => return Err(LedgerError::OutOfRange { index }),
                // Bitstring Status List v1.0, section 2.1: a revocation is not reversible.
                (Some(false), Purpose::Revocation) => {
                    return Err(LedgerError::Unrevoked { index });
                }
                (Some(is_set), Purpose::Revocation | Purpose::Suspension) => {
                    causes.note(index, is_set, code);
                }
            }
        }
        if bits.hash() != body.bits {
            return Err(LedgerError::OtherBits { sequence: body.to });
        }
        Ok(self.after(statement, Arc::new(bits), Arc::new(causes)))
    }

    fn after(&self, statement: &Statement, bits: Arc<Bits>, causes: Arc<Causes>) -> Self {
        let body = statement.body();
        let newest = body.issued >= self.state.as_of;
        let state = State {
            bits,
            causes,
            sequence: body.to,
            tip: body.tip(),
            as_of: body.issued.max(self.state.as_of),
            valid_until: if newest { body.valid_until } else { self.state.valid_until },
            effective_at: if body.is_heartbeat() {
                self.state.effective_at
            } else {
                Some(body.effective_at)
            },
            key: *statement.key(),
            ..self.state
        };
        Self { state, signed: statement.sealed().into() }
    }

    fn forked(&self, statement: &Statement) -> LedgerError {
        LedgerError::Forked(Box::new(self.fork_with(statement.sealed())))
    }

    /// Gives the proof that `list` contradicts what stands here; none if both can be true.
    #[must_use]
    pub fn contradicted_by(&self, list: &List) -> Option<Fork> {
        let sequence = Word::from(&self.state).contradicts(&Word::from(list))?;
        (sequence == self.state.sequence).then(|| self.fork_with(&list.signed))
    }

    fn fork_with(&self, second: &[u8]) -> Fork {
        Fork { first: self.signed.to_vec(), second: second.to_vec() }
    }

    /// Signs the statements that give each bit in `wanted` its value for one cause, and gives the
    /// ledger after them. Bits that have it already are left alone; if none is left, a heartbeat is signed.
    ///
    /// # Errors
    ///
    /// Returns [`LedgerError`] for a bit beyond the last, or a revocation that is to be taken back.
    pub fn sign(
        &self,
        wanted: &BTreeMap<u64, bool>,
        why: Why,
        times: Times,
        network: &str,
        key: &SecretKey,
    ) -> Result<(Vec<Statement>, Self), LedgerError> {
        let mut flips = Vec::new();
        for (index, value) in wanted {
            match self.state.is_set(*index) {
                None => return Err(LedgerError::OutOfRange { index: *index }),
                Some(stands) if stands != *value => {
                    flips.push(Flip { index: *index, code: why.code() });
                }
                Some(_) => {}
            }
        }
        let mut statements = Vec::new();
        let mut ledger = self.clone();
        // Many revocations are several statements: gossip carries none larger than its bound.
        let batches: Vec<&[Flip]> =
            if flips.is_empty() { vec![&[]] } else { flips.chunks(MOST_FLIPS).collect() };
        for batch in batches {
            let (statement, after) = ledger.sign_one(batch, times, network, key)?;
            statements.push(statement);
            ledger = after;
        }
        Ok((statements, ledger))
    }

    fn sign_one(
        &self,
        flips: &[Flip],
        times: Times,
        network: &str,
        key: &SecretKey,
    ) -> Result<(Statement, Self), LedgerError> {
        let state = &self.state;
        let mut bits = Bits::clone(&state.bits);
        let mut causes = Causes::clone(&state.causes);
        for Flip { index, code } in flips.iter().copied() {
            let is_set = bits.flip(index).ok_or(LedgerError::OutOfRange { index })?;
            if !is_set && state.purpose == Purpose::Revocation {
                return Err(LedgerError::Unrevoked { index });
            }
            causes.note(index, is_set, code);
        }
        let step = u64::from(!flips.is_empty());
        let body = Body {
            issuer: state.issuer,
            list: state.list,
            purpose: state.purpose,
            from: state.sequence,
            to: state.sequence.saturating_add(step),
            bits: bits.hash(),
            previous: state.tip,
            issued: times.issued,
            valid_until: times.valid_until,
            effective_at: times.effective_at,
            flips: flips.to_vec(),
        };
        let sealed = body.seal(network, key);
        let statement = Signed::parse(&sealed, network)
            .and_then(|signed| signed.authorize(|_, signer| *signer == key.public()))
            .map_err(|_| LedgerError::Unsignable)?;
        let ledger = self.after(&statement, Arc::new(bits), Arc::new(causes));
        Ok((statement, ledger))
    }
}

/// The times of what an attestor signs.
#[derive(Debug, Clone, Copy)]
pub struct Times {
    /// The moment of signing.
    pub issued: Timestamp,
    /// Until when the list may be relied on.
    pub valid_until: Timestamp,
    /// Since when the change is true of the world.
    pub effective_at: Timestamp,
}

/// Proof that an attestor keeps two histories: two signed byte strings about one sequence.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// What stood here: a sealed statement, or the signed list where no statement came after it.
    pub first: Vec<u8>,
    /// The sealed statement, or the signed list, that contradicts it.
    pub second: Vec<u8>,
}

/// A statement does not continue a ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[expect(missing_docs, reason = "each message names its fields")]
pub enum LedgerError {
    /// It is about another list. Nobody's fault.
    #[error("the statement is about another list")]
    AnotherList,
    /// It was signed in the future, by this clock. Nobody's fault.
    #[error("the statement was signed at {issued}, which is still to come")]
    Early { issued: Timestamp },
    /// It is known, or older than what is known. Nobody's fault.
    #[error("the statement about sequence {found} is no newer than what is known at {have}")]
    Old { have: u64, found: u64 },
    /// Statements before it are missing: the list is needed again. Nobody's fault.
    #[error("the statement starts at sequence {from} and only {have} is known")]
    Gap { have: u64, from: u64 },
    /// It contradicts what the issuer signed before. Fault of the issuer alone: the bearer of bad
    /// news is not punished.
    #[error("the statement contradicts what its issuer signed before")]
    Forked(Box<Fork>),
    /// It names a bit the list does not have. Fault of the issuer.
    #[error("the list has no bit {index}")]
    OutOfRange { index: u64 },
    /// It takes a revocation back. Fault of the issuer.
    #[error("bit {index} is revoked, which is not taken back")]
    Unrevoked { index: u64 },
    /// Its flips do not lead to the bits it names. Fault of the issuer.
    #[error("the flips do not lead to the bits of sequence {sequence}")]
    OtherBits { sequence: u64 },
    /// The times or the sequence cannot be signed. Fault of the caller.
    #[error("a statement with these times and this sequence cannot be made")]
    Unsignable,
}

impl LedgerError {
    /// Says what a peer deserves that sent this: who relays a well-signed statement cannot know
    /// what it follows.
    #[must_use]
    pub const fn verdict(&self) -> Verdict {
        match self {
            Self::AnotherList
            | Self::Early { .. }
            | Self::Old { .. }
            | Self::Gap { .. }
            | Self::Forked(_)
            | Self::OutOfRange { .. }
            | Self::Unrevoked { .. }
            | Self::OtherBits { .. }
            | Self::Unsignable => Verdict::Ignore,
        }
    }
}

#[cfg(test)]
mod tests;
