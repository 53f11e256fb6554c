//! Finds out what two nodes hold differently, for about sixty bytes a difference.
//!
//! Gossip loses messages and homes sleep, so nodes compare what they hold. First in buckets
//! ([`digest`]): one digest a shard, then one a day. Where a bucket differs, the node that asks takes
//! coded symbols from the other ([`sketch`]) until its [`Decoder`](sketch::Decoder) has found every
//! difference, however large the sets are and without knowing beforehand how many there will be.
//!
//! Everything is hashed under the key of the session, which the asking node has just drawn. Whoever
//! chose the items, an attacker too, chose them before, and cannot make them collide.
//!
//! - Rateless invertible Bloom look-up tables: Yang, Gilad, Alizadeh, "Practical Rateless Set
//!   Reconciliation", SIGCOMM 2024, section 4.
//! - Hash: SipHash-2-4 with 128 bits, Aumasson and Bernstein.

pub mod digest;
mod keyed;
mod mapping;
pub mod sketch;
