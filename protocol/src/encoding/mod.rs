//! How bytes become values, and values bytes.
//!
//! JSON is read by one strict parser ([`json`]) and hashed in its canonical form ([`jcs`]); what is
//! ours and small is deterministic CBOR ([`cbor`]). [`multihash`] names a hash together with its
//! algorithm; [`base64url`] and [`base58btc`] are the two alphabets the standards of this crate use.

pub mod base58btc;
pub mod base64url;
pub mod cbor;
pub mod jcs;
pub mod json;
pub mod multihash;
