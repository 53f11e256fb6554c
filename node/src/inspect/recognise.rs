//! Tells by its bytes what a file is; whether it is right is for others to say.

use super::{File, Kind};
use countersign_protocol::credential::{profile, showcase};
use countersign_protocol::did::fork::ForkProof;
use countersign_protocol::encoding::cbor::{self, Sealed};
use countersign_protocol::encoding::{base64url, json};
use countersign_protocol::engine::forks::Evidence;
use countersign_protocol::status::{list, statement};
use countersign_protocol::wire::head::Head;
use countersign_protocol::wire::receipt::Receipt;
use countersign_protocol::wire::staple::Staple;
use countersign_protocol::wire::{bounds, challenge, freshness, invite};
use serde_json::Value;
use std::borrow::Cow;

/// A file and what it seems to be.
pub(super) struct Recognised<'a> {
    pub(super) name: &'a str,
    pub(super) kind: Kind,
    /// The object itself: what was written in hexadecimal or base64url is decoded.
    pub(super) bytes: Cow<'a, [u8]>,
}

impl<'a> Recognised<'a> {
    pub(super) fn new(file: &'a File) -> Self {
        let bytes = file.bytes.as_slice();
        let as_it_is = |kind| Self { name: &file.name, kind, bytes: Cow::Borrowed(bytes) };
        let Some(text) = core::str::from_utf8(bytes).ok().map(str::trim) else {
            return as_it_is(binary(bytes).unwrap_or(Kind::Unrecognised));
        };
        if let Some(kind) = textual(text) {
            return as_it_is(kind);
        }
        // A short record may happen to be text as well.
        if let Some(kind) = binary(bytes) {
            return as_it_is(kind);
        }
        match decoded(text).and_then(|bytes| Some((binary(&bytes)?, bytes))) {
            Some((kind, bytes)) => Self { name: &file.name, kind, bytes: Cow::Owned(bytes) },
            None => as_it_is(Kind::Unrecognised),
        }
    }
}

/// Reads what somebody wrote down as text so that it survives being copied.
fn decoded(text: &str) -> Option<Vec<u8>> {
    if text.is_empty() {
        return None;
    }
    hexadecimal(text).or_else(|| base64url::decode(text))
}

fn hexadecimal(text: &str) -> Option<Vec<u8>> {
    let pairs = text.as_bytes().chunks(2);
    pairs
        .map(|pair| match pair {
            [high, low] => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
            }
            _ => None,
        })
        .collect()
}

fn textual(text: &str) -> Option<Kind> {
    if text.starts_with(invite::PREFIX) {
        return Some(Kind::Invitation);
    }
    if text.starts_with(challenge::PREFIX) {
        return Some(Kind::Challenge);
    }
    let line = text.lines().next().unwrap_or_default();
    if text.starts_with('{') && line.contains("\"versionId\"") && line.contains("\"parameters\"") {
        return Some(Kind::Log);
    }
    if text.starts_with('[') {
        return text.contains("\"versionId\"").then_some(Kind::WitnessFile);
    }
    text.starts_with('{').then(|| document(text))
}

/// Tells what a JSON object is, by its types.
fn document(text: &str) -> Kind {
    let Ok(value) = json::parse(text.as_bytes(), bounds::PRESENTATION) else {
        return damaged(text);
    };
    let is = |name: &str| match value.get("type") {
        Some(Value::Array(types)) => types.iter().any(|found| found == name),
        Some(found) => found == name,
        None => false,
    };
    if is(challenge::TYPE) {
        Kind::Challenge
    } else if is(list::CREDENTIAL_TYPE) {
        Kind::StatusList
    } else if is("VerifiableCredential") && is(profile::TYPE) {
        Kind::AttestorProfile
    } else if is("VerifiableCredential") {
        Kind::Credential
    } else if is("VerifiablePresentation") && is(showcase::TYPE) {
        Kind::Showcase
    } else if is("VerifiablePresentation") {
        Kind::Presentation
    } else if value.get("verificationMethod").is_some() {
        Kind::Document
    } else {
        Kind::Unrecognised
    }
}

/// Guesses what was meant by JSON that cannot be read, so that its parser can say what is wrong with it.
fn damaged(text: &str) -> Kind {
    let words = [
        // A presentation holds credentials, so the outermost word is looked for first.
        ("\"VerifiablePresentation\"", Kind::Presentation),
        ("\"BitstringStatusListCredential\"", Kind::StatusList),
        ("\"VerifiableCredential\"", Kind::Credential),
        ("\"CountersignChallenge\"", Kind::Challenge),
    ];
    let found = words.iter().find(|(word, _)| text.contains(word));
    found.map_or(Kind::Unrecognised, |(_, kind)| *kind)
}

/// Tells what a CBOR record is: each kind has members of its own.
fn binary(bytes: &[u8]) -> Option<Kind> {
    if Staple::is_one(bytes) {
        return Some(Kind::Staple);
    }
    // An array of two or three, and in it a byte string or a small number, begins every record that
    // travels alone.
    let [0x82 | 0x83, 0x00..=0x17 | 0x40..=0x5b, ..] = bytes else { return None };
    let is_fork = cbor::decode::<ForkProof>(bytes, bounds::FORK_PROOF).is_ok()
        || Evidence::parse(bytes).is_ok();
    Some(if is_fork {
        Kind::ForkProof
    } else if Head::parse(bytes).is_ok() {
        Kind::Head
    } else if statement::peek(bytes).is_ok() {
        Kind::StatusStatement
    } else if Sealed::<Receipt>::parse(bytes, bounds::RECEIPT).is_ok() {
        Kind::Receipt
    } else if freshness::peek(bytes).is_ok() {
        Kind::Freshness
    } else {
        Kind::Record
    })
}
