//! How often one identity may say something new before others stop passing it on.
//!
//! One stamp pays for an identity and not for each of its heads: without a pace one name could have the
//! whole network fetch a showcase a second, for ever. Only what holds is counted, so nobody uses up the
//! share of somebody else; entries of a log and heads at one entry are counted apart, so whoever stole the
//! key for heads cannot hold up the rotation that takes it away. What came too soon is ignored, at no cost
//! to whoever brought it: reconciliation brings the newest a little later.

use crate::did::Scid;
use std::collections::BTreeMap;

/// What identities said of late.
#[derive(Debug, Default)]
pub(super) struct Pace {
    said: BTreeMap<(Scid, Saying), Spent>,
}

/// What an identity can say again and again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Saying {
    /// An entry of its log.
    Entry,
    /// A head at an entry that was known.
    Head,
    /// A statement that changes one of its lists.
    Statement,
    /// What it says of itself as an attestor.
    Profile,
    /// An entry for this witness to sign.
    Cosigned,
}

impl Saying {
    /// Says how many may come at once, and after how many milliseconds one more.
    const fn share(self) -> (u32, u64) {
        match self {
            // A person changes a few times a day; a program that tries things out, some dozens in a row.
            Self::Entry | Self::Head | Self::Cosigned => (64, 60_000),
            // Each takes back hundreds of claims, and what takes back is not to wait: an attestor that
            // revokes fifty thousand at once stays below this.
            Self::Statement => (512, 1_000),
            // Written by hand, and fetched by every node there is.
            Self::Profile => (16, 600_000),
        }
    }
}

/// How much of a share was used; time gives it back.
#[derive(Debug, Clone, Copy)]
struct Spent {
    used: u32,
    at_ms: u64,
}

impl Spent {
    fn now(self, every_ms: u64, now_ms: u64) -> Self {
        let back = now_ms.saturating_sub(self.at_ms).checked_div(every_ms).unwrap_or(0);
        let used = self.used.saturating_sub(u32::try_from(back).unwrap_or(u32::MAX));
        Self { used, at_ms: self.at_ms.saturating_add(back.saturating_mul(every_ms)) }
    }
}

impl Pace {
    /// Tells whether `scid` may say one more.
    pub(super) fn allows(&self, scid: &Scid, saying: Saying, now_ms: u64) -> bool {
        let (most, every_ms) = saying.share();
        let spent = self.said.get(&(*scid, saying));
        spent.is_none_or(|spent| spent.now(every_ms, now_ms).used < most)
    }

    /// Counts something that `scid` said, and that holds.
    pub(super) fn count(&mut self, scid: Scid, saying: Saying, now_ms: u64) {
        let key = (scid, saying);
        if self.said.len() >= MOST && !self.said.contains_key(&key) {
            self.rest(now_ms);
        }
        if self.said.len() >= MOST && !self.said.contains_key(&key) {
            // Forgotten, whoever hurries has a share once more.
            self.said.clear();
        }
        let (_, every_ms) = saying.share();
        let before = self.said.get(&key).map(|spent| spent.now(every_ms, now_ms));
        let before = before.filter(|spent| spent.used > 0);
        let Spent { used, at_ms } = before.unwrap_or(Spent { used: 0, at_ms: now_ms });
        self.said.insert(key, Spent { used: used.saturating_add(1), at_ms });
    }

    /// Forgets those who have all of their share again.
    pub(super) fn rest(&mut self, now_ms: u64) {
        self.said.retain(|(_, saying), spent| spent.now(saying.share().1, now_ms).used > 0);
    }
}

/// Shares in use that are remembered: with a hundred bytes each, six megabytes.
const MOST: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_share_is_used_up_and_comes_back_one_by_one() {
        let (mut pace, scid) = (Pace::default(), Scid::from_digest([1; 32]));
        let said = |pace: &mut Pace, now_ms| {
            let may = pace.allows(&scid, Saying::Head, now_ms);
            if may {
                pace.count(scid, Saying::Head, now_ms);
            }
            may
        };
        assert_eq!((0..100).filter(|now_ms| said(&mut pace, *now_ms)).count(), 64);
        assert!(!said(&mut pace, 59_999));
        assert!(said(&mut pace, 60_000) && !said(&mut pace, 60_001));
        assert_eq!((0..100).filter(|_| said(&mut pace, 240_000)).count(), 3);
        // Another one has a share of its own, and this one has another for entries.
        assert!(pace.allows(&Scid::from_digest([2; 32]), Saying::Head, 240_000));
        assert!(pace.allows(&scid, Saying::Entry, 240_000));
        pace.rest(240_000);
        assert_eq!(pace.said.len(), 1);
        pace.rest(240_000 + 64 * 60_000);
        assert!(pace.said.is_empty(), "whoever rested is not remembered");
    }

    #[test]
    fn however_many_hurry_what_is_remembered_has_a_bound() {
        let mut pace = Pace::default();
        for number in 0..70_000_u64 {
            let digest = crate::encoding::multihash::sha256(&number.to_be_bytes());
            pace.count(Scid::from_digest(digest), Saying::Entry, 0);
        }
        assert!(pace.said.len() <= MOST);
    }
}
