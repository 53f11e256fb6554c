//! A vendor's world for the tests: attestors, a customer, and what is known of them.

use super::check::{Check, Known, Need, Subject};
use super::decision::{Answer, Decision, Reason};
use super::standing::{Fork, Freshness, Method, Standing};
use super::{File, Policy, Source};
use crate::credential::draft::{self, Audience};
use crate::credential::presentation::Presentation;
use crate::credential::sample::{DAY, NOW, Party};
use crate::credential::showcase::Showcase;
use crate::credential::{Credential, sample};
use crate::did::Scid;
use crate::proof::Purpose;
use crate::status::bits::Bits;
use crate::status::ledger::{Ledger, State, Times};
use crate::status::list::{self, List};
use crate::status::why::Why;
use crate::time::Timestamp;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

pub(super) const HOUR: u64 = 3_600;

pub(super) fn north() -> Party {
    Party::new(1)
}

pub(super) fn south() -> Party {
    Party::new(2)
}

pub(super) fn east() -> Party {
    Party::new(3)
}

pub(super) fn ada() -> Party {
    Party::new(9)
}

pub(super) fn written() -> Value {
    json!({
        "claim": "PaymentAccountVerified",
        "require": [
            { "path": "/provider", "equals": "paypal.com" },
            { "path": "/verified", "equals": true },
        ],
        "from": ["north", "south", "east"],
        "at_least": 2,
        "control": "required",
        "evidence_max_age": "90d",
        "status_max_age": "24h",
        "freshness_max_age": "24h",
        "on_fork": "refuse",
    })
}

pub(super) fn file(policy: &Value) -> Result<File, serde_json::Error> {
    serde_json::from_value(json!({
        "attestors": { "north": north().did, "south": south().did, "east": east().did },
        "policy": { "new-customer": policy },
    }))
}

pub(super) fn policy_with(member: &str, value: Value) -> Arc<Policy> {
    let mut written = written();
    written[member] = value;
    Arc::new(file(&written).unwrap().policy("new-customer").unwrap())
}

pub(super) fn policy() -> Arc<Policy> {
    policy_with("at_least", json!(2))
}

/// What a vendor knows, and changes in a test.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) standings: BTreeMap<Scid, Standing>,
    pub(super) freshness: BTreeMap<Scid, Freshness>,
    pub(super) states: BTreeMap<(Scid, u64), State>,
    pub(super) showcase: Option<Arc<Showcase>>,
    pub(super) accreditations: BTreeMap<Scid, Vec<Credential>>,
}

impl World {
    /// Everybody is known, fresh for an hour and not taken back for a minute.
    pub(super) fn new() -> Self {
        let everybody = [north(), south(), east(), ada()];
        Self {
            standings: everybody.iter().map(|one| (one.scid(), standing(one))).collect(),
            freshness: everybody.iter().map(|one| (one.scid(), fresh(one, HOUR))).collect(),
            states: everybody.iter().map(|one| ((one.scid(), 1), state(one, &[], 60))).collect(),
            showcase: None,
            accreditations: BTreeMap::new(),
        }
    }

    pub(super) fn standing(&mut self, party: &Party) -> &mut Standing {
        self.standings.get_mut(&party.scid()).unwrap()
    }

    pub(super) fn set_state(&mut self, state: State) {
        self.states.insert((state.issuer(), state.list()), state);
    }

    pub(super) fn add(&mut self, party: &Party) {
        self.standings.insert(party.scid(), standing(party));
        self.freshness.insert(party.scid(), fresh(party, HOUR));
        self.set_state(state(party, &[], 60));
    }

    /// Answers everything a check asks for until it asks for nothing more.
    pub(super) fn answer(&self, check: &mut Check) {
        for _ in 0..20 {
            let needs = check.needs();
            if needs.is_empty() {
                return;
            }
            for need in needs {
                let known = self.find(&need).unwrap_or(Known::Nothing(need));
                check.supply(known);
            }
        }
        panic!("it asks without end");
    }

    pub(super) fn find(&self, need: &Need) -> Option<Known> {
        match need {
            Need::Identity(scid) => {
                self.standings.get(scid).cloned().map(|held| Known::Identity(Arc::new(held)))
            }
            Need::Freshness(scid) => self.freshness.get(scid).copied().map(Known::Freshness),
            Need::Showcase(_) => self.showcase.clone().map(Known::Showcase),
            Need::Status { issuer, list } => {
                let state = self.states.get(&(*issuer, *list)).cloned()?;
                Some(Known::Status(Arc::new(state)))
            }
            Need::Accreditations(of) => {
                let credentials = self.accreditations.get(of)?.clone();
                Some(Known::Accreditations { of: *of, credentials })
            }
        }
    }
}

pub(super) fn standing(party: &Party) -> Standing {
    let key = party.key.public();
    let method = |purpose| Method { purpose, fragment: key.to_multikey(), key };
    Standing {
        scid: party.scid(),
        dids: vec![party.did.clone()],
        version: 3,
        keys: vec![method(Purpose::AssertionMethod), method(Purpose::Authentication)],
        fork: Fork::None,
        deactivated: false,
    }
}

pub(super) fn fresh(party: &Party, ago: u64) -> Freshness {
    let time = NOW.minus(ago);
    Freshness { scid: party.scid(), time, version: 3, source: Source::Witness, peers: 0 }
}

/// The word of peers in so many parts of the internet.
pub(super) fn by_peers(peers: usize, party: &Party, ago: u64) -> Freshness {
    Freshness { source: Source::Peers, peers, ..fresh(party, ago) }
}

/// List 1 of `party` with these bits set, as it was said to stand some seconds ago.
pub(super) fn state(party: &Party, set: &[u64], ago: u64) -> State {
    state_of(party, crate::status::Purpose::Revocation, set, ago)
}

/// List 1 of `party` after a statement that took back the claim with bit `index`.
pub(super) fn taken_back(party: &Party, index: u64, why: Why) -> State {
    let issued = NOW.minus(60);
    let times = Times { issued, valid_until: issued.plus(DAY), effective_at: issued };
    let wanted = BTreeMap::from([(index, true)]);
    let before = ledger_of(party, crate::status::Purpose::Revocation, &[], 120);
    let (_, after) = before.sign(&wanted, why, times, "test", &party.key).unwrap();
    after.state().clone()
}

pub(super) fn state_of(
    party: &Party,
    purpose: crate::status::Purpose,
    set: &[u64],
    ago: u64,
) -> State {
    ledger_of(party, purpose, set, ago).state().clone()
}

fn ledger_of(party: &Party, purpose: crate::status::Purpose, set: &[u64], ago: u64) -> Ledger {
    let mut bits = Bits::new(0);
    for index in set {
        bits.flip(*index);
    }
    let issued = NOW.minus(ago);
    let draft = list::Draft {
        issuer: &party.did,
        url: "https://north.example/status/1",
        purpose,
        bits: &bits,
        sequence: 0,
        statement: None,
        issued,
        valid_until: issued.plus(30 * DAY),
    };
    let credential = Credential::from_value(draft.sign(&party.key)).unwrap();
    let keys = sample::keys(core::slice::from_ref(party));
    let claim = crate::credential::claim::Claim::verify(credential, &keys).unwrap();
    Ledger::start(&List::read(&claim).unwrap())
}

pub(super) fn claims(attestors: &[Party]) -> Vec<Credential> {
    attestors.iter().map(|attestor| attestor.claim(&ada().did, 7).credential().clone()).collect()
}

/// Ada shows these for the vendor's challenge.
pub(super) fn presented(credentials: &[Credential]) -> Subject {
    presented_by(&ada(), credentials)
}

pub(super) fn presented_by(holder: &Party, credentials: &[Credential]) -> Subject {
    let audience = Audience { challenge: "nonce", domain: "did:shop", created: NOW, life: 300 };
    let shown = draft::present(&holder.did, credentials, audience, &holder.key);
    Subject::Presented {
        presentation: Box::new(Presentation::parse(&draft::to_bytes(&shown)).unwrap()),
        challenge: "nonce".to_owned(),
        domain: "did:shop".to_owned(),
    }
}

pub(super) fn showcase(credentials: &[Credential], until: Timestamp) -> Arc<Showcase> {
    let shown = draft::publish(&ada().did, credentials, 4, NOW.minus(DAY), until, &ada().key);
    let shown = Showcase::parse(&draft::to_bytes(&shown)).unwrap();
    Arc::new(Showcase::verify(shown, NOW, &sample::keys(&[ada()])).unwrap())
}

pub(super) fn decide_under(policy: &Arc<Policy>, world: &World, subject: Subject) -> Decision {
    let mut check = Check::new(Arc::clone(policy), subject);
    world.answer(&mut check);
    check.decide(NOW)
}

/// The result and reason of one named check.
pub(super) fn found<'a>(decision: &'a Decision, name: &str) -> (Answer, &'a Reason) {
    let check = decision.checks().iter().find(|check| check.name == name).unwrap();
    (check.result, &check.reason)
}
