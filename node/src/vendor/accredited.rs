//! Who stands behind an attestor: accreditations in what it shows the world.
//!
//! It tells what is known here and waits for nobody: what is not held is looked for behind the answer.
//! A policy decides for itself (`accredited_by`); this is for a person to read.

use super::standing::standing;
use crate::node::Node;
use crate::problem::Problem;
use crate::verb::network::Accredited;
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::credential::{Credential, Moment};
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::policy::accreditation::{TYPE, Terms};
use std::collections::{BTreeMap, BTreeSet};

impl Node {
    /// Gives who accredited an attestor, each once, by accreditations that hold as far as is known here.
    ///
    /// # Errors
    ///
    /// Returns a problem if this computer does not answer. That nobody is known is none.
    pub(crate) async fn accredited(&self, attestor: Scid) -> Result<Vec<Accredited>, Problem> {
        let node = self.at_once();
        let known = match node.known(attestor, false).await {
            Ok(known) => known,
            Err(problem) if problem.is_no() => return Ok(Vec::new()),
            Err(problem) => return Err(problem),
        };
        let Some(showcase) = node.shown_by(&known) else { return Ok(Vec::new()) };
        let mut found: BTreeMap<Scid, (Did, BTreeSet<String>)> = BTreeMap::new();
        let shown = showcase.credentials().iter().filter(|one| is_of(one, attestor));
        for credential in shown.take(MOST) {
            if node.accredits(credential).await? {
                let by = credential.issuer();
                let (_, all) = found.entry(by.scid()).or_insert((by.clone(), BTreeSet::new()));
                all.extend(Terms::read(credential.says()).claims);
            }
        }
        let mut accredited = Vec::new();
        for (scid, (did, claims)) in found {
            let (name, fingerprint) = (node.called(&did).await?, scid.fingerprint());
            accredited.push(Accredited { name, did: did.to_string(), fingerprint, claims });
        }
        Ok(accredited)
    }

    /// Tells whether an accreditation was signed by who it says, in its time, and not taken back.
    async fn accredits(&self, credential: &Credential) -> Result<bool, Problem> {
        if credential.period().at(self.now()) != Moment::Within {
            return Ok(false);
        }
        let issuer = match self.known(credential.issuer().scid(), false).await {
            Ok(issuer) => standing(&issuer),
            Err(problem) if problem.is_no() => return Ok(false),
            Err(problem) => return Err(problem),
        };
        let keys = |purpose, method: &str| issuer.key_for(purpose, method);
        if Claim::verify(credential.clone(), &keys).is_err() {
            return Ok(false);
        }
        Ok(!self.stands_as(credential).await?.is_over())
    }
}

/// Tells whether somebody else says this of the attestor.
fn is_of(credential: &Credential, attestor: Scid) -> bool {
    let about = credential.subject().map(Did::scid);
    credential.is_a(TYPE) && about == Some(attestor) && credential.issuer().scid() != attestor
}

/// More accreditations of one attestor are not looked at: each costs a signature.
const MOST: usize = 16;
