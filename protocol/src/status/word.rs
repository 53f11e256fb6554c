//! What a signed statement or list says of the history of one list, without when it was said.
//!
//! An attestor keeps one history: after so many changes a list has one content, and one statement led
//! there. Two words that differ in that cannot both be true, whichever of them is a list, and the two
//! signed byte strings prove it to anyone.

use super::Purpose;
use super::ledger::State;
use super::list::{List, ListError, Says};
use super::statement::{self, Body};
use crate::credential::Credential;
use crate::did::{Scid, split_fragment};
use crate::key::PublicKey;
use crate::wire::bounds;

/// What is said of one list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Word {
    issuer: Scid,
    list: u64,
    purpose: Purpose,
    /// SHA-256 of the bits after so many changes.
    bits: (u64, [u8; 32]),
    /// The content hash of the statement that led to the one before, and to this.
    tips: [(u64, Option<[u8; 32]>); 2],
}

impl Word {
    /// Gives whose list it is about.
    #[must_use]
    pub const fn issuer(&self) -> Scid {
        self.issuer
    }

    /// Gives which list of theirs.
    #[must_use]
    pub const fn list(&self) -> u64 {
        self.list
    }

    /// Gives the number of changes after which the two cannot both be true; none if they can.
    #[must_use]
    pub fn contradicts(&self, other: &Self) -> Option<u64> {
        if (self.issuer, self.list) != (other.issuer, other.list) {
            return None;
        }
        let [(sequence, bits), (at, others)] = [self.bits, other.bits];
        if sequence == at && (bits, self.purpose) != (others, other.purpose) {
            return Some(sequence);
        }
        let mut both =
            self.tips.iter().flat_map(|one| other.tips.iter().map(move |two| (one, two)));
        both.find(|((one, tip), (two, other))| one == two && tip != other)
            .map(|((sequence, _), _)| *sequence)
    }
}

impl From<&Body> for Word {
    fn from(body: &Body) -> Self {
        Self {
            issuer: body.issuer,
            list: body.list,
            purpose: body.purpose,
            bits: (body.to, body.bits),
            tips: [(body.from, body.previous), (body.to, body.tip())],
        }
    }
}

impl From<&List> for Word {
    fn from(list: &List) -> Self {
        let tip = (list.sequence, list.statement);
        Self {
            issuer: list.issuer,
            list: list.number,
            purpose: list.purpose,
            bits: (list.sequence, list.bits.hash()),
            tips: [tip, tip],
        }
    }
}

impl From<&State> for Word {
    fn from(state: &State) -> Self {
        let tip = (state.sequence(), state.tip());
        Self {
            issuer: state.issuer(),
            list: state.list(),
            purpose: state.purpose(),
            bits: (state.sequence(), state.bits().hash()),
            tips: [tip, tip],
        }
    }
}

/// Looks at what a statement or a list says, and at the key it names, before any signature is checked:
/// to find out what bytes are, and never to believe them. A list may name its key by another word than
/// the key itself; then none is given.
///
/// # Errors
///
/// Returns [`ListError`] for bytes that are neither.
pub fn peek(bytes: &[u8]) -> Result<(Word, Option<PublicKey>), ListError> {
    if let Ok((body, key)) = statement::peek(bytes) {
        return Ok((Word::from(&body), Some(key)));
    }
    let list = Credential::parse_within(bytes, bounds::STATUS_LIST);
    let list = list.map_err(|_| ListError::NotAList)?;
    let says = Says::read(&list)?;
    let tip = (says.sequence, says.statement);
    let word = Word {
        issuer: list.issuer().scid(),
        list: says.number,
        purpose: says.purpose,
        bits: (says.sequence, says.bits.hash()),
        tips: [tip, tip],
    };
    let method = split_fragment(list.proof().verification_method());
    Ok((word, method.ok().and_then(|(_, key)| PublicKey::from_multikey(key).ok())))
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: Option<[u8; 32]> = Some([0xa; 32]);
    const B: Option<[u8; 32]> = Some([0xb; 32]);

    /// The change from 3 to 4 of list 1.
    fn change() -> Word {
        Word {
            issuer: Scid::from_digest([1; 32]),
            list: 1,
            purpose: Purpose::Revocation,
            bits: (4, [4; 32]),
            tips: [(3, A), (4, B)],
        }
    }

    #[test]
    fn the_same_said_twice_is_no_contradiction() {
        assert_eq!(change().contradicts(&change()), None);
        let list = Word { tips: [(4, B), (4, B)], ..change() };
        assert_eq!(change().contradicts(&list), None);
    }

    #[test]
    fn each_thing_there_is_one_of_contradicts_when_it_differs() {
        let contradicts = |other: Word| {
            assert_eq!(change().contradicts(&other), other.contradicts(&change()), "either way");
            change().contradicts(&other)
        };
        assert_eq!(contradicts(Word { bits: (4, [9; 32]), ..change() }), Some(4));
        assert_eq!(contradicts(Word { purpose: Purpose::Suspension, ..change() }), Some(4));
        assert_eq!(contradicts(Word { tips: [(3, A), (4, A)], ..change() }), Some(4));
        assert_eq!(contradicts(Word { tips: [(3, B), (4, B)], ..change() }), Some(3));
        // One that goes on from another statement than the one that led there.
        let next = Word { bits: (5, [5; 32]), tips: [(4, A), (5, B)], ..change() };
        assert_eq!(contradicts(next), Some(4));
    }

    #[test]
    fn what_is_about_something_else_never_contradicts() {
        let other = Word { bits: (4, [9; 32]), tips: [(3, B), (4, A)], ..change() };
        assert!(change().contradicts(&other).is_some());
        let issuer = Scid::from_digest([2; 32]);
        assert_eq!(change().contradicts(&Word { issuer, ..other }), None);
        assert_eq!(change().contradicts(&Word { list: 2, ..other }), None);
        let later = Word { bits: (8, [9; 32]), tips: [(7, B), (8, A)], ..other };
        assert_eq!(change().contradicts(&later), None);
    }
}
