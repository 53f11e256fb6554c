//! A head reads back, keeps its form, and counts where it should.

use super::*;
use crate::wire::sample::{assert_documented, hex, key, network, parameters, scid};
use proptest::prelude::*;

fn head() -> Head {
    Head {
        scid: scid(0x11),
        version: 3,
        version_digest: [0x22; 32],
        log_length: 4711,
        showcase: Some(Showcase { version: 2, hash: [0x33; 32] }),
        sequence: 5,
        stamp: Stamp::mine(&scid(0x11), &network(), 12, 0, 1 << 20).unwrap(),
        key: key(1).public(),
    }
}

fn open(head: &Head) -> Result<Signed, HeadError> {
    Signed::open(&head.seal(&network(), &key(1)), &parameters())
}

#[test]
fn a_head_reads_back_and_never_changes_its_form() {
    let bytes = head().seal(&network(), &key(1));
    let signed = Signed::open(&bytes, &parameters()).unwrap();
    assert_eq!((signed.head(), signed.bytes()), (&head(), &bytes[..]));
    assert_eq!(signed.hash(), HeadHash::from_bytes(sha256(&bytes)));
    assert!(bytes.len() <= 300, "{} bytes", bytes.len());
    assert_documented("head", &hex(&bytes));
    assert_documented("hash of the head", &hex(signed.hash().as_bytes()));
}

#[test]
fn the_largest_head_is_within_its_bound() {
    let head = Head {
        version: u64::MAX,
        log_length: 1 << 20,
        showcase: Some(Showcase { version: u64::MAX, hash: [0; 32] }),
        sequence: u64::MAX,
        ..head()
    };
    assert!(open(&head).is_ok());
    assert!(matches!(Head::parse(&[0; 513]), Err(HeadError::Record(CborError::TooLong { .. }))));
}

#[test]
fn each_number_a_head_cannot_have_is_refused() {
    let good = head();
    for (why, bad) in [
        ("version 0", Head { version: 0, ..good.clone() }),
        ("an empty log", Head { log_length: 0, ..good.clone() }),
        ("a log over its bound", Head { log_length: (1 << 20) + 1, ..good.clone() }),
        ("sequence 0", Head { sequence: 0, ..good.clone() }),
        (
            "showcase version 0",
            Head { showcase: Some(Showcase { version: 0, hash: [0; 32] }), ..good.clone() },
        ),
    ] {
        let error = open(&bad).unwrap_err();
        assert!(matches!(error, HeadError::Record(CborError::Malformed { .. })), "{why}");
        assert_eq!(error.verdict(), Verdict::Reject);
    }
    assert!(open(&Head { showcase: None, ..good }).is_ok());
}

#[test]
fn a_head_counts_only_in_its_network_with_its_work_and_its_key() {
    let (head, other) = (head(), key(2));
    let signed_by_another = head.seal(&network(), &other);
    let bad_signature = Err(HeadError::Record(CborError::BadSignature));
    assert_eq!(Signed::open(&signed_by_another, &parameters()), bad_signature);
    let no_work = (0..).map(Stamp).find(|s| !s.check(&head.scid, &network(), 12)).unwrap();
    let no_work = Head { stamp: no_work, ..head.clone() };
    assert_eq!(open(&no_work), Err(HeadError::TooLittleWork { needed: 12 }));
    let elsewhere = head.seal(&"main".parse().unwrap(), &key(1));
    assert_eq!(Signed::open(&elsewhere, &parameters()), bad_signature);
}

#[test]
fn a_stamp_is_for_one_identity_in_one_network() {
    let (scid, other) = (scid(1), scid(2));
    let stamp = Stamp::mine(&scid, &network(), 12, 0, 1 << 20).unwrap();
    assert!(stamp.check(&scid, &network(), 12));
    assert!(!stamp.check(&other, &network(), 12));
    assert!(!stamp.check(&scid, &"main".parse().unwrap(), 12));
    assert_eq!(Stamp::mine(&scid, &network(), 12, 0, stamp.nonce()), None, "it was the first");
    assert_eq!(Stamp::mine(&scid, &network(), 12, stamp.nonce(), 1), Some(stamp));
    assert!(Stamp(0).check(&other, &network(), 0));
}

proptest! {
    /// One flipped bit anywhere in a sealed head is enough to refuse it.
    #[test]
    fn tampering_never_goes_unnoticed(at: prop::sample::Index, bit in 0..8_u32) {
        let mut bytes = head().seal(&network(), &key(1));
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        prop_assert!(Signed::open(&bytes, &parameters()).is_err(), "byte {at}");
    }

    /// Whatever the numbers are, a head reads back as it was written.
    #[test]
    fn every_head_reads_back(
        version in 1..=u64::MAX,
        sequence in 1..=u64::MAX,
        log_length in 1..=1_u64 << 20,
        showcase in prop::option::of((1..=u64::MAX, any::<[u8; 32]>())),
        digest: [u8; 32],
    ) {
        let showcase = showcase.map(|(version, hash)| Showcase { version, hash });
        let head =
            Head { version, version_digest: digest, log_length, showcase, sequence, ..head() };
        let signed = open(&head).unwrap();
        prop_assert_eq!(signed.head(), &head);
    }
}
