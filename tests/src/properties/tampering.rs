//! Every single byte of every signed object: changed, it is refused or means what it meant.

use super::sample::{CHALLENGE, DOMAIN, NOW, SAMPLE, parameters};
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::credential::presentation::{Presentation, Shown};
use countersign_protocol::credential::showcase::Showcase;
use countersign_protocol::credential::{Credential, draft::to_bytes};
use countersign_protocol::did::log::{History, witness};
use countersign_protocol::status::statement;
use countersign_protocol::wire::head;

/// Calls `meaning` with `bytes` changed at each place, in a way that differs from place to place, and
/// fails if any of them means something else than `bytes` does.
fn every_byte(what: &str, bytes: &[u8], meaning: impl Fn(&[u8]) -> Option<Vec<u8>>) {
    let original = meaning(bytes).unwrap_or_else(|| panic!("the {what} itself is refused"));
    let mut changed = bytes.to_vec();
    for at in 0..bytes.len() {
        // A low bit makes another letter or digit of most; case, quotes and signs take the others.
        for flip in [1, 1 << (at % 8), 0x20] {
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
    every_byte("head", &SAMPLE.head, meaning);
    every_length("head", &SAMPLE.head, meaning);
}

#[test]
fn a_changed_statement() {
    let network = parameters();
    let meaning = |bytes: &[u8]| {
        let signed = statement::Signed::parse(bytes, network.id().as_str()).ok()?;
        Some(format!("{:?} {}", signed.unauthorized(), signed.key()).into_bytes())
    };
    every_byte("statement", &SAMPLE.statement, meaning);
    every_length("statement", &SAMPLE.statement, meaning);
}
