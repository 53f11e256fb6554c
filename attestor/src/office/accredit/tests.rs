//! What an attestor signs about another one, and what it does not.

use super::*;
use crate::evidence::EvidenceError;
use crate::ground::Ground as _;
use crate::ground::memory::{Memory, identity};
use crate::ledger::Standing;
use crate::office::query::State;
use crate::office::tests::rules;
use crate::office::{Asked, Verb, keys_of};
use countersign_protocol::credential::Credential;
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::credential::draft::{Audience, present, to_bytes};
use countersign_protocol::credential::evidence::Rule;
use countersign_protocol::credential::profile::{Offer, Profile};
use countersign_protocol::did::log::History;
use countersign_protocol::did::log::draft::{self, Signing};
use countersign_protocol::encoding::base64url;
use countersign_protocol::key::SecretKey;
use countersign_protocol::status::why::Why;
use serde_json::json;
use std::sync::Arc;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const PAYMENT: &str = "PaymentAccountVerified";
const YEAR: u64 = 365 * 86_400;

/// North's office, and East, which signs two types of claims.
struct World {
    ground: Arc<Memory>,
    office: Office,
    east: History,
    key: SecretKey,
}

impl World {
    async fn new() -> Self {
        let ground = Arc::new(Memory::new(NOW).unwrap());
        let office = Office::open(ground.clone(), Vec::new(), rules()).await.unwrap();
        let key = SecretKey::from_seed([5; 32]);
        let east = identity(&key, &key, NOW).unwrap();
        let world = Self { ground, office, east, key };
        world.ground.know(world.east.clone());
        world.offers(world.east.clone(), &[PAYMENT, "AgeOver18"]);
        world
    }

    /// Has the network know what the attestor called East says that it signs.
    fn offers(&self, history: History, claims: &[&str]) {
        let offer = |claim: &&str| Offer {
            claim: (*claim).to_owned(),
            evidence: "a sign-in".to_owned(),
            kept: Vec::new(),
            rule: Rule { name: "sign-in".to_owned(), version: 1 },
        };
        let offers = claims.iter().map(offer).collect();
        let name = "East".to_owned();
        let profile = Profile { name, offers, lists: Vec::new(), reach: Vec::new() };
        self.ground.know_attestor(Attestor { history, profile });
    }

    async fn accredit(&self, asked: Accrediting) -> Result<Value, OfficeError> {
        self.office.perform(Verb::Accredit(asked)).await
    }

    async fn accredited(&self) -> Value {
        self.accredit(asked()).await.unwrap()
    }

    async fn found(&self, state: State) -> Vec<Value> {
        let query = crate::office::query::Query {
            source: Some(manual::SLUG.to_owned()),
            state: Some(state),
            ..Default::default()
        };
        let found = Verb::Find { query, offset: 0, limit: None };
        self.office.perform(found).await.unwrap()["claims"].as_array().unwrap().clone()
    }

    /// Gives what somebody with East's key gets who asks for the claims that stand about East.
    async fn fetched(&self) -> Vec<Value> {
        let verifier = base64url::encode(&[1; 32]);
        let claim = TYPE.to_owned();
        let asked = Asked { claim, source: None, redirect: None, verifier };
        let opened = self.office.ask(&asked).await.unwrap();
        let (challenge, domain) = (opened.challenge.as_str(), opened.domain.as_str());
        let audience = Audience { challenge, domain, created: self.office.time(), life: 60 };
        let shown = to_bytes(&present(self.east.did(), &[], audience, &self.key));
        let refused = self.office.present(&opened.id, &shown, None).await.unwrap_err();
        assert!(matches!(refused, OfficeError::NotOffered { .. }), "nobody signs in for one");
        self.office.current(&opened.id, &shown, None).await.unwrap()
    }
}

fn asked() -> Accrediting {
    Accrediting {
        attestor: "East".to_owned(),
        claims: BTreeSet::from([PAYMENT.to_owned()]),
        may_accredit: 0,
        valid_for: YEAR,
        note: "their rules, on paper".to_owned(),
    }
}

#[tokio::test]
async fn another_attestor_is_stood_behind_in_a_claim_like_any_other() {
    let world = World::new().await;
    let answer = world.accredited().await;
    let own = world.ground.own().await.unwrap();
    let credential = Credential::from_value(answer["credential"].clone()).unwrap();
    let claim = Claim::verify(credential, &keys_of(&own)).unwrap();
    assert!(claim.is_a(TYPE));
    assert_eq!(claim.subject(), Some(world.east.did()));
    let terms = Terms { claims: asked().claims, may_accredit: 0 };
    assert_eq!(Terms::read(claim.says()), terms);
    assert_eq!(claim.credential().evidence(), [manual::looked("North", NOW)]);
    assert_eq!(claim.credential().period().until, Some(NOW.plus(YEAR)));
    let id = answer["id"].as_str().unwrap();
    let row = world.office.ledger().get(id).unwrap();
    assert_eq!((row.source.as_str(), row.standing), (manual::SLUG, Standing::Live));
    assert_eq!(claim.credential().status()[0].index, row.index);
    let shown = world.office.perform(Verb::Show { id: id.to_owned() }).await.unwrap();
    assert_eq!(shown["claim"]["rule"], "accreditation/1");
    let deed = &shown["history"][0]["deed"]["issued"];
    assert_eq!(deed["note"], "their rules, on paper");
    assert!(!answer["credential"].to_string().contains("on paper"), "that stays in the books");
    assert_eq!(world.office.perform(Verb::Audit).await.unwrap()["holds"], true);
    assert_eq!(world.fetched().await, [answer["credential"].clone()]);
}

#[tokio::test]
async fn what_no_policy_could_use_is_not_signed() {
    let world = World::new().await;
    let own = world.ground.own().await.unwrap();
    let refused = async |asked: Accrediting| world.accredit(asked).await.unwrap_err();
    let claims = |claims: &[&str]| claims.iter().map(|claim| (*claim).to_owned()).collect();
    for wrong in [claims(&[]), claims(&["Payment Account"]), claims(&[&"x".repeat(65)])] {
        let asked = Accrediting { claims: wrong, ..asked() };
        assert!(matches!(refused(asked).await, OfficeError::Malformed { member: "claims" }));
    }
    for valid_for in [0, LONGEST + 1] {
        let asked = Accrediting { valid_for, ..asked() };
        assert!(matches!(refused(asked).await, OfficeError::Malformed { member: "valid_for" }));
    }
    let asked_for = |may_accredit| Accrediting { may_accredit, ..asked() };
    assert!(matches!(refused(asked_for(3)).await, OfficeError::TooFar { most: 2 }));
    let unknown = Accrediting { attestor: "West".to_owned(), ..asked() };
    assert!(matches!(refused(unknown).await, OfficeError::Ground(_)));
    let other = Accrediting { claims: claims(&[PAYMENT, "Student"]), ..asked() };
    let error = refused(other.clone()).await;
    let said = "East does not sign `Student`: its profile offers AgeOver18, PaymentAccountVerified";
    assert_eq!(error.to_string(), said);
    world.offers(own, &[PAYMENT]);
    assert!(matches!(refused(asked()).await, OfficeError::Itself));
    assert!(world.found(State::Standing).await.is_empty(), "nothing was signed");

    // Who stands behind others need not sign what they sign.
    world.offers(world.east.clone(), &[PAYMENT]);
    let answer = world.accredit(Accrediting { may_accredit: 2, ..other }).await.unwrap();
    assert_eq!(answer["doesNotSign"], json!(["Student"]));
}

#[tokio::test]
async fn an_attestor_whose_identity_ended_is_not_accredited() {
    let world = World::new().await;
    let [key, next, recovery] = [7, 8, 9].map(|seed| SecretKey::from_seed([seed; 32]));
    let keys = draft::Keys { authentication: vec![key.public()], assertion: vec![key.public()] };
    let (promised, paper) = (next.public(), recovery.public());
    let signing = Signing { key: &key, next: &promised, recovery: &paper };
    let begun = draft::create(draft::Place::Home, &keys, None, signing, NOW).unwrap().history;
    let [_, ended] = draft::deactivate(&begun, &next, NOW.plus(60)).unwrap();
    world.offers(ended.history, &[PAYMENT]);
    let error = world.accredit(asked()).await.unwrap_err();
    assert!(matches!(error, OfficeError::Ended { .. }), "{error}");
}

#[tokio::test]
async fn done_again_the_new_one_takes_the_place_of_the_old_and_both_go_together() {
    let world = World::new().await;
    let old = world.accredited().await;
    world.ground.set_clock(NOW.plus(60));
    let wider = Accrediting {
        claims: BTreeSet::from([PAYMENT.to_owned(), "AgeOver18".to_owned()]),
        may_accredit: 1,
        ..asked()
    };
    let new = world.accredit(wider).await.unwrap();
    assert_eq!(new["renews"], old["id"]);
    assert_eq!(new["credential"]["credentialSubject"]["mayAccredit"], 1);
    let at = &new["credential"]["evidence"][0]["check_details"][0]["time"];
    assert_eq!(*at, json!(NOW.plus(60)), "it was looked at again");
    assert_eq!(world.found(State::Standing).await.len(), 1);
    assert_eq!(world.fetched().await, [new["credential"].clone()], "the newest alone");

    // One that says less would leave the other standing.
    let error = world.accredit(asked()).await.unwrap_err();
    assert!(matches!(&error, OfficeError::SaysMore { id, .. } if *id == new["id"]), "{error}");

    let id = new["id"].as_str().unwrap().to_owned();
    let (reason, note) = (Why::NoLongerTrue, String::new());
    let revoke = Verb::Revoke { id, reason, note, effective: None };
    let revoked = world.office.perform(revoke).await.unwrap();
    assert_eq!(revoked["revoked"].as_array().unwrap().len(), 2);
    assert!(world.fetched().await.is_empty());
    assert_eq!(world.accredited().await["renews"], Value::Null, "from the beginning");
    assert_eq!(world.office.perform(Verb::Audit).await.unwrap()["holds"], true);
}

#[tokio::test]
async fn nobody_but_a_person_can_be_asked_again() {
    let world = World::new().await;
    let id = world.accredited().await["id"].as_str().unwrap().to_owned();
    let error = world.office.perform(Verb::Renew { id }).await.unwrap_err();
    assert!(matches!(error, OfficeError::Evidence(EvidenceError::ByHand)), "{error}");
    assert!(error.hint().unwrap().contains("countersign-attestor accredit"));
    assert_eq!(world.office.ask_about_all().await.unwrap(), 0);
    assert_eq!(world.found(State::Standing).await.len(), 1, "and it stands");
}

#[tokio::test]
async fn two_at_once_do_not_both_find_that_nothing_stands() {
    let world = World::new().await;
    let (one, other) = tokio::join!(world.accredit(asked()), world.accredit(asked()));
    let (one, other) = (one.unwrap(), other.unwrap());
    let renews = [&one["renews"], &other["renews"]];
    assert_eq!(renews.iter().filter(|renews| renews.is_null()).count(), 1, "{renews:?}");
    assert_eq!(world.found(State::Standing).await.len(), 1);
}
