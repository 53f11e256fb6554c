//! A shop: it holds its policy against what somebody shows, with what its own node knows.

use crate::node::Node;
use crate::person::Person;
use countersign_protocol::credential::Credential;
use countersign_protocol::credential::draft::{self, Audience};
use countersign_protocol::credential::presentation::Presentation;
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::engine::command::{
    Command, Found, Freshness as Wanted, Outcome, Refusal,
};
use countersign_protocol::policy::check::{Check, Known, Need, Subject};
use countersign_protocol::policy::decision::Decision;
use countersign_protocol::policy::standing::{Freshness, Standing};
use countersign_protocol::policy::{File, Policy, Source};
use countersign_protocol::wire::freshness;
use countersign_protocol::wire::head::{Head, HeadHash};
use serde_json::json;
use std::sync::Arc;

/// What a shop asks of its customers.
pub struct Shop(Arc<Policy>);

impl Shop {
    /// Asks for one claim of `attestor`, for control, and for words no older than a day.
    #[must_use]
    pub fn that_trusts(attestor: &Did) -> Self {
        let file: File = serde_json::from_value(json!({
            "attestors": { "north": attestor },
            "policy": { "new-customer": {
                "claim": "PaymentAccountVerified",
                "require": [{ "path": "/verified", "equals": true }],
                "from": ["north"],
                "control": "required",
                "status_max_age": "24h",
                "freshness_max_age": "24h",
                "on_fork": "refuse",
            } },
        }))
        .expect("a policy file");
        Self(Arc::new(file.policy("new-customer").expect("a policy")))
    }

    /// Decides about `holder`, who shows `claim` to the shop whose node this is.
    pub async fn decide(&self, node: &Node, holder: &Person, claim: &Credential) -> Decision {
        let mut check = Check::new(Arc::clone(&self.0), shown(node, holder, claim));
        if let Outcome::Clock(report) = node.ask(Command::ClockStatus).await
            && !report.may_sign()
        {
            check.supply(Known::ClockInDoubt);
        }
        for _ in 0..ROUNDS {
            for need in check.needs() {
                for known in answer(node, need).await {
                    check.supply(known);
                }
            }
        }
        check.decide(node.now())
    }
}

/// Answers the shop's challenge with the key that is the holder's now.
fn shown(node: &Node, holder: &Person, claim: &Credential) -> Subject {
    let (challenge, domain) = ("nonce", "did:shop");
    let audience = Audience { challenge, domain, created: node.now(), life: 300 };
    let claims = std::slice::from_ref(claim);
    let shown = draft::present(holder.did(), claims, audience, holder.authentication());
    let presentation = Presentation::parse(&draft::to_bytes(&shown)).expect("a presentation");
    Subject::Presented {
        presentation: Box::new(presentation),
        challenge: challenge.to_owned(),
        domain: domain.to_owned(),
    }
}

async fn answer(node: &Node, need: Need) -> Vec<Known> {
    let known = match &need {
        Need::Identity(scid) => {
            let found = node.find(*scid, Wanted::Held).await;
            found.iter().filter_map(standing).collect()
        }
        Need::Freshness(scid) => words(node, *scid).await,
        Need::Status { issuer, list } => {
            let (issuer, list, max_age) = (*issuer, *list, DAY);
            match node.ask(Command::Status { issuer, list, max_age }).await {
                Outcome::Status(state) => vec![Known::Status(Arc::new(*state))],
                Outcome::Refused(Refusal::UnknownList) => Vec::new(),
                other => panic!("no answer about a list: {other:?}"),
            }
        }
        Need::Showcase(_) | Need::Accreditations(_) => Vec::new(),
    };
    if known.is_empty() { vec![Known::Nothing(need)] } else { known }
}

/// What witnesses say of how new the newest head is.
async fn words(node: &Node, scid: Scid) -> Vec<Known> {
    let Some(found) = node.find(scid, Wanted::Witnessed { max_age: DAY }).await else {
        return Vec::new();
    };
    let Some(head) = found.head.as_deref() else { return Vec::new() };
    let (hash, now, network) = (HeadHash::of(head), node.now(), crate::node::parameters());
    let version = Head::parse(head).expect("a head that is held").unverified().version;
    let proofs = found.freshness.iter();
    let opened = proofs.filter_map(|it| freshness::open(it, network.id(), &scid, &hash, now).ok());
    let word = |time| Freshness { scid, time, version, source: Source::Witness, peers: 0 };
    let mut words: Vec<Known> = opened.map(|fresh| Known::Freshness(word(fresh.time()))).collect();
    if !words.is_empty() {
        words.extend(standing(&found));
    }
    words
}

fn standing(found: &Found) -> Option<Known> {
    let history = found.identity.standing()?;
    Some(Known::Identity(Arc::new(Standing::of(history, found.fork))))
}

const DAY: u64 = 86_400;
/// What a shop asks, and what that makes it ask, and so on.
const ROUNDS: usize = 8;
