//! A vendor: it asks its own node for whatever its policy needs, and for nothing else.

use super::super::person::Person;
use super::super::statuses::North;
use super::super::world::World;
use crate::credential::Credential;
use crate::credential::draft::{self, Audience};
use crate::credential::presentation::Presentation;
use crate::credential::sample::Party;
use crate::did::{Did, Scid};
use crate::engine::command::{Command, Found, Freshness as Wanted, Outcome, Refusal};
use crate::key::{PublicKey, SecretKey};
use crate::policy::check::{Check, Known, Need, Subject};
use crate::policy::decision::{Answer, Decision};
use crate::policy::standing::{Freshness, Standing};
use crate::policy::{File, Policy, Source};
use crate::time::Timestamp;
use crate::wire::freshness;
use crate::wire::head::{Head, HeadHash};
use serde_json::json;
use std::sync::Arc;

/// What a shop asks: one claim of north's, control, and words no older than a day.
pub(super) fn policy(north: &Did) -> Arc<Policy> {
    let file: File = serde_json::from_value(json!({
        "attestors": { "north": north },
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
    .unwrap();
    Arc::new(file.policy("new-customer").unwrap())
}

/// A claim about `subject`, signed with one of the attestor's keys, whose bit of list 1 is `index`.
pub(super) fn claim(north: &Person, key: SecretKey, subject: &Did, index: u64) -> Credential {
    let party = Party { did: north.history.did().clone(), key };
    party.sign(&party.draft(subject, index))
}

/// What `holder` shows the shop, signed with the key that is theirs now.
pub(super) fn shown(holder: &Person, claim: &Credential, now: Timestamp) -> Subject {
    let audience = Audience { challenge: "nonce", domain: "did:shop", created: now, life: 300 };
    let did = holder.history.did();
    let shown = draft::present(did, core::slice::from_ref(claim), audience, &holder.auth);
    Subject::Presented {
        presentation: Box::new(Presentation::parse(&draft::to_bytes(&shown)).unwrap()),
        challenge: "nonce".to_owned(),
        domain: "did:shop".to_owned(),
    }
}

impl World {
    /// Holds the shop's policy against what somebody shows to the shop's node.
    pub(super) fn decide(&mut self, shop: usize, north: &Did, subject: Subject) -> Decision {
        let mut check = Check::new(policy(north), subject);
        if let Outcome::Clock(report) = self.ask(shop, Command::ClockStatus)
            && !report.may_sign()
        {
            check.supply(Known::ClockInDoubt);
        }
        for _ in 0..8 {
            for need in check.needs() {
                for known in self.answer_need(shop, need) {
                    check.supply(known);
                }
            }
        }
        check.decide(self.now(shop).wall)
    }

    pub(super) fn show_to(
        &mut self,
        shop: usize,
        north: &Did,
        holder: &Person,
        claim: &Credential,
    ) -> Decision {
        let subject = shown(holder, claim, self.now(shop).wall);
        self.decide(shop, north, subject)
    }

    fn answer_need(&mut self, shop: usize, need: Need) -> Vec<Known> {
        let known = match &need {
            Need::Identity(scid) => {
                let found = self.find(shop, *scid, Wanted::Held);
                found.iter().filter_map(standing).collect()
            }
            Need::Freshness(scid) => self.words(shop, *scid),
            Need::Status { issuer, list } => {
                let (issuer, list, max_age) = (*issuer, *list, 86_400);
                match self.ask(shop, Command::Status { issuer, list, max_age }) {
                    Outcome::Status(state) => vec![Known::Status(Arc::new(*state))],
                    Outcome::Refused(Refusal::UnknownList) => Vec::new(),
                    other => panic!("{other:?}"),
                }
            }
            Need::Showcase(_) | Need::Accreditations(_) => Vec::new(),
        };
        if known.is_empty() { vec![Known::Nothing(need)] } else { known }
    }

    fn words(&mut self, shop: usize, scid: Scid) -> Vec<Known> {
        let wanted = Wanted::Witnessed { max_age: 86_400 };
        let Some(found) = self.find(shop, scid, wanted) else { return Vec::new() };
        let Some(head) = found.head.as_deref() else { return Vec::new() };
        let (hash, now) = (HeadHash::of(head), self.now(shop).wall);
        let version = Head::parse(head).unwrap().unverified().version;
        let opened = found
            .freshness
            .iter()
            .filter_map(|proof| freshness::open(proof, self.network.id(), &scid, &hash, now).ok());
        let mut words: Vec<Known> = opened
            .map(|fresh| {
                let (time, source) = (fresh.time(), Source::Witness);
                Known::Freshness(Freshness { scid, time, version, source, peers: 0 })
            })
            .collect();
        if !words.is_empty() {
            words.extend(standing(&found));
        }
        words
    }
}

fn standing(found: &Found) -> Option<Known> {
    let history = found.identity.standing()?;
    Some(Known::Identity(Arc::new(Standing::of(history, found.fork))))
}

#[track_caller]
pub(super) fn assert_answer(decision: &Decision, answer: Answer) {
    assert_eq!(decision.answer(), answer, "{}", decision.explain());
}

/// Three keepers that are witnesses (0 to 2), a shop (3), the attestor's own keeper (4) and Ada's
/// home (5), all connected; Ada and North are published, and North's list is a minute old.
pub(super) struct Town {
    pub(super) world: World,
    pub(super) north: North,
    pub(super) ada: Person,
    pub(super) claim: Credential,
    pub(super) did: Did,
}

pub(super) const SHOP: usize = 3;
pub(super) const NORTH: usize = 4;
pub(super) const HOME: usize = 5;

impl Town {
    pub(super) fn new(seed: u64) -> Self {
        use crate::engine::config::Role;
        let mut world = World::new(seed);
        for witness in 1..=3_u8 {
            world.join(Role::Keeper, |config| {
                config.witness = Some(SecretKey::from_seed([witness; 32]));
            });
        }
        let north = North::new(&world);
        for _ in [SHOP, NORTH] {
            world.join(Role::Keeper, |config| {
                config.trust.insert(north.person.scid());
            });
        }
        world.join(Role::Home, |_| {});
        world.mesh();
        world.run(1000);
        let ada = Person::new(2, &world.network);
        let did = north.person.history.did().clone();
        let claim = claim(&north.person, north.person.assertion(), ada.history.did(), 7);
        let mut town = Self { world, north, ada, claim, did };
        town.publish_north();
        town.publish_ada();
        town.heartbeat();
        // Witnesses sign once an epoch what they hold.
        town.world.run(61_000);
        town
    }

    pub(super) fn publish_north(&mut self) {
        let publication = self.north.person.publication();
        let outcome = self.world.ask(NORTH, Command::Publish(publication));
        assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
        self.world.run(1000);
    }

    pub(super) fn publish_ada(&mut self) {
        let outcome = self.world.ask(HOME, Command::Publish(self.ada.publication()));
        assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
        self.world.run(1000);
    }

    /// North says how its list stands.
    pub(super) fn heartbeat(&mut self) {
        self.say(&[]);
    }

    pub(super) fn say(&mut self, flips: &[u64]) {
        let seconds = self.world.now_ms / 1000;
        let first = self.north.ledger.state().as_of() == super::super::person::EPOCH;
        let statement = self.north.sign_for(flips, seconds, 30 * 86_400);
        let list = first.then(|| self.north.list.clone());
        let statement = statement.sealed().to_vec();
        let outcome = self.world.ask(NORTH, Command::PublishStatement { statement, list });
        assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
        self.world.run(1000);
    }

    /// Lets a day pass for North as it does in life: with a heartbeat now and then.
    pub(super) fn day(&mut self, hours: u64) {
        for _ in 0..hours {
            self.world.pass(3600);
            self.heartbeat();
        }
    }

    pub(super) fn decide(&mut self) -> Decision {
        let (did, ada, claim) = (self.did.clone(), self.ada.clone(), self.claim.clone());
        self.world.show_to(SHOP, &did, &ada, &claim)
    }

    pub(super) fn now(&self) -> Timestamp {
        self.world.now(SHOP).wall
    }
}

/// The public halves of some keys.
pub(super) fn publics(keys: &[SecretKey]) -> std::collections::BTreeSet<PublicKey> {
    keys.iter().map(SecretKey::public).collect()
}
