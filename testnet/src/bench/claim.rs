//! A claim, from its text to a verified value.

use super::fixture::Person;
use super::row::Measured;
use super::timing::{Effort, Work, compare};
use super::{BenchError, report::micros};
use countersign_protocol::credential::Credential;
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::credential::draft::to_bytes;
use countersign_protocol::encoding::multihash::sha256;
use std::hint::black_box;

pub(super) fn verify(effort: Effort) -> Result<Measured, BenchError> {
    let (issuer, holder) = (Person::new("north", 30)?, Person::new("ada", 30)?);
    let text = of_length(&issuer, &holder, LENGTH)?;
    let keys = issuer.keys();
    let verify = || Claim::verify(Credential::parse(black_box(&text))?, &keys);
    verify()?;
    let compared = compare(
        effort,
        Work { things: 1, run: verify },
        Work { things: 1, run: raw_verification() },
    );
    let detail =
        format!("{} bytes: {} against {}", text.len(), micros(compared.work), micros(compared.raw));
    Ok(Measured::new(compared.ratio, detail))
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
    // The shortest claim is longer than a kibibyte if it says all that a claim can say: then it is what
    // is measured.
    let shortest = to_bytes(&issuer.claim(holder, 0)).len();
    let with_member = to_bytes(&issuer.claim(holder, 1)).len();
    let padding = length.checked_sub(with_member).map_or(0, |missing| missing.saturating_add(1));
    let text = to_bytes(&issuer.claim(holder, padding));
    let fits = text.len() == length || (padding == 0 && text.len() == shortest);
    fits.then_some(text).ok_or(BenchError::Wrong { what: "the length of a claim" })
}

const LENGTH: usize = 1024;
