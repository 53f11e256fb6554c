//! What this node knows, in the plain words a check asks in.

use crate::known::Known;
use crate::node::Node;
use countersign_protocol::credential::showcase::Showcase;
use countersign_protocol::did::log::History;
use countersign_protocol::policy::Source;
use countersign_protocol::policy::standing::{Freshness, Standing};
use countersign_protocol::wire::freshness;
use countersign_protocol::wire::head::{Head, HeadHash};
use std::sync::Arc;

/// Gives how an identity stands.
pub(super) fn standing(known: &Known) -> Standing {
    Standing::of(known.history(), known.found().fork)
}

impl Node {
    /// Verifies what an identity shows the world, and gives it if there is something.
    pub(super) fn shown_by(&self, known: &Known) -> Option<Arc<Showcase>> {
        let bytes = known.found().showcase.as_deref()?;
        let recent = &self.inner().recent;
        recent
            .showcase(bytes, &standing(known), self.now())
            .inspect_err(|error| tracing::debug!(%error, scid = %known.scid(), "no showcase"))
            .ok()
    }

    /// Gives every word there is on how new our knowledge of an identity is.
    pub(super) fn freshness_of(&self, known: &Known) -> Vec<Freshness> {
        let (scid, found) = (known.scid(), known.found());
        let mut words = Vec::new();
        if found.confirmed > 0 {
            let (time, version) = (self.now(), known.history().number());
            let peers = usize::try_from(found.confirmed).unwrap_or(usize::MAX);
            let source = Source::Peers;
            words.push(Freshness { scid, time, version, source, peers });
        }
        if let Some(head) = found.head.as_deref() {
            words.extend(self.witnessed(known.history(), head, &found.freshness));
        }
        words
    }

    /// Gives what witnesses whose word counts say of a head.
    pub(super) fn witnessed(
        &self,
        history: &History,
        head: &[u8],
        proofs: &[Vec<u8>],
    ) -> Vec<Freshness> {
        let (mut words, scid) = (Vec::new(), history.scid());
        let Ok(version) = Head::parse(head).map(|head| head.unverified().version) else {
            return words;
        };
        let Ok(joined) = self.joined() else { return words };
        let hash = HeadHash::of(head);
        let network = joined.parameters.id();
        for bytes in proofs {
            let open = || freshness::open(bytes, network, &scid, &hash, self.now());
            match self.inner().recent.fresh(bytes, &hash, open) {
                Ok(fresh) if self.is_witness_of(history, fresh.witness()) => {
                    let (time, source) = (fresh.time(), Source::Witness);
                    words.push(Freshness { scid, time, version, source, peers: 0 });
                }
                Ok(fresh) => tracing::debug!(witness = %fresh.witness(), "not a witness of theirs"),
                Err(error) => tracing::debug!(%error, "a freshness statement does not hold"),
            }
        }
        words
    }

    /// Tells whether a witness's word counts for an identity: it is one of the identity's own, or one
    /// this node's owner trusts; for an identity that names none, one the network offers.
    fn is_witness_of(
        &self,
        history: &History,
        witness: &countersign_protocol::key::PublicKey,
    ) -> bool {
        let own = history.witness_rule();
        let named = own.is_some_and(|rule| rule.witnesses().contains(witness));
        let trusted = self.config().trust.witnesses.contains(witness);
        let offered =
            own.is_none() && self.joined().is_ok_and(|joined| joined.witnesses.contains(witness));
        named || trusted || offered
    }
}
