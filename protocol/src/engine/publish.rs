//! How this node's own identities reach the others.
//!
//! A keeper saves and announces. A home saves, *deposits* with three keepers of different prefixes and
//! collects their receipts; they announce: see [`deposit`](super::deposit). Until a head of its own has
//! come back to it from the network, a home does not give it to anybody who asks; and when it comes, the
//! home asks for the log like everybody else before it passes the head on. So listening to it tells
//! nobody whose home it is.
//!
//! Asking it does not either, nor whom its owner looks at. A home gives heads and logs of the shards it
//! listens to, where it holds what everybody holds who listens; and of bodies those that everybody
//! holds. Showcases are not among them: of those a home holds none but its owner's and those its owner
//! looked at. It gives its own to the keepers it deposits with, who know whose it is.

use super::Engine;
use super::command::{Outcome, Publication, Refusal};
use super::config::Role;
use super::directory::Place;
use super::effect::{Effect, Notice};
use super::intake::{IntakeError, Offer, Taken, Waiter};
use crate::did::Scid;
use crate::wire::head::{HeadHash, Signed};
use crate::wire::peer::Peer;
use std::collections::BTreeMap;

/// What of our own waits to come back.
#[derive(Debug, Default)]
pub(super) struct Publishing {
    unannounced: BTreeMap<Scid, Unannounced>,
    /// The newest we published of each of our own.
    published: BTreeMap<Scid, HeadHash>,
}

/// A head of our own that nobody told us of yet.
#[derive(Debug)]
struct Unannounced {
    hash: HeadHash,
    /// Whoever hears of it has to ask for the log, because it names an entry that is new.
    with_entry: bool,
}

impl Publishing {
    pub(super) fn is_empty(&self) -> bool {
        self.published.is_empty()
    }

    /// Notes that a head is our own and may be a secret still. Most have its entries already, and ask
    /// nobody for them; whether it came back before we stopped is not known: the next sync shows it.
    pub(super) fn note(&mut self, scid: Scid, hash: HeadHash) {
        self.published.insert(scid, hash);
        self.unannounced.insert(scid, Unannounced { hash, with_entry: false });
    }
}

impl Engine {
    /// Takes in, saves and publishes what the owner made.
    pub(super) fn publish(&mut self, command: u64, publication: Publication) {
        let (head, supplied) = match self.open_publication(publication) {
            Ok(opened) => opened,
            Err(error) => return self.refuse(command, error),
        };
        let scid = head.head().scid;
        self.config.own.insert(scid);
        self.publishing.published.insert(scid, head.hash());
        if self.config.role == Role::Home {
            let with_entry = matches!(self.directory.place(&head), Place::Elsewhere);
            self.publishing.unannounced.insert(scid, Unannounced { hash: head.hash(), with_entry });
        }
        let (supplied, waiters) = (Some(supplied), vec![Waiter::Publish(command)]);
        self.offer(Offer { head, from: None, supplied, waiters });
    }

    fn refuse(&mut self, command: u64, cause: IntakeError) {
        let refusal = if let IntakeError::Older { number, sequence } = cause {
            Refusal::NotNewer { number, sequence }
        } else {
            Refusal::DoesNotVerify { cause }
        };
        self.answer(command, Outcome::Refused(refusal));
    }

    /// Our own identity is saved here, or was refused.
    pub(super) fn published(
        &mut self,
        command: u64,
        head: &Signed,
        result: &Result<Taken, IntakeError>,
    ) {
        let scid = head.head().scid;
        if let Err(error) = result {
            self.publishing.unannounced.remove(&scid);
            return self.refuse(command, error.clone());
        }
        if self.config.role == Role::Keeper {
            self.spread(head);
            return self
                .answer(command, Outcome::Published { receipts: Vec::new(), announced: true });
        }
        self.begin_deposit(scid, head.hash(), Some(command));
    }

    /// Notes that the network brought a head: if it is our own, it is no secret any more. Tells whether
    /// everybody else who hears of it asks for its log before passing it on.
    pub(super) fn came_back(&mut self, head: &Signed) -> bool {
        let scid = head.head().scid;
        let ours = self.publishing.unannounced.remove(&scid);
        match ours {
            Some(ours) if ours.hash == head.hash() => ours.with_entry,
            Some(other) => {
                self.publishing.unannounced.insert(scid, other);
                false
            }
            None => false,
        }
    }

    /// Tells whether giving this away would tell whose home this is, or whom its owner looked for.
    pub(super) fn is_private(&self, scid: &Scid) -> bool {
        let listens = || self.shards.contains(&self.config.network.shards().of(scid));
        self.publishing.unannounced.contains_key(scid)
            || (self.config.role == Role::Home && !listens())
    }

    /// Tells whether `peer` may have a body: from a keeper whatever it holds, from a home what everybody
    /// holds, and what it deposits with that peer.
    pub(super) fn may_give(&self, peer: &Peer, hash: &[u8; 32]) -> bool {
        self.config.role == Role::Keeper
            || self.profiles.values().any(|(profile, _)| profile == hash)
            || self.statuses.holds(hash)
            || self.brings(peer, hash)
    }

    /// Tells the owner of a head in the owner's name that was not published here.
    pub(super) fn suspect(&mut self, scid: Scid, hash: HeadHash, number: u64, sequence: u64) {
        let ours = self.publishing.published.get(&scid) == Some(&hash);
        if self.config.own.contains(&scid) && !ours {
            self.effects.push(Effect::Notify(Notice::NotByUs { scid, number, sequence }));
        }
    }
}
