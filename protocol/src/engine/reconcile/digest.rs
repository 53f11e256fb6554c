//! What a node holds, in thirty bytes a bucket.

use super::keyed::Keyed;
use crate::wire::exchange::give::Bucket;
use crate::wire::exchange::want::{MAX_BUCKETS, Session};
use std::collections::{BTreeMap, BTreeSet};

/// Gives the digest of each bucket that is not empty, in the order of their numbers.
///
/// An item is a 32-byte hash and stands once; its bucket is the number of a shard or of a day. A
/// digest is the exclusive or of keyed hashes: whoever chose the items did not know the key.
#[must_use]
pub fn digests(session: &Session, items: impl IntoIterator<Item = (u64, [u8; 32])>) -> Vec<Bucket> {
    let keyed = Keyed::new(session);
    let mut buckets = BTreeMap::<u64, (u64, u128)>::new();
    for (number, item) in items {
        let [first, second] = keyed.hash(&item);
        let (count, digest) = buckets.entry(number).or_default();
        *count = count.saturating_add(1);
        *digest ^= (u128::from(first) << 64) | u128::from(second);
    }
    buckets
        .into_iter()
        .map(|(number, (count, digest))| Bucket { number, count, digest: digest.to_be_bytes() })
        .collect()
}

/// Says where two nodes differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Differing {
    /// The buckets that are not alike, in order.
    pub buckets: Vec<u64>,
    /// Where to ask on, if the other node had more to say.
    pub next: Option<u64>,
}

/// Compares our buckets, from the number asked for on, with those a peer gave.
#[must_use]
pub fn differing(ours: &[Bucket], theirs: &[Bucket]) -> Differing {
    let next = match theirs.last() {
        Some(last) if theirs.len() >= MAX_BUCKETS => last.number.checked_add(1),
        Some(_) | None => None,
    };
    let covered = |bucket: &&Bucket| next.is_none_or(|next| bucket.number < next);
    let by_number = |buckets: &[Bucket]| -> BTreeMap<u64, Bucket> {
        buckets.iter().filter(covered).map(|bucket| (bucket.number, *bucket)).collect()
    };
    let (ours, theirs) = (by_number(ours), by_number(theirs));
    let numbers: BTreeSet<_> = ours.keys().chain(theirs.keys()).copied().collect();
    let differ = |number: &u64| ours.get(number) != theirs.get(number);
    Differing { buckets: numbers.into_iter().filter(differ).collect(), next }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SESSION: Session = Session([1; 16]);

    fn held(items: &[(u64, u8)]) -> Vec<Bucket> {
        digests(&SESSION, items.iter().map(|(bucket, byte)| (*bucket, [*byte; 32])))
    }

    #[test]
    fn only_buckets_that_differ_are_named() {
        let ours = held(&[(1, 1), (2, 2), (2, 3), (5, 9)]);
        let theirs = held(&[(2, 3), (1, 1), (2, 4), (7, 8)]);
        let found = differing(&ours, &theirs);
        assert_eq!(found, Differing { buckets: vec![2, 5, 7], next: None });
        assert_eq!(differing(&ours, &ours).buckets, [0_u64; 0]);
        assert_eq!(differing(&ours, &[]).buckets, [1, 2, 5]);
    }

    #[test]
    fn another_session_has_other_digests() {
        let other = digests(&Session([2; 16]), [(1, [1; 32])]);
        assert_ne!(held(&[(1, 1)]), other);
        assert_eq!(other.first().map(|bucket| bucket.count), Some(1));
    }

    #[test]
    fn a_full_answer_says_where_to_ask_on() {
        let bucket = |number| Bucket { number, count: 1, digest: [0; 16] };
        let theirs: Vec<_> = (0..4096).map(bucket).collect();
        let ours: Vec<_> = (1..5000).map(bucket).collect();
        let found = differing(&ours, &theirs);
        assert_eq!(found, Differing { buckets: vec![0], next: Some(4096) });
    }
}
