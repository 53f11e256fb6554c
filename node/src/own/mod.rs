//! What a node does for its owner: her identity, her claims, her names for others.

mod adding;
mod asking;
mod attest;
mod block;
mod claims;
mod contacts;
mod delivery;
mod devices;
mod identity;
mod keys;
mod limits;
mod overview;
mod passphrase;
mod places;
mod present;
mod publish;
mod renew;
mod renewing;
mod request;
mod restored;
mod standing;
mod staple;
mod statement;
mod taken_back;

pub(crate) use keys::{RECOVERY, first_entry};
pub(crate) use renewing::SOON;
pub(crate) use request::Asked;
pub(crate) use restored::{mark_restored, was_restored};

/// What to do about what cannot be read any more.
const DAMAGED: &str =
    "`countersign --data NEWFOLDER restore BACKUP` makes the node anew in another folder";

#[cfg(test)]
mod tests;
