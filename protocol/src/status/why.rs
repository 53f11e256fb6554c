//! Why an entry of a status list was flipped: a number from a fixed table, and never a text.
//!
//! A statement is gossiped to everybody and kept for ever, so whatever it says of a person is published for
//! ever. A free text would end up naming people; a short table of causes cannot.
//!
//! - After RFC 5280, section 5.3.1 `CRLReason`: where its meaning is ours, its number is ours too. Numbers
//!   from 16 on are this network's own.

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::collections::BTreeMap;

/// Names the cause for which a claim was taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub enum Why {
    /// The attestor gives none, or one of a later table.
    #[default]
    Unspecified,
    /// A key the claim rests on is, or may be, in other hands.
    KeyCompromise,
    /// What it says was true and is not any more.
    NoLongerTrue,
    /// Another claim took its place.
    Superseded,
    /// The account it rests on was closed.
    AccountClosed,
    /// The account it rests on backs another identity now.
    AccountMoved,
    /// What it rests on cannot be looked at any more.
    EvidenceGone,
    /// It should never have been signed.
    IssuedInError,
    /// Whom it is about asked for it.
    SubjectAsked,
}

impl Why {
    /// Holds all of them, in the order of their numbers.
    pub const ALL: [Self; 9] = [
        Self::Unspecified,
        Self::KeyCompromise,
        Self::NoLongerTrue,
        Self::Superseded,
        Self::AccountClosed,
        Self::AccountMoved,
        Self::EvidenceGone,
        Self::IssuedInError,
        Self::SubjectAsked,
    ];

    /// Gives the number that travels.
    #[must_use]
    pub const fn code(self) -> Code {
        Code(match self {
            Self::Unspecified => 0,
            Self::KeyCompromise => 1,
            Self::NoLongerTrue => 3,
            Self::Superseded => 4,
            Self::AccountClosed => 16,
            Self::AccountMoved => 17,
            Self::EvidenceGone => 18,
            Self::IssuedInError => 19,
            Self::SubjectAsked => 20,
        })
    }

    /// Gives the word a command and JSON use.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key-compromise",
            Self::NoLongerTrue => "no-longer-true",
            Self::Superseded => "superseded",
            Self::AccountClosed => "account-closed",
            Self::AccountMoved => "account-moved",
            Self::EvidenceGone => "evidence-gone",
            Self::IssuedInError => "issued-in-error",
            Self::SubjectAsked => "subject-asked",
        }
    }

    /// Gives what people read.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Unspecified => "unspecified",
            Self::KeyCompromise => "key compromised",
            Self::NoLongerTrue => "no longer true",
            Self::Superseded => "superseded",
            Self::AccountClosed => "account closed",
            Self::AccountMoved => "account moved",
            Self::EvidenceGone => "evidence gone",
            Self::IssuedInError => "issued in error",
            Self::SubjectAsked => "the subject asked",
        }
    }

    /// Reads the word a command uses.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|why| why.word() == word)
    }
}

impl Serialize for Why {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.word())
    }
}

impl<'de> Deserialize<'de> for Why {
    /// A word of a later table reads as [`Why::Unspecified`], as its number does.
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let word = String::deserialize(from)?;
        Ok(Self::parse(&word).unwrap_or_default())
    }
}

/// The number of a cause as it travelled. One of a later table is kept as it is, because it was
/// signed and hashed, and reads as [`Why::Unspecified`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Code(u8);

impl Code {
    /// Takes the number that travelled.
    #[must_use]
    pub const fn from_number(number: u8) -> Self {
        Self(number)
    }

    /// Gives the number that travels.
    #[must_use]
    pub const fn number(self) -> u8 {
        self.0
    }

    /// Says what it stands for.
    #[must_use]
    pub fn why(self) -> Why {
        Why::ALL.into_iter().find(|why| why.code() == self).unwrap_or(Why::Unspecified)
    }
}

/// Why the set entries of one list are set, as far as statements said so and there is room.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Causes(BTreeMap<u64, Why>);

impl Causes {
    pub(super) fn get(&self, index: u64) -> Option<Why> {
        self.0.get(&index).copied()
    }

    /// Notes that the entry at `index` was set for a cause, or cleared.
    pub(super) fn note(&mut self, index: u64, is_set: bool, code: Code) {
        self.0.remove(&index);
        let why = code.why();
        if is_set && why != Why::Unspecified && self.0.len() < MOST_CAUSES {
            self.0.insert(index, why);
        }
    }

    /// Forgets what does not hold.
    pub(super) fn keep(&mut self, holds: impl Fn(u64) -> bool) {
        self.0.retain(|index, _| holds(*index));
    }
}

/// Causes kept for one list, about as many bytes as a small list has. An entry beyond them is as set
/// as any other; only why is not told.
const MOST_CAUSES: usize = 1024;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_cause_has_one_number_one_word_and_one_text() {
        for why in Why::ALL {
            assert_eq!(why.code().why(), why);
            assert_eq!(Why::parse(why.word()), Some(why));
        }
        let mut numbers: Vec<u8> = Why::ALL.iter().map(|why| why.code().number()).collect();
        let ordered = numbers.clone();
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers, ordered);
    }

    #[test]
    fn a_number_of_a_later_table_reads_as_unspecified() {
        for number in 0..=u8::MAX {
            let known = Why::ALL.iter().any(|why| why.code().number() == number);
            let reads = Code::from_number(number).why();
            assert_eq!(known && number != 0, reads != Why::Unspecified, "{number}");
        }
    }

    #[test]
    fn causes_are_kept_up_to_a_bound_and_forgotten_with_their_entry() {
        let mut causes = Causes::default();
        for index in 0..=u64::try_from(MOST_CAUSES).unwrap() {
            causes.note(index, true, Why::AccountClosed.code());
        }
        assert_eq!(causes.get(0), Some(Why::AccountClosed));
        assert_eq!(causes.get(u64::try_from(MOST_CAUSES).unwrap()), None);
        causes.note(0, false, Why::AccountClosed.code());
        assert_eq!(causes.get(0), None, "cleared");
        causes.note(1, true, Why::Unspecified.code());
        assert_eq!(causes.get(1), None, "said again, and not why");
    }
}
