//! What travels between nodes, and how large it may be.
//!
//! Nodes say two kinds of thing to each other. *Gossip* announces, in messages of at most
//! [`bounds::GOSSIP`] bytes on a [`topic`]: a sealed [`head`], a status statement, or a [`notice`]
//! that names a larger document by hash. An [`exchange`] delivers: one request, one response.
//! Everything in either proves itself or is checked by hash, so nobody has to be trusted to carry it.
//!
//! - Format: deterministic CBOR ([`crate::encoding::cbor`]), golden bytes in each module's tests.
//! - Every object with an example: `docs/protocol.md`.

pub mod bounds;
pub mod challenge;
pub mod exchange;
pub mod freshness;
pub mod head;
pub mod invite;
mod member;
pub mod merkle;
pub mod network;
pub mod notice;
pub mod peer;
pub mod receipt;
pub mod staple;
pub mod topic;

#[cfg(test)]
pub(crate) mod sample;
