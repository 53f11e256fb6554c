//! Every parser that reads what a peer sends takes any bytes without falling over.

use countersign_protocol::did::{self, Did, Scid};
use countersign_protocol::encoding::{base58btc, base64url, json, multihash};
use countersign_protocol::key::{PublicKey, did_key};
use countersign_protocol::time::Timestamp;
use proptest::prelude::*;

/// Calls everything that reads text.
fn read_text(text: &str) {
    let _ = text.parse::<Did>();
    let _ = text.parse::<Scid>();
    let _ = did::split_fragment(text);
    let _ = PublicKey::from_multikey(text);
    let _ = did_key::parse(text);
    let _ = did_key::parse_verification_method(text);
    let _ = Timestamp::parse(text);
    let _ = base58btc::decode::<34>(text);
    let _ = base64url::decode(text);
    let _ = multihash::from_base58btc(text);
}

/// Calls everything that reads bytes.
fn read_bytes(bytes: &[u8]) {
    let _ = json::parse(bytes, 1 << 16);
}

proptest! {
    #[test]
    fn noise_is_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        read_bytes(&bytes);
        read_text(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn near_misses_are_read_or_refused(
        start in prop::sample::select(vec![
            "did:webvh:", "did:webvh:QmfGEUAcMpzo25kF2Rhn8L5FAXysfGnkzjwdKoNPi615XQ:", "did:key:z",
            "did:key:z6Mk", "z6Mk", "Qm", "2026-", "2026-11-22T07:30:00", "{\"@context\":[",
        ]),
        rest in any::<String>(),
        ascii in "[ -~]{0,64}",
    ) {
        for text in [format!("{start}{rest}"), format!("{start}{ascii}"), format!("{start}{ascii}{rest}")] {
            read_text(&text);
            read_bytes(text.as_bytes());
        }
    }
}
