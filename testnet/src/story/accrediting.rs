//! One attestor stands behind another, beside whatever else goes on.

use super::scenes::{PATIENCE, pause};
use crate::Failure;
use crate::cluster::Member;
use crate::owner::Owner;
use crate::process::{self, Program};
use countersign_node::verb::claims::{Add, Added};
use countersign_node::verb::network::Attestors;
use countersign_protocol::credential::PAYMENT_ACCOUNT_VERIFIED;
use serde_json::Value;
use std::path::PathBuf;
use std::time::Instant;

/// Two attestors, of whom one is to stand behind the other, whatever the cluster is used for meanwhile.
#[derive(Debug)]
pub(crate) struct Accrediting {
    folder: PathBuf,
    attestor: Owner,
    other: Owner,
    did: String,
}

impl Accrediting {
    /// Takes both of them.
    pub(crate) fn of(attestor: &Member, other: &Member) -> Self {
        let (folder, did) = (attestor.data.clone(), other.did().to_owned());
        Self { folder, attestor: attestor.owner.clone(), other: other.owner.clone(), did }
    }

    /// Has the one sign as soon as it has heard what the other signs, and the other show it to the world.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] with what did not happen.
    pub(crate) async fn done(self) -> Result<Added, Failure> {
        let (began, claims) = (Instant::now(), PAYMENT_ACCOUNT_VERIFIED);
        let all = Attestors { claim: Some(claims.to_owned()), name: None };
        while !self.attestor.ask(&all).await?.attestors.iter().any(|one| one.did == self.did) {
            if began.elapsed() > PATIENCE {
                let what = format!("{} hearing of {}", self.attestor.name(), self.other.name());
                return Err(Failure::Late { what, seconds: PATIENCE.as_secs() });
            }
            pause().await;
        }
        let arguments = ["--json", "accredit", &self.did, "--claims", claims];
        let said = process::run(Program::Attestor, &self.folder, &arguments, &[0]).await?;
        let signed: Value = serde_json::from_str(&said)
            .map_err(|_| Failure::Page { url: "accredit".to_owned(), found: said.clone() })?;
        let claim = signed.get("credential").cloned().unwrap_or_default();
        self.other.ask(&Add { claim, publish: true }).await
    }
}
