//! What is shown to vendors and to the world while something else goes wrong, or goes on.

use super::super::claims::Held;
use super::super::places::Current;
use super::{Alone, Wrong};
use crate::node::Node;
use crate::problem::Problem;
use crate::records;
use crate::store::{Change as Write, Expect};
use crate::vendor::MOST_OPEN;
use crate::verb::Verb as _;
use crate::verb::claims::{List, Publish, Renewed, Withdraw};
use crate::verb::presenting::{Check, NewChallenge, PolicyRef, Present};
use crate::verb::statement::{Statement, What};
use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use countersign_protocol::credential::draft::Draft;
use countersign_protocol::credential::{Credential, PAYMENT_ACCOUNT_VERIFIED};
use countersign_protocol::did::Scid;
use countersign_protocol::key::SecretKey;
use countersign_protocol::proof::Purpose;
use countersign_protocol::wire::challenge::Challenge;
use futures::FutureExt as _;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::net::TcpListener;

/// Nobody else is in the network: what was published is held here, and that nobody took it is said.
pub(super) fn unheard<T: core::fmt::Debug>(published: Result<T, Problem>) {
    let nobody = published.unwrap_err();
    assert!(nobody.is(Wrong::Unavailable), "{nobody}");
}

/// Signs of `of`, as the attestor of [`Alone::hold`] does, what `said` says.
pub(super) fn signed(of: &Alone, id: &str, kind: &str, said: Value) -> Credential {
    let now = of.node.now();
    let Value::Object(mut subject) = said else { panic!("{said}") };
    subject.insert("id".to_owned(), json!(of.did().as_str()));
    let draft = Draft {
        id: Some(id.to_owned()),
        types: vec![kind.to_owned()],
        issuer: Scid::from_digest([9; 32]).to_did(),
        subject,
        valid_from: now.minus(10),
        valid_until: now.plus(9_000),
        status: Vec::new(),
        evidence: Vec::new(),
    };
    let signed = draft.sign(&SecretKey::from_seed([7; 32]), now.minus(10));
    Credential::from_value(signed).unwrap()
}

/// What the attestor of [`Alone::hold`] signs of `of` next.
pub(super) fn renewed(of: &Alone, kind: &str) -> Held {
    let said = json!({ "verified": true, "again": true });
    Held::of(signed(of, "urn:test:renewed", kind, said))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_withdrawn_while_it_was_renewed_is_not_published_again() {
    let anna = Alone::first(false).await;
    let old = anna.hold(PAYMENT_ACCOUNT_VERIFIED, 5_000).await;
    unheard(Publish { claims: vec![old.name] }.perform(&anna.node).await);
    assert_eq!(anna.node.shown_hashes().await.unwrap().len(), 1);
    let new = renewed(&anna, PAYMENT_ACCOUNT_VERIFIED);
    // She is about to withdraw it when the attestor's answer comes.
    let mut seen = anna.node.seen().await.unwrap();
    let (node, current) = (anna.node.clone(), Current::whole(vec![new.clone()]));
    let renewal = tokio::spawn(async move {
        let mut answer = Renewed::default();
        node.take_current(Scid::from_digest([9; 32]), current, &mut answer).await
    });
    while anna.node.claim(&new.name()).is_err() {
        tokio::task::yield_now().await;
    }
    seen.hashes.clear();
    unheard(seen.show().await);
    drop(seen);
    renewal.await.unwrap().unwrap();
    assert!(anna.node.shown_hashes().await.unwrap().is_empty(), "it stays withdrawn");
    assert_eq!(anna.node.held_claims().unwrap().len(), 1, "and the new one is there");
    anna.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_renewed_takes_the_place_of_what_the_world_sees() {
    let anna = Alone::first(false).await;
    let old = anna.hold(PAYMENT_ACCOUNT_VERIFIED, 5_000).await;
    unheard(Publish { claims: vec![old.name] }.perform(&anna.node).await);
    let new = renewed(&anna, PAYMENT_ACCOUNT_VERIFIED);
    let gone = anna.node.shown_hashes().await.unwrap();
    let mut answer = Renewed::default();
    let nine = Scid::from_digest([9; 32]);
    let current = Current::whole(vec![new.clone()]);
    unheard(anna.node.take_current(nine, current, &mut answer).await);
    assert_eq!(anna.node.shown_hashes().await.unwrap(), [new.hash]);
    assert_eq!(anna.node.held_claims().unwrap().len(), 1, "the old one is gone, whoever took it");
    assert_ne!(gone, [new.hash]);
    assert!(answer.renewed.iter().all(|one| one.published) && answer.renewed.len() == 1);
    anna.stop().await;
}

/// Puts so many claims of about 4 KiB each into the vault and gives their names.
async fn hold_large(of: &Alone, count: usize) -> Vec<String> {
    let mut names = Vec::new();
    for number in 0..count {
        let said = json!({ "said": "x".repeat(3 * 1024) });
        let claim = signed(of, &format!("urn:test:large:{number}"), "LargeClaim", said);
        names.push(of.node.keep_claim(claim).await.unwrap().name);
    }
    names
}

#[tokio::test(flavor = "multi_thread")]
async fn one_claim_too_many_is_not_published_and_all_are_listed_still() {
    let anna = Alone::first(false).await;
    let mut names = hold_large(&anna, 12).await;
    let last = names.pop().unwrap();
    unheard(Publish { claims: names.clone() }.perform(&anna.node).await);
    let lines = async || Statement {}.perform(&anna.node).await.unwrap().lines.len();
    let before = lines().await;
    let refused = Publish { claims: vec![last.clone()] }.perform(&anna.node).await.unwrap_err();
    assert!(refused.is(Wrong::TooLarge), "{refused}");
    for word in ["may have 48896", "countersign claim withdraw"] {
        assert!(refused.to_string().contains(word), "{refused}");
    }
    assert_eq!(lines().await, before, "nothing is said to have been shown");
    let listed = List {}.perform(&anna.node).await.unwrap().claims;
    assert_eq!((listed.len(), listed.iter().filter(|one| one.published).count()), (12, 11));
    // With one less there is room.
    unheard(Withdraw { claims: vec![names.remove(0)] }.perform(&anna.node).await);
    unheard(Publish { claims: vec![last] }.perform(&anna.node).await);
    assert_eq!(anna.node.shown_hashes().await.unwrap().len(), 11);
    anna.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn more_claims_than_a_vendor_would_read_are_not_shown_to_it() {
    let anna = Alone::first(false).await;
    let names = hold_large(&anna, 20).await;
    let lines = async || Statement {}.perform(&anna.node).await.unwrap().lines.len();
    let before = lines().await;
    let present = async |claims: &[String]| {
        let present = Present { to: anna.challenge(), claims: claims.to_vec(), anyway: false };
        present.perform(&anna.node).await
    };
    let refused = present(&names).await.unwrap_err();
    assert!(refused.is(Wrong::TooLarge), "{refused}");
    assert!(refused.to_string().contains("may have 65536"), "{refused}");
    assert_eq!(lines().await, before, "nothing is said to have been shown");
    assert_eq!(present(&names[..12]).await.unwrap().claims.len(), 12);
    anna.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_published_too_large_before_is_listed_and_can_be_withdrawn() {
    let anna = Alone::first(false).await;
    let mut names = hold_large(&anna, 12).await;
    let own = anna.node.own().await.unwrap();
    let key = anna.node.hot_key(own.history.document(), Purpose::Authentication).unwrap();
    let held = anna.node.held_claims().unwrap();
    let all: Vec<Credential> = held.into_iter().map(|held| held.credential).collect();
    let showcase = anna.node.sign_showcase(&own, &key, &all, 1);
    unheard(anna.node.publish_with(&own, &key, Some(showcase)).await);
    let listed = List {}.perform(&anna.node).await.unwrap().claims;
    assert_eq!(listed.iter().filter(|one| one.published).count(), 12);
    unheard(Withdraw { claims: vec![names.remove(0)] }.perform(&anna.node).await);
    assert_eq!(anna.node.shown_hashes().await.unwrap().len(), 11);
    anna.stop().await;
}

/// A shop that reads what comes and answers `status`.
async fn shop(status: StatusCode) -> (SocketAddr, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, got) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(0)));
    let count = Arc::clone(&got);
    let inbox = move |body: Bytes| async move {
        *count.lock().unwrap() += body.len();
        status
    };
    let router = Router::new().route("/inbox", post(inbox));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (address, got)
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_saw_it_is_said_only_where_nobody_was_reached() {
    let anna = Alone::new(false).await;
    anna.hold(PAYMENT_ACCOUNT_VERIFIED, 5_000).await;
    let (answers, got) = shop(StatusCode::INTERNAL_SERVER_ERROR).await;
    // tcpmux, which nobody serves.
    let nobody = SocketAddr::from(([127, 0, 0, 1], 1));
    for (address, hint, what) in [
        (answers, "may have seen", What::PerhapsDelivered),
        (nobody, "nobody saw it", What::NotDelivered),
    ] {
        let failed = anna.present_at(&format!("http://{address}/inbox")).await.unwrap_err();
        assert!(failed.to_string().contains(hint), "{failed}");
        let lines = Statement {}.perform(&anna.node).await.unwrap().lines;
        assert_eq!(lines.last().unwrap().what, what);
    }
    assert!(*got.lock().unwrap() > 100, "the shop has the presentation");
    anna.stop().await;
}

impl Alone {
    /// Answers a shop that takes answers at `url`.
    async fn present_at(&self, url: &str) -> Result<crate::verb::presenting::Presented, Problem> {
        let mut challenge = Challenge::parse(&self.challenge(), self.node.now()).unwrap();
        challenge.deliver = Some(url.to_owned());
        let to = challenge.to_string();
        Present { to, claims: Vec::new(), anyway: false }.perform(&self.node).await
    }

    /// Makes a challenge of this shop's, answers it itself, and gives what would be checked.
    async fn answered(&self) -> Check {
        let name = PolicyRef::Name("shop".to_owned());
        let ask = NewChallenge { policy: "shop".to_owned(), purpose: None, deliver: None };
        let to = ask.perform(&self.node).await.unwrap().challenge;
        let present = Present { to, claims: Vec::new(), anyway: true };
        let shown: Value = present.perform(&self.node).await.unwrap().presentation;
        Check {
            policy: name,
            presentation: Some(shown),
            identity: None,
            offline: true,
            staple: None,
        }
    }
}

fn open(node: &Node) -> usize {
    node.inner().challenges.lock().unwrap().len()
}

#[tokio::test]
async fn a_check_that_came_to_nothing_leaves_its_challenge_open_and_an_answer_takes_it_once() {
    let shop = super::vendor().await;
    let check = shop.answered().await;
    // It fails once the challenge was taken.
    let failing = Check { staple: Some("no staple".to_owned()), ..check.clone() };
    failing.perform(&shop.node).await.unwrap_err();
    assert_eq!(open(&shop.node), 1);
    // Whoever asked goes away in between.
    assert!(check.clone().perform(&shop.node).boxed().now_or_never().is_none());
    assert_eq!(open(&shop.node), 1);
    // An answer is given once.
    let first = check.clone().perform(&shop.node).await.unwrap();
    assert_eq!((first.answer, open(&shop.node)), (super::presenting::Answer::Refused, 0));
    let again = check.perform(&shop.node).await.unwrap();
    assert!(again.explained.contains("challenge"), "{}", again.explained);
    shop.stop().await;
}

/// Somebody who saw the challenge over her shoulder answers it first, with what shows nobody.
#[tokio::test]
async fn who_does_not_prove_to_be_whom_she_shows_takes_no_challenge_from_its_customer() {
    let shop = super::vendor().await;
    let check = shop.answered().await;
    let with = |member: &str, value: Value| {
        let mut other = check.clone();
        other.presentation.as_mut().unwrap()[member] = value;
        other
    };
    let nobody = Scid::from_digest([8; 32]).to_did();
    let forged = with("id", json!("urn:test:forged"));
    let unknown = with("holder", json!(nobody.as_str()));
    for worthless in [&forged, &unknown] {
        let decided = worthless.clone().perform(&shop.node).await.unwrap();
        assert_eq!(decided.answer, super::presenting::Answer::Refused);
        assert_eq!(open(&shop.node), 1, "{}", decided.explained);
    }
    // One that is looked at for long keeps the customer out no more, and hers counts once.
    let mut slow = forged.perform(&shop.node).boxed();
    assert!(futures::poll!(&mut slow).is_pending());
    let counts =
        |decided: &super::presenting::Decided| decided.explained.contains("its key answered");
    let (one, other) =
        futures::join!(check.clone().perform(&shop.node), check.clone().perform(&shop.node));
    let (one, other) = (one.unwrap(), other.unwrap());
    assert!(counts(&one) != counts(&other), "{}\n{}", one.explained, other.explained);
    assert_eq!(open(&shop.node), 0);
    assert!(!counts(&slow.await.unwrap()));
    let late = check.perform(&shop.node).await.unwrap();
    assert!(late.explained.contains("challenge"), "{}", late.explained);
    shop.stop().await;
}

#[tokio::test]
async fn a_challenge_outlives_a_restart_and_is_answered_once_all_the_same() {
    let shop = super::vendor().await;
    let check = shop.answered().await;
    let counts =
        |decided: &super::presenting::Decided| decided.explained.contains("its key answered");
    let shop = shop.again().await;
    assert_eq!(open(&shop.node), 1);
    let first = check.clone().perform(&shop.node).await.unwrap();
    assert!(counts(&first), "{}", first.explained);
    let shop = shop.again().await;
    assert_eq!(open(&shop.node), 0);
    let replayed = check.perform(&shop.node).await.unwrap();
    assert!(!counts(&replayed), "{}", replayed.explained);
    shop.stop().await;
}

#[tokio::test]
async fn a_challenge_that_ended_is_gone_from_the_disk() {
    let shop = super::vendor().await;
    let ask = || NewChallenge { policy: "shop".to_owned(), purpose: None, deliver: None };
    let on_disk =
        async |node: &Node| node.read(|store| records::rows(store, "challenges")).await.unwrap();
    ask().perform(&shop.node).await.unwrap();
    let row = on_disk(&shop.node).await.remove(0);
    let kept = Challenge::parse(&String::from_utf8_lossy(&row.1), shop.node.now()).unwrap();
    let ended = |nonce: &str| Challenge {
        nonce: nonce.repeat(32),
        expires: shop.node.now().minus(1),
        ..kept.clone()
    };
    // One that ended while the node runs goes with the next one that is made, and one that ended before it
    // began goes at the start.
    let one = ended("A");
    shop.node.inner().challenges.lock().unwrap().insert(one.nonce.clone(), one.clone());
    let rows = [one, ended("B")].map(|challenge| Write::Row {
        table: "challenges".to_owned(),
        key: challenge.nonce.clone().into_bytes(),
        expect: Expect::Nothing,
        bytes: challenge.to_string().into_bytes(),
    });
    shop.node.write(rows.into()).await.unwrap();
    ask().perform(&shop.node).await.unwrap();
    assert_eq!(on_disk(&shop.node).await.len(), 3);
    let shop = shop.again().await;
    assert_eq!((on_disk(&shop.node).await.len(), open(&shop.node)), (2, 2));
    shop.stop().await;
}

#[tokio::test]
async fn a_challenge_that_ended_is_gone_from_the_disk_though_no_other_fits_in() {
    let shop = super::vendor().await;
    let ask = || NewChallenge { policy: "shop".to_owned(), purpose: None, deliver: None };
    let on_disk =
        async |node: &Node| node.read(|store| records::rows(store, "challenges")).await.unwrap();
    let made = ask().perform(&shop.node).await.unwrap();
    assert_eq!(on_disk(&shop.node).await.len(), 1);
    let fill = |open: &mut BTreeMap<String, Challenge>| {
        let ended = open.get_mut(&made.nonce).unwrap();
        let other = ended.clone();
        ended.expires = shop.node.now().minus(1);
        let others = (0..MOST_OPEN).map(|number| (number.to_string(), other.clone()));
        open.extend(others);
    };
    fill(&mut shop.node.inner().challenges.lock().unwrap());
    let busy = ask().perform(&shop.node).await.unwrap_err();
    assert!(busy.is(Wrong::Busy), "{busy}");
    assert_eq!(on_disk(&shop.node).await.len(), 0);
    shop.stop().await;
}
