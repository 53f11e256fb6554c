//! Every parser that reads what a peer sends takes any bytes without falling over.

use super::sample::{KINDS, NOW, SAMPLE, parameters};
use countersign_protocol::credential::presentation::Presentation;
use countersign_protocol::credential::{Credential, showcase::Showcase};
use countersign_protocol::did::log::{History, entry::Entry, witness};
use countersign_protocol::did::{self, Did, Scid};
use countersign_protocol::encoding::{base58btc, base64url, cbor, json, multihash};
use countersign_protocol::engine::directory::{LISTING, Listing};
use countersign_protocol::engine::forks::Evidence;
use countersign_protocol::key::{PublicKey, did_key};
use countersign_protocol::status::{bits::Bits, statement, word};
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::exchange::{Request, Response};
use countersign_protocol::wire::{
    challenge, freshness, head, invite, network, notice, peer, staple, topic,
};
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
    let _ = Bits::decode(text);
    let _ = text.parse::<network::NetworkId>();
    let _ = text.parse::<topic::Topic>();
    let _ = text.parse::<invite::Invite>();
    let _ = challenge::Challenge::parse(text, NOW);
}

/// Calls everything that reads bytes.
fn read_bytes(bytes: &[u8]) {
    let _ = json::parse(bytes, 1 << 16);
    let _ = Credential::parse(bytes);
    let _ = Presentation::parse(bytes);
    let _ = Showcase::parse(bytes);
    let _ = Entry::parse(bytes);
    let _ = History::read(bytes, NOW);
    let _ = witness::File::parse(bytes);
    let _ = statement::Signed::parse(bytes, "testnet-properties");
    let _ = head::Signed::open(bytes, &parameters());
    let _ = notice::Notice::parse(bytes);
    let _ = peer::Peer::from_bytes(bytes);
    let _ = staple::Staple::parse(bytes);
    let _ = freshness::peek(bytes);
    let _ = Evidence::parse(bytes);
    let _ = word::peek(bytes);
    let _ = cbor::decode::<Listing>(bytes, LISTING);
    let _ = Request::parse(bytes);
    let _ = Response::parse(bytes);
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
            "uH4sIAAAA", "countersign:invite:", "countersign:challenge:", "/countersign/main/1/head/",
        ]),
        rest in any::<String>(),
        ascii in "[ -~]{0,64}",
    ) {
        for text in [format!("{start}{rest}"), format!("{start}{ascii}"), format!("{start}{ascii}{rest}")] {
            read_text(&text);
            read_bytes(text.as_bytes());
        }
    }

    /// A real object, cut, stretched and overwritten, given to every parser there is.
    #[test]
    fn damaged_objects_are_read_or_refused(
        object in 0..KINDS,
        from in any::<prop::sample::Index>(),
        length in 0..64_usize,
        noise in prop::collection::vec(any::<u8>(), 0..64),
    ) {
        let bytes = SAMPLE.all()[object];
        let from = from.index(bytes.len());
        let to = bytes.len().min(from + length);
        let damaged = [&bytes[..from], &noise, &bytes[to..]].concat();
        read_bytes(&damaged);
        read_bytes(&damaged[from..]);
        read_text(&String::from_utf8_lossy(&damaged));
    }
}
