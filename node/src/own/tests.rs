//! What an owner can do with a node that runs nowhere, and what is refused.

mod adding;
mod called;
mod following;
mod forked;
mod named;
mod placing;
mod renewing;
mod restored;
mod showing;
mod taken_back;

use crate::config::{Config, Role};
use crate::door::Scope;
use crate::node::Node;
use crate::passphrase::{Passphrase, Words};
use crate::problem::Kind as Wrong;
use crate::start::{self, NewNode, Running};
use crate::store::{Change as Write, Highest};
use crate::vault::Kind;
use crate::verb::Verb as _;
use crate::verb::identity::Key;
use crate::verb::resolve::Resolve;
use crate::verb::{backup, claims, contacts, identity, network, overview, presenting};
use countersign_protocol::credential::draft::{self, Draft};
use countersign_protocol::credential::profile::{self, Profile};
use countersign_protocol::credential::{Credential, PAYMENT_ACCOUNT_VERIFIED};
use countersign_protocol::did::Scid;
use countersign_protocol::encoding::base64url;
use countersign_protocol::encoding::multihash::sha256;
use countersign_protocol::engine::command::{Command, Freshness, Outcome, Publication};
use countersign_protocol::key::{PublicKey, SecretKey};
use countersign_protocol::status::{Entry as Listed, Purpose};
use countersign_protocol::wire::challenge::Challenge;
use countersign_protocol::wire::staple::{self, Staple};
use serde_json::json;
use std::path::Path;

struct Alone {
    node: Node,
    running: Running,
    _folder: Option<tempfile::TempDir>,
}

fn passphrase() -> Passphrase {
    Passphrase::new("a test keeps no secrets")
}

async fn open(data: &Path) -> (Node, Running) {
    start::alone(data, Config::default(), Some(&passphrase())).await.unwrap()
}

impl Alone {
    async fn new(attests: bool) -> Self {
        Self::with(attests, start::new_words().unwrap()).await
    }

    async fn with(attests: bool, words: Words) -> Self {
        Self::in_folder(tempfile::tempdir().unwrap(), attests, words).await
    }

    /// The first of a network, which nobody else has joined.
    async fn first(attests: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        start::found(&folder.path().join("data"), "alone", true).unwrap();
        Self::in_folder(folder, attests, start::new_words().unwrap()).await
    }

    async fn in_folder(folder: tempfile::TempDir, attests: bool, words: Words) -> Self {
        let (data, words) = (folder.path().join("data"), Some(words));
        let new = NewNode { role: Role::Home, words, attests, weak_passphrase: true };
        start::create(&data, &Config::default(), new, &passphrase()).await.unwrap();
        let (node, running) = open(&data).await;
        Self { node, running, _folder: Some(folder) }
    }

    async fn rotate(&self, key: Key, stolen: bool) -> Result<identity::Own, crate::Problem> {
        identity::Rotate { key, stolen, passphrase: passphrase() }.perform(&self.node).await
    }

    async fn own(&self) -> identity::Own {
        identity::Show {}.perform(&self.node).await.unwrap()
    }

    fn did(&self) -> countersign_protocol::did::Did {
        let own = futures::executor::block_on(self.node.own()).unwrap();
        own.history.did().clone()
    }

    /// Puts a claim into the vault, as if it had been collected.
    async fn hold(&self, kind: &str, seconds: u64) -> claims::Summary {
        self.hold_listed(kind, seconds, Vec::new()).await
    }

    async fn hold_listed(&self, kind: &str, seconds: u64, status: Vec<Listed>) -> claims::Summary {
        let key = SecretKey::from_seed([7; 32]);
        let now = self.node.now();
        let subject = json!({ "id": self.did().as_str(), "verified": true });
        let draft = Draft {
            id: Some(format!("urn:test:{kind}:{seconds}")),
            types: vec![kind.to_owned()],
            issuer: Scid::from_digest([9; 32]).to_did(),
            subject: subject.as_object().cloned().unwrap(),
            valid_from: now.minus(1000),
            valid_until: now.minus(500).plus(seconds),
            status,
            evidence: Vec::new(),
        };
        let credential = Credential::from_value(draft.sign(&key, now.minus(1000))).unwrap();
        self.node.keep_claim(credential).await.unwrap()
    }

    fn challenge(&self) -> String {
        let challenge = Challenge {
            nonce: "VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVU".to_owned(),
            domain: Scid::from_digest([8; 32]).to_did().to_string(),
            expires: self.node.now().plus(300),
            claims: vec![PAYMENT_ACCOUNT_VERIFIED.to_owned()],
            policy: "shop".to_owned(),
            purpose: String::new(),
            deliver: None,
        };
        challenge.to_string()
    }

    async fn present(
        &self,
        claims: &[&str],
        anyway: bool,
    ) -> Result<presenting::Presented, crate::Problem> {
        let claims = claims.iter().map(|name| (*name).to_owned()).collect();
        let present = presenting::Present { to: self.challenge(), claims, anyway };
        present.perform(&self.node).await
    }

    /// Publishes what an attestor says of itself, signed so many seconds ago; gives its hash.
    async fn tell(&self, name: &str, seconds: u64) -> [u8; 32] {
        let (name, offers, lists, reach) = (name.to_owned(), Vec::new(), Vec::new(), Vec::new());
        let mut subject = Profile { name, offers, lists, reach }.to_subject();
        subject.insert("id".to_owned(), json!(self.did().as_str()));
        let issued = self.node.now().minus(seconds);
        let draft = Draft {
            id: Some("https://attestor.example/v1/profile".to_owned()),
            types: vec![profile::TYPE.to_owned()],
            issuer: self.did(),
            subject,
            valid_from: issued,
            valid_until: issued.plus(86_400),
            status: Vec::new(),
            evidence: Vec::new(),
        };
        let key = self.node.assertion_key().await.unwrap();
        let bytes = draft::to_bytes(&draft.sign(&key, issued));
        let hash = sha256(&bytes);
        self.node.publish_profile(self.did().scid(), bytes).await.unwrap();
        hash
    }

    async fn stop(self) {
        drop(self.node);
        self.running.stop().await.unwrap();
    }

    /// Stops the node, and starts it again.
    async fn again(mut self) -> Self {
        let (data, _folder) = (self.node.data().to_owned(), self._folder.take());
        self.stop().await;
        let (node, running) = open(&data).await;
        Self { node, running, _folder }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_took_the_place_of_the_one_asked_for_is_read_instead() {
    let north = Alone::first(true).await;
    let scid = north.did().scid();
    // Nobody is there to keep it, but its own node holds it from now on, and so its profile.
    let nobody = north.node.publish_identity().await.unwrap_err();
    assert!(nobody.is(Wrong::Unavailable), "{nobody}");
    let before = north.tell("north as it was", 20).await;
    let (_, shown) = north.node.profile(scid, before).await.unwrap().unwrap();
    assert_eq!(shown.name, "north as it was");
    let after = north.tell("north as it is", 10).await;
    // Whoever learned the first hash a moment ago asks for bytes that are gone.
    assert_eq!(north.node.body(before).await.unwrap(), None);
    let (_, shown) = north.node.profile(scid, before).await.unwrap().unwrap();
    assert_eq!(shown.name, "north as it is");
    assert!(north.node.profile(scid, after).await.unwrap().is_some());
    let gone = north.node.profile(Scid::from_digest([9; 32]), before).await.unwrap();
    assert!(gone.is_none(), "nothing is in its place");
    north.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_planned_rotation_keeps_the_old_assertion_key_and_a_theft_does_not() {
    let north = Alone::new(true).await;
    let first = north.own().await.assertion;
    let planned = north.rotate(Key::Assertion, false).await.unwrap().assertion;
    assert_eq!((planned.len(), planned.last()), (2, first.first()), "the newest stands first");
    let stolen = north.rotate(Key::Assertion, true).await.unwrap().assertion;
    assert_eq!(stolen.len(), 1);
    assert!(!planned.contains(&stolen[0]));
    let key = north.node.assertion_key().await.unwrap().public().to_string();
    assert_eq!(key, stolen[0], "the new one signs from now on");
    let authentication = north.own().await.authentication;
    let rotated = north.rotate(Key::Authentication, false).await.unwrap();
    assert_ne!(rotated.authentication, authentication);
    assert_eq!(rotated.assertion, stolen);
    north.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_old_assertion_key_is_taken_out_by_its_name_and_the_one_that_signs_is_not() {
    let north = Alone::new(true).await;
    for _ in 0..2 {
        north.rotate(Key::Assertion, false).await.unwrap();
    }
    let full = north.rotate(Key::Assertion, false).await.unwrap_err();
    assert!(full.is(Wrong::Conflict) && full.to_string().contains("attestor keys"), "{full}");
    let listed = north.own().await.assertion;
    let retire = async |name: &str| {
        let keys = vec![name.to_owned()];
        identity::Retire { keys, passphrase: passphrase() }.perform(&north.node).await
    };
    for (name, why) in [(&listed[0][..], "signs now"), ("z6Mk", "several"), ("z6Mkq!", "no old")] {
        let refused = retire(name).await.unwrap_err();
        assert!(refused.is(Wrong::Invalid) && refused.to_string().contains(why), "{refused}");
    }
    assert_eq!(north.own().await.assertion, listed, "nothing was taken out");
    let left = retire(&listed[2]).await.unwrap().assertion;
    assert_eq!(left, listed[..2]);
    let vault = north.node.vault().unwrap();
    let held = |name: &String| {
        let key = PublicKey::from_multikey(name).unwrap();
        vault.key(Kind::AssertionKey, key.as_bytes()).unwrap().is_some()
    };
    assert_eq!(listed.iter().map(held).collect::<Vec<_>>(), [true, true, false]);
    north.rotate(Key::Assertion, false).await.unwrap();
    north.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_has_no_assertion_key_to_replace() {
    let anna = Alone::new(false).await;
    let refused = anna.rotate(Key::Assertion, true).await.unwrap_err();
    assert_eq!((refused.slug(), anna.own().await.version), ("invalid", 1));
    anna.stop().await;
}

/// Whose newest entry does not stand has no head that anybody would take.
#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_published_before_the_witnesses_cosigned() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut joined = start::found(&data, "alone", true).unwrap();
    joined.witnesses.push(SecretKey::from_seed([1; 32]).public());
    joined.write(&data).unwrap();
    let anna = Alone::in_folder(folder, false, start::new_words().unwrap()).await;
    let claim = anna.hold(PAYMENT_ACCOUNT_VERIFIED, 1000).await;
    let publish = claims::Publish { claims: vec![claim.name] };
    let refused = publish.perform(&anna.node).await.unwrap_err();
    assert!(refused.is(Wrong::Unavailable), "{refused}");
    assert!(refused.to_string().contains("not enough witnesses"), "{refused}");
    let lines = anna.node.statement().await.unwrap().lines;
    assert!(lines.is_empty(), "it says what was not done: {lines:?}");
    anna.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_were_there_before_the_identity() {
    let words = start::new_words().unwrap();
    let anna = Alone::with(false, words.clone()).await;
    let rehearse = |words: Words| identity::Rehearse { words }.perform(&anna.node);
    assert!(rehearse(words).await.unwrap().right);
    assert!(!rehearse(start::new_words().unwrap()).await.unwrap().right);
    anna.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_identity_is_found_by_its_beginning_and_not_by_two_halves() {
    let anna = Alone::new(false).await;
    let (did, scid) = (anna.did(), anna.did().scid());
    let text = did.as_str();
    let fingerprint = scid.fingerprint();
    let whole = scid.to_string();
    for name in [text, &text[..20], &text[..60], &text[..text.len() - 3], &whole[..8], &fingerprint]
    {
        assert_eq!(anna.node.scid_of(name).await.unwrap(), scid, "{name}");
    }
    let other = Scid::from_digest([3; 32]);
    for cut in ["", ":", ":countersign", ":countersign.alt", ":countersign.alt:Qm"] {
        let cut = format!("did:webvh:{other}{cut}");
        assert_eq!(anna.node.scid_of(&cut).await.unwrap(), other, "{cut}: nobody has heard of it");
    }
    let halves = format!("did:webvh:{scid}:countersign.alt:{other}");
    for (name, slug) in
        [(halves.as_str(), "invalid"), ("did:webvh:Qm", "invalid"), ("did:key:z6Mk", "invalid")]
    {
        assert_eq!(anna.node.scid_of(name).await.unwrap_err().slug(), slug, "{name}");
    }
    let add = |did: String, replace| {
        contacts::Add { name: "x".to_owned(), did, replace }.perform(&anna.node)
    };
    assert_eq!(add(halves, false).await.unwrap_err().slug(), "invalid");
    let given = add(other.to_did().to_string(), false).await.unwrap();
    assert_eq!(given.fingerprint, other.fingerprint());
    // Whoever resolves is named by the same, and what is kept is whole.
    let home = other.to_did();
    for cut in ["", ":countersign", ":countersign.al", ":countersign.alt", ":countersign.alt:Qm"] {
        let given = add(format!("did:webvh:{other}{cut}"), false).await.unwrap();
        assert_eq!(given.did, home.as_str(), "{cut}");
    }
    for (name, meant) in
        [(&text[..60], text), (&whole, text), (&whole[..8], text), ("x", home.as_str())]
    {
        assert_eq!(add(name.to_owned(), true).await.unwrap().did, meant, "{name}");
        add(home.to_string(), true).await.unwrap();
    }
    // The only name there is begins with nothing, and is not meant by it.
    assert_eq!(anna.node.scid_of("").await.unwrap_err().slug(), "invalid");
    anna.stop().await;
}

#[tokio::test]
async fn a_name_means_somebody_else_only_if_its_owner_says_so() {
    let anna = Alone::new(false).await;
    let (one, other) = (Scid::from_digest([3; 32]), Scid::from_digest([4; 32]));
    let add = |scid: Scid, replace| {
        let did = scid.to_did().to_string();
        contacts::Add { name: "berta".to_owned(), did, replace }.perform(&anna.node)
    };
    add(one, false).await.unwrap();
    add(one, false).await.unwrap();
    let refused = add(other, false).await.unwrap_err();
    assert!(refused.is(Wrong::Conflict) && refused.to_string().contains(&one.fingerprint()));
    assert_eq!(anna.node.scid_of("berta").await.unwrap(), one);
    add(other, true).await.unwrap();
    assert_eq!(anna.node.scid_of("berta").await.unwrap(), other);
    anna.stop().await;
}

#[tokio::test]
async fn where_nobody_could_be_asked_nobody_said_that_there_is_no_such_identity() {
    let anna = Alone::new(false).await;
    let name = Scid::from_digest([3; 32]).to_string();
    let unknown = Resolve { name, fresh: false }.perform(&anna.node).await.unwrap_err();
    assert!(!unknown.is_no() && unknown.to_string().contains("no node is running"), "{unknown}");
    let nobody = Resolve { name: "nobody".to_owned(), fresh: false }.perform(&anna.node).await;
    assert!(nobody.unwrap_err().is_no(), "names are known here or nowhere");
    anna.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_ended_an_identity_is_not_sent_for_words_that_cannot_bring_it_back() {
    let anna = Alone::new(false).await;
    identity::Deactivate { passphrase: passphrase() }.perform(&anna.node).await.unwrap();
    let refused = anna.rotate(Key::Authentication, false).await.unwrap_err();
    assert!(
        refused.is(Wrong::Deactivated) && !refused.to_string().contains("recover"),
        "{refused}"
    );
    anna.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_shown_that_was_not_asked_for_or_is_over() {
    let anna = Alone::new(false).await;
    let refused = anna.present(&[], false).await.unwrap_err();
    assert_eq!(refused.slug(), "refused");
    assert!(refused.to_string().contains(PAYMENT_ACCOUNT_VERIFIED), "it says what is missing");
    let over = anna.hold(PAYMENT_ACCOUNT_VERIFIED, 0).await;
    let other = anna.hold("AgeOver18", 5_000).await;
    assert_eq!((over.standing, other.standing), (claims::How::Ended, claims::How::Unknown));
    let refused = anna.present(&[], false).await.unwrap_err();
    assert!(refused.to_string().contains(&over.name), "{refused}");
    assert_eq!(anna.present(&[&over.name], false).await.unwrap_err().slug(), "refused");
    assert_eq!(anna.present(&[&over.name], true).await.unwrap().claims.len(), 1);
    let good = anna.hold(PAYMENT_ACCOUNT_VERIFIED, 5_000).await;
    let shown = anna.present(&[], false).await.unwrap();
    let names = |claims: &[claims::Summary]| {
        claims.iter().map(|claim| claim.name.clone()).collect::<Vec<_>>()
    };
    assert_eq!((names(&shown.claims), names(&shown.left_out)), (vec![good.name], vec![over.name]));
    anna.stop().await;
}

/// Gives a shop the policy `shop`.
/// A vendor who knows herself, and so can be her own customer.
async fn vendor() -> Alone {
    let shop = Alone::first(false).await;
    with_a_policy(&shop);
    // Nobody else is there to hear of it; here it is held.
    claims::Publish { claims: Vec::new() }.perform(&shop.node).await.unwrap_err();
    shop
}

fn with_a_policy(shop: &Alone) {
    let issuer = Scid::from_digest([9; 32]).to_did();
    let policies = shop.node.data().join("policies");
    std::fs::create_dir_all(&policies).unwrap();
    let policy = format!(
        "[attestors]\nnine = \"{issuer}\"\n[policy.shop]\nclaim = \"{PAYMENT_ACCOUNT_VERIFIED}\"\n\
         require = []\nfrom = [\"nine\"]\nat_least = 1\ncontrol = \"required\"\n\
         status_max_age = \"24h\"\nfreshness_max_age = \"24h\"\n\
         on_fork = \"refuse\"\n"
    );
    std::fs::write(policies.join("shop.toml"), policy).unwrap();
}

#[tokio::test]
async fn an_answer_that_cannot_be_judged_yet_may_be_shown_again() {
    let shop = vendor().await;
    let url = "https://nine.example/status/1".to_owned();
    let listed = Listed { purpose: Purpose::Revocation, list: 1, index: 5, url };
    for (status, answer, open) in [
        (vec![listed], presenting::Answer::Unknown, 1),
        // No list is a reason to refuse, whatever is not known: that is an answer.
        (Vec::new(), presenting::Answer::Refused, 0),
    ] {
        let claim = shop.hold_listed(PAYMENT_ACCOUNT_VERIFIED, 5_000, status).await;
        let policy = "shop".to_owned();
        let ask = presenting::NewChallenge { policy, purpose: None, deliver: None };
        let to = ask.perform(&shop.node).await.unwrap().challenge;
        let present = presenting::Present { to, claims: vec![claim.name.clone()], anyway: true };
        let shown = present.perform(&shop.node).await.unwrap().presentation;
        let check = presenting::Check {
            policy: presenting::PolicyRef::Name("shop".to_owned()),
            presentation: Some(shown),
            identity: None,
            offline: true,
            staple: None,
        };
        let decided = check.perform(&shop.node).await.unwrap();
        assert_eq!(decided.answer, answer, "{}", decided.explained);
        let left = std::mem::take(&mut *shop.node.inner().challenges.lock().unwrap());
        assert_eq!(left.len(), open, "{}", decided.explained);
        claims::Forget { claim: claim.name }.perform(&shop.node).await.unwrap();
    }
    shop.stop().await;
}

#[tokio::test]
async fn what_somebody_else_signed_in_the_owners_name_is_an_alarm_that_says_what_to_do() {
    let alone = Alone::new(false).await;
    let alarms = async || {
        let findings = network::Doctor {}.perform(&alone.node).await.unwrap().findings;
        let seen = overview::Overview {}.perform(&alone.node).await.unwrap().alarms;
        let found = findings.into_iter().filter(|finding| finding.what == "alarm");
        (found.collect::<Vec<_>>(), seen)
    };
    let (found, seen) = alarms().await;
    assert!(found.is_empty() && seen.is_empty(), "{found:?} {seen:?}");
    let highest = Highest { version: 9, sequence: 1, digest: [7; 32] };
    let scid = alone.did().scid();
    alone.node.write(vec![Write::Seen { scid, highest }]).await.unwrap();
    let (found, seen) = alarms().await;
    assert_eq!((found.len(), seen.len()), (1, 1), "{found:?} {seen:?}");
    assert_eq!(found[0].health, network::Health::Bad);
    assert!(found[0].says.contains("version 9 of you was seen"), "{}", found[0].says);
    assert!(found[0].hint.as_ref().unwrap().contains("countersign id recover"), "{found:?}");
    alone.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_the_identity_over_with_its_words_raises_an_alarm_until_it_is_taken_back() {
    let words = start::new_words().unwrap();
    let mine = Alone::with(false, Words::new(words.reveal())).await;
    let alarms = async || overview::Overview {}.perform(&mine.node).await.unwrap().alarms;
    assert!(alarms().await.is_empty());
    // Another node's keys stand in the newest version, and what is held of it came here by gossip.
    let own = mine.node.own().await.unwrap();
    for key in own.history.document().authentication_keys() {
        mine.node.vault().unwrap().remove(Kind::AuthenticationKey, key.as_bytes()).unwrap();
    }
    let seen = alarms().await;
    assert_eq!(seen.len(), 1, "{seen:?}");
    assert!(seen[0].says.contains("keys that this node did not make"), "{seen:?}");
    let recover = identity::Recover { did: None, words, passphrase: passphrase() };
    recover.perform(&mine.node).await.unwrap();
    assert!(alarms().await.is_empty());
    mine.stop().await;
}

#[tokio::test]
async fn names_the_owner_gave_to_others_are_told_to_her_own_token_alone() {
    let alone = Alone::new(false).await;
    let other = alone.did();
    let add = contacts::Add { name: "berta".to_owned(), did: other.to_string(), replace: false };
    add.perform(&alone.node).await.unwrap();
    assert_eq!(alone.node.name_of(&other), "berta");
    assert_eq!(alone.node.scid_of("ber").await.unwrap(), other.scid());
    for scope in [Scope::Check, Scope::Watch, Scope::Metrics] {
        let asked = alone.node.asked_with(scope);
        assert!(contacts::List {}.perform(&asked).await.unwrap().contacts.is_empty());
        assert_eq!(asked.name_of(&other), other.to_string());
        assert!(asked.scid_of("berta").await.is_err(), "not even by guessing");
    }
    alone.stop().await;
}

/// Tells one node alone what another says of its owner, as the network would.
async fn tell(to: &Alone, of: &Alone) {
    let published = claims::Publish { claims: Vec::new() }.perform(&of.node).await;
    assert!(published.unwrap_err().is(Wrong::Unavailable), "no keeper is there");
    let found = of.node.find(of.did().scid(), Freshness::Held).await.unwrap();
    let publication = Publication {
        scid: found.scid,
        log: found.identity.log().to_vec(),
        witnesses: found.identity.witnesses().map(<[u8]>::to_vec),
        head: found.head.unwrap(),
        showcase: found.showcase,
    };
    let outcome = to.node.ask(Command::Publish(Box::new(publication))).await.unwrap();
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
    assert!(to.node.find(found.scid, Freshness::Held).await.is_ok());
}

/// Anybody could write a SCID behind the domain of a bank.
#[tokio::test]
async fn nobody_is_named_watched_or_recovered_by_a_did_they_never_had() {
    let (anna, berta) = (Alone::first(false).await, Alone::first(false).await);
    tell(&anna, &anna).await;
    tell(&anna, &berta).await;
    let nobody = Scid::from_digest([7; 32]);
    for (whose, known) in [(anna.did(), true), (berta.did(), true), (nobody.to_did(), false)] {
        let foreign = format!("did:webvh:{}:bank.example", whose.scid());
        for (did, refused) in [(foreign, known), (whose.to_string(), false)] {
            let add = contacts::Add { name: "bank".to_owned(), did: did.clone(), replace: true };
            let watch = network::Watch { names: [did.clone()].into() };
            let added = add.perform(&anna.node).await.map(drop);
            for outcome in [added, watch.perform(&anna.node).await.map(drop)] {
                match outcome {
                    Err(problem) if refused => {
                        assert!(problem.is(Wrong::NotFound), "{problem}");
                        assert!(problem.to_string().contains("never had this name"), "{problem}");
                    }
                    outcome => assert!(!refused && outcome.is_ok(), "{did}: {outcome:?}"),
                }
            }
        }
    }
    for node in [anna, berta] {
        node.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_words_recover_nobody_under_a_did_their_owner_never_had() {
    let words = start::new_words().unwrap();
    let text = words.reveal().to_owned();
    let anna = Alone::with(false, words).await;
    let (did, before) = (anna.did(), anna.own().await.version);
    let recover = |did: String| {
        let words = Words::new(&text);
        identity::Recover { did: Some(did), words, passphrase: passphrase() }.perform(&anna.node)
    };
    let refused = recover(format!("did:webvh:{}:bank.example", did.scid())).await.unwrap_err();
    assert!(refused.to_string().contains("never had this name"), "{refused}");
    assert_eq!(anna.own().await.version, before, "nothing was changed");
    recover(did.to_string()).await.unwrap();
    anna.stop().await;
}

#[tokio::test]
async fn what_a_staple_shows_a_vendor_is_believed_afterwards_too() {
    let (home, shop) = (Alone::first(false).await, Alone::first(false).await);
    let scid = home.did().scid();
    let staple = async || {
        let found = home.node.find(scid, Freshness::Held).await.unwrap();
        let log = found.identity.log().to_vec();
        let of = staple::Identity { scid, log, witness: None, head: found.head, freshness: vec![] };
        let parameters = home.node.joined().unwrap().parameters.clone();
        let staple = Staple { parameters, identities: vec![of], lists: vec![] };
        base64url::encode(&staple.to_bytes().unwrap())
    };
    home.rotate(Key::Authentication, true).await.unwrap();
    let before = staple().await;
    home.rotate(Key::Authentication, true).await.unwrap();
    let after = staple().await;
    let policy = format!(
        "[attestors]\nnine = \"{}\"\n[policy.shop]\nclaim = \"{PAYMENT_ACCOUNT_VERIFIED}\"\nrequire = []\n\
         from = [\"nine\"]\nat_least = 1\ncontrol = \"optional\"\nstatus_max_age = \"24h\"\n\
         freshness_max_age = \"24h\"\non_fork = \"refuse\"\n",
        Scid::from_digest([9; 32]).to_did()
    );
    for staple in [after, before] {
        let policy = presenting::PolicyRef::File { text: policy.clone(), name: None };
        let (identity, staple) = (Some(home.did().to_string()), Some(staple));
        let check =
            presenting::Check { policy, presentation: None, identity, offline: true, staple };
        check.perform(&shop.node).await.unwrap();
        let known = shop.node.known(scid, false).await.unwrap();
        assert_eq!(known.history().number(), 3, "it knows that her key was replaced");
    }
    home.stop().await;
    shop.stop().await;
}
