//! How long an answer may take: what it weighs at most, over the slowest line that is waited for.
//!
//! A flat time is too short for a megabyte from a home and too long for a greeting. The numbers stand in
//! the one table, [`bounds`].

use super::{Request, want};
use crate::wire::bounds;

impl Request {
    /// Gives the largest answer there is to this question, in bytes.
    #[must_use]
    pub fn largest_answer(&self) -> usize {
        let entries = |most: usize, each: usize| most.saturating_mul(each);
        match self {
            Self::Hello(_) => bounds::HELLO,
            Self::Heads(wanted) => entries(wanted.count(), bounds::HEAD),
            Self::Log(_) => bounds::LOG.saturating_add(BESIDE_A_LOG),
            Self::Body(_) => bounds::BODY,
            Self::Status(_) => entries(want::MAX_STATEMENTS, bounds::STATEMENT),
            Self::Deposit(_) => bounds::RECEIPT,
            Self::Digests(_) => entries(want::MAX_BUCKETS, BUCKET),
            Self::Sketch(wanted) => entries(wanted.count, SYMBOL),
            Self::Fresh(scids) => entries(scids.len(), bounds::FRESHNESS),
            Self::Cosign(_) => bounds::WITNESS_PROOF,
            Self::Forks(_) | Self::Profiles(_) => entries(want::MAX_PAGE, NOTICE),
        }
    }
}

/// Gives how many milliseconds may pass until `bytes` have come and gone.
#[must_use]
pub fn patience_ms(bytes: usize) -> u64 {
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    let line = bytes.saturating_mul(1000) / bounds::SLOWEST_LINE;
    bounds::ANSWER_MS.saturating_add(line).min(bounds::LONGEST_ANSWER_MS)
}

/// What comes with the entries of a log.
pub const BESIDE_A_LOG: usize = bounds::WITNESS_FILE + bounds::HEAD;

/// A digest of a bucket: two numbers and sixteen bytes.
const BUCKET: usize = 40;

/// A coded symbol: a number, a sum of 32 bytes and a check.
const SYMBOL: usize = 60;

/// A SCID and a hash.
const NOTICE: usize = 70;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::did::Scid;
    use crate::wire::exchange::want::{Digests, Session, Sketch};
    use crate::wire::topic::Shards;

    #[test]
    fn a_greeting_is_waited_for_shortly_and_a_megabyte_long() {
        assert_eq!(patience_ms(0), 5_000);
        assert_eq!(patience_ms(128 * 1024), 6_000);
        let log = Request::Log(want::Log { scid: Scid::from_digest([1; 32]), have: 0 });
        assert!((13_000..14_000).contains(&patience_ms(log.largest_answer())));
        let both = bounds::REQUEST + bounds::RESPONSE;
        assert_eq!(patience_ms(both), bounds::LONGEST_ANSWER_MS);
        assert_eq!(patience_ms(usize::MAX), bounds::LONGEST_ANSWER_MS);
    }

    #[test]
    fn no_answer_is_expected_that_would_be_refused() {
        let session = Session([0; 16]);
        let shard = Shards::FOUR.all().next().unwrap();
        let sketch = |count| Sketch { session, shard, from: 0, to: 1, skip: 0, count };
        for request in [
            Request::Digests(Digests { session, shard: None, from: 0 }),
            Request::Sketch(sketch(want::MAX_SYMBOLS)),
            Request::Forks(want::Page::default()),
            Request::Status(want::Status { issuer: Scid::from_digest([1; 32]), list: 1, from: 0 }),
            Request::Log(want::Log { scid: Scid::from_digest([1; 32]), have: 0 }),
        ] {
            assert!(request.largest_answer() <= bounds::RESPONSE, "{request:?}");
        }
    }
}
