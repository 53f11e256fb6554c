//! What a node does for its owner: her identity, her claims, her names for others.

mod attest;
mod claims;
mod contacts;
mod identity;
mod keys;
mod present;
mod publish;
mod renew;
mod request;
mod standing;
mod staple;

pub(crate) use keys::{RECOVERY, first_entry, vault_problem};
pub(crate) use request::Asked;
