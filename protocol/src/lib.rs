//! Decides: bytes and a time go in, verdicts and effects come out.
//!
//! This crate is everything Countersign knows and nothing it does. It has no sockets, files,
//! clocks, threads or randomness; whoever calls it brings the bytes, the time and the dice. So
//! whatever it decides, it decides alike on every machine.
//!
//! | module | what it decides |
//! | --- | --- |
//! | [`encoding`] | how bytes become values: strict JSON, JCS, deterministic CBOR, multibase, multihash |
//! | [`key`] | what a key is and whether a signature holds: Ed25519, Multikey, did:key |
//! | [`time`], [`verdict`] | the two small words everything else uses |
//! | [`did`] | what an identity is: the DID, its document, its log |
//! | [`proof`] | whether a Data Integrity proof holds |
//! | [`credential`] | claims, presentations, showcases |
//! | [`status`] | whether a claim was taken back |
//! | [`wire`] | what travels between nodes, and how large it may be |
//! | [`policy`] | whether a vendor should believe a claim |
//! | [`engine`] | what a node does next |
//!
//! Nothing is re-exported: every item has one path.
#![deny(
    clippy::indexing_slicing,
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::wildcard_enum_match_arm
)]

pub mod credential;
pub mod did;
pub mod encoding;
pub mod engine;
pub mod key;
pub mod policy;
pub mod proof;
pub mod status;
pub mod time;
pub mod verdict;
pub mod wire;
