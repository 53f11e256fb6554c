//! Claims that somebody signed and handed over: which are taken, and what they take the place of.

use super::{Alone, tell};
use crate::problem::Kind as Wrong;
use crate::verb::Verb as _;
use crate::verb::claims::{Add, Added, List};
use countersign_protocol::credential::PAYMENT_ACCOUNT_VERIFIED;
use countersign_protocol::credential::draft::Draft;
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::key::SecretKey;
use countersign_protocol::policy::accreditation::TYPE;
use countersign_protocol::time::Timestamp;
use serde_json::{Value, json};

/// Somebody whose node knows an attestor, and the attestor's key.
pub(super) struct World {
    pub(super) owner: Alone,
    pub(super) attestor: Alone,
    pub(super) key: SecretKey,
}

impl World {
    pub(super) async fn new() -> Self {
        let (owner, attestor) = (Alone::first(false).await, Alone::first(true).await);
        tell(&owner, &owner).await;
        tell(&owner, &attestor).await;
        let key = attestor.node.assertion_key().await.unwrap();
        Self { owner, attestor, key }
    }

    pub(super) fn draft(&self, kind: &str, from: Timestamp) -> Draft {
        let subject = json!({ "id": self.owner.did().as_str(), "claims": ["A"] });
        Draft {
            id: None,
            types: vec![kind.to_owned()],
            issuer: self.attestor.did(),
            subject: subject.as_object().cloned().unwrap(),
            valid_from: from,
            valid_until: from.plus(5000),
            status: Vec::new(),
            evidence: Vec::new(),
        }
    }

    fn signed(&self, kind: &str, from: Timestamp) -> Value {
        self.draft(kind, from).sign(&self.key, from)
    }

    async fn add(&self, claim: Value) -> Result<Added, crate::problem::Problem> {
        Add { claim, publish: false }.perform(&self.owner.node).await
    }

    async fn held(&self) -> usize {
        List {}.perform(&self.owner.node).await.unwrap().claims.len()
    }

    pub(super) async fn stop(self) {
        self.owner.stop().await;
        self.attestor.stop().await;
    }
}

#[tokio::test]
async fn what_is_not_about_the_owner_or_does_not_hold_is_not_taken() {
    let world = World::new().await;
    let now = world.owner.node.now();
    let changed = |member: &str, value: Value| {
        let mut claim = world.signed(TYPE, now.minus(60));
        claim["credentialSubject"][member] = value;
        claim
    };
    let by = |issuer: Did, key: &SecretKey| {
        Draft { issuer, ..world.draft(TYPE, now.minus(60)) }.sign(key, now)
    };
    let stranger = SecretKey::from_seed([9; 32]);
    let foreign = format!("did:webvh:{}:bank.example", world.attestor.did().scid());
    for (what, claim, kind, why) in [
        ("no claim", json!({ "a": 1 }), Wrong::Invalid, "this is no claim"),
        (
            "about somebody else",
            changed("id", json!(world.attestor.did())),
            Wrong::Refused,
            "not about you",
        ),
        ("changed", changed("claims", json!(["A", "B"])), Wrong::Refused, "does not hold"),
        (
            "signed by somebody else",
            by(world.attestor.did(), &stranger),
            Wrong::Refused,
            "does not hold",
        ),
        (
            "of nobody known",
            by(Scid::from_digest([7; 32]).to_did(), &stranger),
            Wrong::NotFound,
            "no identity",
        ),
        (
            "under a name its signer never had",
            by(foreign.parse().unwrap(), &world.key),
            Wrong::NotFound,
            "never had this name",
        ),
        ("over", world.signed(TYPE, now.minus(5001)), Wrong::Refused, "does not hold"),
    ] {
        let problem = world.add(claim).await.unwrap_err();
        assert!(problem.is(kind) && problem.to_string().contains(why), "{what}: {problem}");
    }
    assert_eq!(world.held().await, 0);
    let added = world.add(world.signed(TYPE, now.minus(60))).await.unwrap();
    assert_eq!((added.claim.claim.as_str(), added.claim.published), (TYPE, false));
    assert!(added.shown.is_none() && added.replaced.is_empty());
    world.stop().await;
}

#[tokio::test]
async fn the_newer_word_of_one_attestor_for_another_takes_the_place_of_the_older() {
    let world = World::new().await;
    let now = world.owner.node.now();
    let old = world.add(world.signed(TYPE, now.minus(60))).await.unwrap().claim.name;
    let again = world.add(world.signed(TYPE, now.minus(60))).await.unwrap();
    assert!(again.replaced.is_empty(), "it is the same one");
    let new = world.add(world.signed(TYPE, now.minus(50))).await.unwrap();
    assert_eq!((new.replaced, world.held().await), (vec![old], 1));
    let older = world.add(world.signed(TYPE, now.minus(55))).await.unwrap();
    assert!(older.replaced.is_empty(), "an older one takes no newer one's place");

    // Two claims of one type may rest on two accounts; one that was signed again has the same name.
    for from in [40, 30] {
        let claim = world.signed(PAYMENT_ACCOUNT_VERIFIED, now.minus(from));
        assert!(world.add(claim).await.unwrap().replaced.is_empty());
    }
    let named = Draft {
        id: Some("urn:uuid:1".to_owned()),
        ..world.draft(PAYMENT_ACCOUNT_VERIFIED, now.minus(20))
    };
    let first = world.add(named.sign(&world.key, now.minus(20))).await.unwrap().claim.name;
    let anew = world.add(named.sign(&world.key, now.minus(10))).await.unwrap();
    assert_eq!(anew.replaced, [first]);
    world.stop().await;
}
