//! Makes the examples of a policy and of what it decides in `docs/protocol.md`: of the presentation that the page
//! shows, before the status statement there and after it.

use crate::samples::person::Person;
use countersign_protocol::credential::presentation::Presentation;
use countersign_protocol::credential::{Credential, claim::Claim, draft};
use countersign_protocol::policy::check::{Check, Known, Subject};
use countersign_protocol::policy::standing::{Fork, Freshness, Standing};
use countersign_protocol::policy::{File, Policy, Source};
use countersign_protocol::proof::Purpose;
use countersign_protocol::status::ledger::{Ledger, State};
use countersign_protocol::status::list::{self, List};
use countersign_protocol::status::statement::Signed;
use countersign_protocol::status::{Purpose as Status, bits::Bits, list_url};
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::bounds;
use serde_json::Value;
use std::sync::Arc;

/// Who and what a decision of the page is about.
pub(super) struct Scene<'a> {
    pub(super) issuer: &'a Person,
    pub(super) holder: &'a Person,
    pub(super) presentation: &'a Value,
    pub(super) challenge: &'a str,
    pub(super) domain: &'a str,
    pub(super) url: &'a str,
    /// The sealed statement that takes the claim back.
    pub(super) statement: &'a [u8],
    pub(super) network: &'a str,
    pub(super) signed: Timestamp,
}

impl Scene<'_> {
    /// Gives the policy file, and what it decides before the statement and after it.
    pub(super) fn play(&self) -> [String; 3] {
        let text = POLICY.replace("NORTH", self.issuer.history.did().as_str());
        let file: File = toml::from_str(&text).unwrap();
        let policy = Arc::new(file.policy("new-customer").unwrap());
        let before = self.list();
        let statement = Signed::parse(self.statement, self.network).unwrap();
        let keys = Standing::of(&self.issuer.history, Fork::None);
        let authorized = statement
            .authorize(|scid, key| *scid == keys.scid && keys.lists(Purpose::AssertionMethod, key));
        let after = before.append(&authorized.unwrap(), self.now()).unwrap();
        let decide = |ledger: &Ledger| self.decide(&policy, ledger.state());
        [text.trim_end().to_owned(), decide(&before), decide(&after)]
    }

    /// The list before anything was taken back.
    fn list(&self) -> Ledger {
        let draft = list::Draft {
            issuer: self.issuer.history.did(),
            url: &list_url(self.url, 1),
            purpose: Status::Revocation,
            bits: &Bits::new(bounds::STATUS_ENTRIES),
            sequence: 0,
            statement: None,
            issued: self.signed,
            valid_until: self.signed.plus(24 * 60 * 60),
        };
        let signed = Credential::from_value(draft.sign(&self.issuer.hot_key())).unwrap();
        let keys = |purpose, url: &str| self.issuer.history.key_for(purpose, url);
        Ledger::start(&List::read(&Claim::verify(signed, &keys).unwrap()).unwrap())
    }

    fn decide(&self, policy: &Arc<Policy>, state: &State) -> String {
        let presentation = Presentation::parse(&draft::to_bytes(self.presentation)).unwrap();
        let subject = Subject::Presented {
            presentation: Box::new(presentation),
            challenge: self.challenge.to_owned(),
            domain: self.domain.to_owned(),
        };
        let mut check = Check::new(Arc::clone(policy), subject);
        for Person { history, .. } in [self.issuer, self.holder] {
            check.supply(Known::Identity(Arc::new(Standing::of(history, Fork::None))));
            check.supply(Known::Freshness(Freshness {
                scid: history.scid(),
                time: self.signed,
                version: history.number(),
                source: Source::Witness,
                peers: 0,
            }));
        }
        check.supply(Known::Status(Arc::new(state.clone())));
        assert!(check.needs().is_empty(), "{:?}", check.needs());
        serde_json::to_string_pretty(&check.decide(self.now())).unwrap()
    }

    fn now(&self) -> Timestamp {
        self.signed.plus(60)
    }
}

const POLICY: &str = r#"[attestors]
north = "NORTH"

[policy.new-customer]
claim = "PaymentAccountVerified"
require = [{ path = "/provider", equals = "paypal.com" }, { path = "/verified", equals = true }]
from = ["north"]
at_least = 1
control = "required"
evidence_max_age = "90d"
status_max_age = "24h"
freshness_max_age = "24h"
on_fork = "refuse"
"#;
