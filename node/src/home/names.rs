//! What attestors are called: the names she gave, or else the ones they give themselves, beside the
//! eight characters that nobody else can have.

use super::frame::Asked;
use super::texts::{T, fill};
use super::words::short;
use crate::verb::Verb as _;
use crate::verb::network::Attestors;
use std::collections::BTreeMap;

/// What those attestors are called that have no name of hers, by their DID.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, String>);

impl Names {
    /// Asks the node for what attestors say of themselves. It is public: a device may read it too.
    pub(super) async fn known(asked: &Asked) -> Self {
        let all = Attestors { claim: None, name: None }.perform(&asked.node).await;
        let named = all.into_iter().flat_map(|listed| listed.attestors).map(|attestor| {
            let both = [("name", attestor.name.as_str()), ("fingerprint", &attestor.fingerprint)];
            (attestor.did.clone(), fill(T.named, &both))
        });
        Self(named.collect())
    }

    /// Gives what an attestor is called, which is hers to say or a DID.
    pub(super) fn of(&self, attestor: &str) -> String {
        self.0.get(attestor).cloned().unwrap_or_else(|| short(attestor))
    }
}
