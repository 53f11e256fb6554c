//! What a staple shows: each of its parts is verified exactly as if a peer had sent it.

use crate::joined::Joined;
use crate::problem::{Kind, Problem};
use countersign_protocol::credential::Credential;
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::did::Scid;
use countersign_protocol::did::log::{History, witness};
use countersign_protocol::encoding::base64url;
use countersign_protocol::status::ledger::{Ledger, State};
use countersign_protocol::status::list::List;
use countersign_protocol::status::statement::Signed;
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::bounds;
use countersign_protocol::wire::staple::{Identity, Staple};

/// A staple that came with a question, and the time it is judged at.
#[derive(Debug)]
pub(super) struct Stapled {
    staple: Staple,
    now: Timestamp,
}

impl Stapled {
    /// Reads a staple in base64url.
    pub(super) fn read(
        text: &str,
        joined: Option<&Joined>,
        now: Timestamp,
    ) -> Result<Self, Problem> {
        let bytes = base64url::decode(text).unwrap_or_default();
        let staple = Staple::parse(&bytes).map_err(|error| {
            Problem::new(Kind::Invalid, "this is no staple")
                .because(error)
                .hint("`countersign inspect FILE` says what a file is")
        })?;
        let network = staple.parameters.id();
        match joined.map(|joined| joined.parameters.id()) {
            Some(ours) if ours != network => {
                Err(Problem::new(Kind::Invalid, "this staple is from another network")
                    .because(format!("it is from `{network}`, and this node is in `{ours}`")))
            }
            _ => Ok(Self { staple, now }),
        }
    }

    /// Gives what it holds about an identity, and the history of it that its witnesses approved.
    pub(super) fn identity(&self, scid: Scid) -> Option<(&Identity, History)> {
        let identity = self.staple.identity(&scid)?;
        let history = History::read(&identity.log, self.now).ok()?;
        let file = match &identity.witness {
            Some(bytes) => witness::File::parse(bytes).ok()?,
            None => witness::File::default(),
        };
        let standing = history.witnessed(&file)?;
        (standing.scid() == scid).then_some((identity, standing))
    }

    /// Gives how a status list stands, by the keys of its attestor as the newest known log has them.
    pub(super) fn status(&self, issuer: &History, number: u64) -> Option<State> {
        let scid = issuer.scid();
        let stapled = self.staple.list(&scid, number)?;
        let credential = Credential::parse_within(&stapled.credential, bounds::STATUS_LIST).ok()?;
        let keys = |purpose, method: &str| issuer.key_for(purpose, method);
        let list = List::read(&Claim::verify(credential, &keys).ok()?).ok()?;
        if list.issuer() != scid || list.number() != number {
            return None;
        }
        let mut ledger = Ledger::start(&list);
        for sealed in &stapled.statements {
            let signed = Signed::parse(sealed, self.staple.parameters.id().as_str()).ok()?;
            let listed = |whose: &Scid, key: &_| {
                *whose == scid && issuer.document().assertion_keys().any(|one| one == key)
            };
            let statement = signed.authorize(listed).ok()?;
            // A heartbeat that is older than the list says nothing new.
            if let Ok(next) = ledger.append(&statement, self.now) {
                ledger = next;
            }
        }
        Some(ledger.state().clone())
    }
}
