//! Every single byte of every signed object: changed, it is refused or means what it meant. Of short ones
//! each byte is changed to every other, of long ones to two or three.

use super::sample::{CHALLENGE, DOMAIN, GREETING, NOW, SAMPLE, keeper, parameters};
use crate::samples::person::Person;
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::credential::presentation::{Presentation, Shown};
use countersign_protocol::credential::profile::Profile;
use countersign_protocol::credential::showcase::Showcase;
use countersign_protocol::credential::{Credential, draft::to_bytes};
use countersign_protocol::did::fork::ForkProof;
use countersign_protocol::did::log::{History, witness};
use countersign_protocol::engine::forks::Evidence;
use countersign_protocol::status::list::List;
use countersign_protocol::status::statement;
use countersign_protocol::wire::exchange::hello::Hello;
use countersign_protocol::wire::head::{self, HeadHash};
use countersign_protocol::wire::peer::Peer;
use countersign_protocol::wire::receipt::Receipt;
use countersign_protocol::wire::staple::Staple;
use countersign_protocol::wire::{bounds, freshness};

/// Calls `meaning` with `bytes` changed at each place in up to three of 255 ways, one of which differs from
/// place to place, and fails if any of them means something else than `bytes` does.
fn every_byte(what: &str, bytes: &[u8], meaning: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    // A low bit makes another letter or digit of most; case, quotes and signs take the others.
    every_flip(what, bytes, |at| vec![1, 1 << (at % 8), 0x20], meaning);
}

/// The same with each byte changed to each of the 255 others: what is short and binary has few enough.
fn every_value(what: &str, bytes: &[u8], meaning: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    every_flip(what, bytes, |_| (1..=u8::MAX).collect(), meaning);
}

fn every_flip(
    what: &str,
    bytes: &[u8],
    flips: impl Fn(usize) -> Vec<u8>,
    meaning: impl Fn(&[u8]) -> Option<Vec<u8>>,
) {
    let original = meaning(bytes).unwrap_or_else(|| panic!("the {what} itself is refused"));
    let mut changed = bytes.to_vec();
    for at in 0..bytes.len() {
        for flip in flips(at) {
            changed[at] = bytes[at] ^ flip;
            if let Some(other) = meaning(&changed) {
                let text = String::from_utf8_lossy(&changed);
                assert_eq!(other, original, "the {what} with byte {at} changed: {text}");
            }
        }
        changed[at] = bytes[at];
    }
}

/// Cut off anywhere, it is refused.
fn every_length(what: &str, bytes: &[u8], meaning: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    for length in 0..bytes.len() {
        let read = meaning(&bytes[..length]);
        assert!(read.is_none(), "the {what} was read from {length} of {} bytes", bytes.len());
    }
}

#[test]
fn a_changed_credential() {
    let meaning = |bytes: &[u8]| {
        let credential = Credential::parse(bytes).ok()?;
        let claim = Claim::verify(credential, &|purpose, url| SAMPLE.key(purpose, url)).ok()?;
        Some(to_bytes(&claim.to_value()))
    };
    every_byte("credential", &SAMPLE.credential, meaning);
    every_length("credential", &SAMPLE.credential, meaning);
}

#[test]
fn a_changed_presentation() {
    let keys = |purpose, url: &str| SAMPLE.key(purpose, url);
    let meaning = |bytes: &[u8]| {
        let presentation = Presentation::parse(bytes).ok()?;
        let document = presentation.to_value();
        Shown::verify(presentation, CHALLENGE, DOMAIN, NOW, &keys).ok()?;
        Some(to_bytes(&document))
    };
    every_byte("presentation", &SAMPLE.presentation, meaning);
    every_length("presentation", &SAMPLE.presentation, meaning);
}

#[test]
fn a_changed_showcase() {
    let keys = |purpose, url: &str| SAMPLE.key(purpose, url);
    let meaning = |bytes: &[u8]| {
        let presentation = Showcase::parse(bytes).ok()?;
        let document = presentation.to_value();
        Showcase::verify(presentation, NOW, &keys).ok()?;
        Some(to_bytes(&document))
    };
    every_byte("showcase", &SAMPLE.showcase, meaning);
    every_length("showcase", &SAMPLE.showcase, meaning);
}

#[test]
fn a_changed_log() {
    let meaning = |bytes: &[u8]| {
        let history = History::read(bytes, NOW).ok()?;
        let document = to_bytes(history.document().value());
        Some([history.version_id().to_string().into_bytes(), document].concat())
    };
    every_byte("log", &SAMPLE.holder.log, meaning);
}

#[test]
fn a_changed_witness_file() {
    let version = SAMPLE.holder.history.version_id();
    let meaning = |bytes: &[u8]| {
        let file = witness::File::parse(bytes).ok()?;
        let claims: Vec<_> = file.claims().filter(|(claimed, _)| *claimed == version).collect();
        (!claims.is_empty()).then(|| format!("{claims:?}").into_bytes())
    };
    every_byte("witness file", &SAMPLE.witnesses, meaning);
    every_length("witness file", &SAMPLE.witnesses, meaning);
}

#[test]
fn a_changed_head() {
    let meaning = |bytes: &[u8]| {
        let signed = head::Signed::open(bytes, &parameters()).ok()?;
        Some(signed.bytes().to_vec())
    };
    every_value("head", &SAMPLE.head, meaning);
    every_length("head", &SAMPLE.head, meaning);
}

#[test]
fn a_changed_statement() {
    let network = parameters();
    let meaning = |bytes: &[u8]| {
        let signed = statement::Signed::parse(bytes, network.id().as_str()).ok()?;
        Some(format!("{:?} {}", signed.unauthorized(), signed.key()).into_bytes())
    };
    every_value("statement", &SAMPLE.statement, meaning);
    every_length("statement", &SAMPLE.statement, meaning);
}

#[test]
fn a_changed_list() {
    let meaning = |bytes: &[u8]| {
        let credential = Credential::parse_within(bytes, bounds::STATUS_LIST).ok()?;
        let claim = Claim::verify(credential, &|purpose, url| SAMPLE.key(purpose, url)).ok()?;
        let list = List::read(&claim).ok()?;
        Some([to_bytes(&claim.to_value()), list.bits().hash().to_vec()].concat())
    };
    every_byte("status list", &SAMPLE.list, meaning);
    every_length("status list", &SAMPLE.list, meaning);
}

#[test]
fn a_changed_profile() {
    let meaning = |bytes: &[u8]| {
        let credential = Credential::parse_within(bytes, bounds::PROFILE).ok()?;
        let claim = Claim::verify(credential, &|purpose, url| SAMPLE.key(purpose, url)).ok()?;
        let profile = Profile::read(&claim).ok()?;
        Some([to_bytes(&claim.to_value()), format!("{profile:?}").into_bytes()].concat())
    };
    every_byte("profile", &SAMPLE.profile, meaning);
    every_length("profile", &SAMPLE.profile, meaning);
}

#[test]
fn a_changed_freshness() {
    let (network, scid) = (parameters(), SAMPLE.holder.history.scid());
    let hash = HeadHash::of(&SAMPLE.head);
    let meaning = |bytes: &[u8]| {
        let fresh = freshness::open(bytes, network.id(), &scid, &hash, NOW).ok()?;
        Some(format!("{fresh:?}").into_bytes())
    };
    every_value("freshness", &SAMPLE.freshness, meaning);
    every_length("freshness", &SAMPLE.freshness, meaning);
}

#[test]
fn a_changed_receipt() {
    let (network, scid) = (parameters(), SAMPLE.holder.history.scid());
    let (hash, keeper) = (HeadHash::of(&SAMPLE.head), Peer::of(&keeper().public()));
    let meaning = |bytes: &[u8]| {
        let receipt = Receipt::open(bytes, network.id(), &keeper, &scid, &hash).ok()?;
        Some(format!("{receipt:?}").into_bytes())
    };
    every_value("receipt", &SAMPLE.receipt, meaning);
    every_length("receipt", &SAMPLE.receipt, meaning);
}

#[test]
fn a_changed_fork_proof() {
    let meaning = |bytes: &[u8]| {
        let fork = ForkProof::parse(bytes).ok()?.verify(&SAMPLE.holder.history).ok()?;
        let names = |side: &History| side.version_id().to_string();
        Some(fork.branches().each_ref().map(names).join(" ").into_bytes())
    };
    every_byte("fork proof", &SAMPLE.fork, meaning);
    every_length("fork proof", &SAMPLE.fork, meaning);
}

/// What proves a fork of heads or of status proves it as it was signed, or nothing.
fn every_byte_of_a_fork(what: &str, bytes: &[u8], whose: &Person) {
    let meaning = |bytes: &[u8]| {
        let fork = Evidence::parse(bytes).ok()?;
        fork.verify(&whose.history, &parameters()).ok()?;
        Some(fork.to_bytes())
    };
    every_byte(what, bytes, meaning);
    every_length(what, bytes, meaning);
}

#[test]
fn a_changed_fork_proof_of_heads() {
    every_byte_of_a_fork("proof of two heads", &SAMPLE.fork_of_heads, &SAMPLE.holder);
}

#[test]
fn a_changed_fork_proof_of_status() {
    every_byte_of_a_fork("proof of two statements", &SAMPLE.fork_of_statements, &SAMPLE.issuer);
    every_byte_of_a_fork("proof of a list and a statement", &SAMPLE.fork_of_lists, &SAMPLE.issuer);
}

#[test]
fn a_changed_hello() {
    let (network, keeper) = (parameters(), Peer::of(&keeper().public()));
    let meaning = |bytes: &[u8]| {
        let hello = Hello::open(bytes, network.id(), &keeper, &GREETING).ok()?;
        Some(format!("{hello:?}").into_bytes())
    };
    every_value("hello", &SAMPLE.hello, meaning);
    every_length("hello", &SAMPLE.hello, meaning);
}

/// A staple is not signed itself: what stands in it is, each thing by whom it is about.
#[test]
fn a_changed_staple() {
    let meaning = |bytes: &[u8]| {
        let staple = Staple::parse(bytes).ok()?;
        let mut meaning = Vec::new();
        for identity in &staple.identities {
            let history = History::read(&identity.log, NOW).ok()?;
            meaning.extend(history.version_id().to_string().into_bytes());
            let Some(head) = &identity.head else { continue };
            let head = head::Signed::open(head, &staple.parameters).ok()?;
            let (network, hash) = (staple.parameters.id(), head.hash());
            for proof in &identity.freshness {
                let fresh = freshness::open(proof, network, &identity.scid, &hash, NOW).ok()?;
                meaning.extend(format!("{fresh:?}").into_bytes());
            }
            meaning.extend(head.bytes());
        }
        for list in &staple.lists {
            let credential =
                Credential::parse_within(&list.credential, bounds::STATUS_LIST).ok()?;
            let claim = Claim::verify(credential, &|purpose, url| SAMPLE.key(purpose, url)).ok()?;
            meaning.extend(to_bytes(&claim.to_value()));
            for sealed in &list.statements {
                let network = staple.parameters.id().as_str();
                let signed = statement::Signed::parse(sealed, network).ok()?;
                meaning.extend(format!("{:?}", signed.unauthorized()).into_bytes());
            }
        }
        Some(meaning)
    };
    let original = meaning(&SAMPLE.staple).unwrap();
    // Each thing in it is tried byte by byte above; here one byte in seven is enough.
    let mut changed = SAMPLE.staple.clone();
    for at in (0..changed.len()).step_by(7) {
        changed[at] ^= 1;
        if let Some(other) = meaning(&changed) {
            // What holds them together says which network it is for, and binds nothing else.
            let unsigned = Staple::parse(&changed).unwrap();
            let parameters = unsigned.parameters != parameters();
            let names = unsigned.identities.iter().any(|it| it.head.is_none());
            assert!(other == original || parameters || names, "byte {at} of the staple changed");
        }
        changed[at] ^= 1;
    }
}
