//! A claim, from its text to a verified value.

use super::fixture::{DAY, NOW, Person};
use super::row::Measured;
use super::timing::{Compared, Effort, Work, compare};
use super::{BenchError, report::micros};
use countersign_protocol::credential::Credential;
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::credential::draft::to_bytes;
use countersign_protocol::did::log::draft::Place;
use countersign_protocol::encoding::multihash::sha256;
use std::hint::black_box;

pub(super) fn verify(effort: Effort) -> Result<Measured, BenchError> {
    let issuer = Person::at(Place::Domain("north.example"), "north", 30)?;
    let holder = Person::new("ada", 30)?;
    let kibibyte = of_length(&issuer, &holder, LENGTH)?;
    let whole = to_bytes(&issuer.claim(&holder));
    let one = compared(effort, &issuer, &kibibyte)?;
    let other = compared(effort, &issuer, &whole)?;
    let detail = format!(
        "{} bytes: {} against {}; with evidence and status, {} bytes: {} against {}, {:.2} × raw",
        kibibyte.len(),
        micros(one.work),
        micros(one.raw),
        whole.len(),
        micros(other.work),
        micros(other.raw),
        other.ratio
    );
    Ok(Measured::new(one.ratio, detail))
}

fn compared(effort: Effort, issuer: &Person, text: &[u8]) -> Result<Compared, BenchError> {
    let keys = issuer.keys();
    let verify = || Claim::verify(Credential::parse(black_box(text))?, &keys);
    verify()?;
    let (work, raw) =
        (Work { things: 1, run: verify }, Work { things: 1, run: raw_verification() });
    Ok(compare(effort, work, raw))
}

/// Gives what nothing here can be faster than: one signature over 64 bytes under the strict rules, its
/// key already read.
pub(super) fn raw_verification() -> impl FnMut() -> bool {
    let key = super::fixture::key("raw", "hot", 0);
    let (public, message) = (key.public(), [sha256(b"one"), sha256(b"two")].concat());
    let signature = key.sign(&message);
    move || public.verify(black_box(&message), black_box(&signature))
}

/// Writes a claim of exactly `length` bytes.
fn of_length(issuer: &Person, holder: &Person, length: usize) -> Result<Vec<u8>, BenchError> {
    let write =
        |note: &str| to_bytes(&issuer.bare_claim(holder, note).sign(&issuer.key(), NOW.minus(DAY)));
    // A signature in base58 is a character longer or shorter, as it happens.
    let missing = length.saturating_sub(write("").len());
    let mut texts =
        (missing.saturating_sub(3)..=missing.saturating_add(3)).map(|n| write(&"x".repeat(n)));
    texts
        .find(|text| text.len() == length)
        .ok_or(BenchError::Wrong { what: "the length of a claim" })
}

const LENGTH: usize = 1024;
