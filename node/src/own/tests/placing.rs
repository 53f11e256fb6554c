//! What takes the place of what the world sees: nothing that was never shown, and what was cut off goes on.

use super::Alone;
use super::adding::World;
use super::showing::{renewed, signed, unheard};
use crate::node::{Ask, Node};
use crate::own::claims::Held;
use crate::own::places::Current;
use crate::own::renew::Asked;
use crate::problem::Problem;
use crate::verb::Verb as _;
use crate::verb::claims::{Publish, Renewed};
use countersign_protocol::credential::draft::Draft;
use countersign_protocol::credential::{Credential, PAYMENT_ACCOUNT_VERIFIED};
use countersign_protocol::did::{Did, Scid};
use countersign_protocol::engine::command::Command;
use countersign_protocol::key::SecretKey;
use serde_json::json;
use tokio::sync::mpsc;

/// A claim that rests on one of her accounts.
fn of_account(anna: &Alone, id: &str, account: &str) -> Held {
    Held::of(signed(anna, id, PAYMENT_ACCOUNT_VERIFIED, json!({ "account": account })))
}

async fn take(node: &Node, current: Current) -> Result<Renewed, Problem> {
    let mut answer = Renewed::default();
    node.take_current(Scid::from_digest([9; 32]), current, &mut answer).await?;
    Ok(answer)
}

fn sorted(hashes: impl IntoIterator<Item = [u8; 32]>) -> Vec<[u8; 32]> {
    let mut hashes: Vec<[u8; 32]> = hashes.into_iter().collect();
    hashes.sort_unstable();
    hashes
}

fn held(anna: &Alone) -> Vec<[u8; 32]> {
    sorted(anna.node.held_claims().unwrap().iter().map(|held| held.hash))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_one_attestor_stands_by_is_kept_though_nobody_heard_of_what_another_renewed() {
    let (anna, shop, _) = with_two_accounts().await;
    let again = of_account(&anna, "urn:1", "shop, again");
    let another = Scid::from_digest([8; 32]).to_did();
    let theirs = Held::of(by(&another, &anna));
    let answers = [(shop.credential.issuer().clone(), again.clone()), (another, theirs.clone())];
    let asked = answers.map(|(attestor, claim)| Asked {
        attestor,
        answer: Ok((Current::whole(vec![claim]), Vec::new())),
    });
    let (answer, failed) = anna.node.take_each(asked.into()).await;
    // Nobody is there to hear of the first one, which is in the showcase.
    unheard(failed.map_or(Ok(()), Err));
    let renewed: Vec<&str> = answer.renewed.iter().map(|claim| claim.name.as_str()).collect();
    assert_eq!(renewed, [again.name(), theirs.name()]);
    assert!(held(&anna).contains(&theirs.hash));
    anna.stop().await;
}

/// What another attestor signs of her.
fn by(attestor: &Did, anna: &Alone) -> Credential {
    let (now, mut subject) = (anna.node.now(), serde_json::Map::new());
    subject.insert("id".to_owned(), json!(anna.did().as_str()));
    let draft = Draft {
        id: Some("urn:3".to_owned()),
        types: vec![PAYMENT_ACCOUNT_VERIFIED.to_owned()],
        issuer: attestor.clone(),
        subject,
        valid_from: now.minus(10),
        valid_until: now.plus(9_000),
        status: Vec::new(),
        evidence: Vec::new(),
    };
    let signed = draft.sign(&SecretKey::from_seed([6; 32]), now.minus(10));
    Credential::from_value(signed).unwrap()
}

/// Somebody with two accounts, who shows the world the claim about one of them.
async fn with_two_accounts() -> (Alone, Held, Held) {
    let anna = Alone::first(false).await;
    let (shop, club) = (of_account(&anna, "urn:1", "shop"), of_account(&anna, "urn:2", "club"));
    for claim in [&shop, &club] {
        anna.node.keep_claim(claim.credential.clone()).await.unwrap();
    }
    unheard(Publish { claims: vec![shop.name()] }.perform(&anna.node).await);
    (anna, shop, club)
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_claims_of_one_type_the_one_that_is_shown_makes_way_for_its_own_alone() {
    for turned in [false, true] {
        let (anna, _, _) = with_two_accounts().await;
        let shop = of_account(&anna, "urn:1", "shop, again");
        let club = of_account(&anna, "urn:2", "club, again");
        let mut claims = vec![shop.clone(), club.clone()];
        if turned {
            claims.reverse();
        }
        unheard(take(&anna.node, Current::whole(claims)).await);
        assert_eq!(anna.node.shown_hashes().await.unwrap(), [shop.hash]);
        assert_eq!(held(&anna), sorted([shop.hash, club.hash]));
        anna.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_be_of_either_account_is_shown_to_nobody() {
    let (anna, shop, club) = with_two_accounts().await;
    let new = |id: &str| of_account(&anna, id, "of which?");
    let (one, other) = (new("urn:3"), new("urn:4"));
    // One new claim for two old ones, then two for two.
    take(&anna.node, Current::whole(vec![one.clone()])).await.unwrap();
    assert_eq!(anna.node.shown_hashes().await.unwrap(), [shop.hash]);
    let answer = take(&anna.node, Current::whole(vec![one.clone(), other.clone()])).await.unwrap();
    assert_eq!(anna.node.shown_hashes().await.unwrap(), [shop.hash]);
    assert_eq!(held(&anna), sorted([shop.hash, club.hash, one.hash, other.hash]));
    assert!(answer.renewed.iter().all(|one| !one.published), "{answer:?}");
    anna.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_type_says_what_is_renewed_only_where_nothing_else_of_it_is_left() {
    let (anna, shop, _) = with_two_accounts().await;
    let club = of_account(&anna, "urn:3", "club, again");
    // Her shop's stands as it is, so that it is the club's that was renewed.
    take(&anna.node, Current::whole(vec![shop.clone(), club.clone()])).await.unwrap();
    assert_eq!(held(&anna), sorted([shop.hash, club.hash]));
    assert_eq!(anna.node.shown_hashes().await.unwrap(), [shop.hash]);
    // The shop's is not among them any more: the club's was never its renewal.
    take(&anna.node, Current::whole(vec![club.clone()])).await.unwrap();
    assert_eq!(anna.node.shown_hashes().await.unwrap(), [shop.hash]);
    // Neither is a new one, if what was left out may have been it.
    let third = of_account(&anna, "urn:4", "a third account");
    let current = Current { claims: vec![club, third.clone()], is_whole: false };
    take(&anna.node, current).await.unwrap();
    assert_eq!(anna.node.shown_hashes().await.unwrap(), [shop.hash]);
    assert!(held(&anna).contains(&third.hash));
    anna.stop().await;
}

/// Stands between a node and its engine, which signs nothing.
fn cut_off(node: &Node) -> Node {
    let (commands, mut asks) = mpsc::channel::<Ask>(16);
    let engine = node.clone();
    tokio::spawn(async move {
        while let Some(Ask { command, answer }) = asks.recv().await {
            if matches!(command, Command::Signing { .. }) {
                continue;
            }
            if let Ok(outcome) = engine.ask(command).await {
                let _gone = answer.send(outcome).is_err();
            }
        }
    });
    node.with_engine(commands)
}

#[tokio::test(flavor = "multi_thread")]
async fn what_could_not_be_shown_at_once_takes_its_place_with_the_next_answer() {
    let anna = Alone::first(false).await;
    let old = anna.hold(PAYMENT_ACCOUNT_VERIFIED, 5_000).await;
    unheard(Publish { claims: vec![old.name] }.perform(&anna.node).await);
    let before = anna.node.shown_hashes().await.unwrap();
    let new = renewed(&anna, PAYMENT_ACCOUNT_VERIFIED);
    take(&cut_off(&anna.node), Current::whole(vec![new.clone()])).await.unwrap_err();
    assert_eq!(anna.node.shown_hashes().await.unwrap(), before, "nothing could be signed");
    assert_eq!(held(&anna), sorted([before[0], new.hash]), "what the world sees is kept");
    // Both lie here now, and which is whose renewal is known still.
    unheard(take(&anna.node, Current::whole(vec![new.clone()])).await);
    assert_eq!(anna.node.shown_hashes().await.unwrap(), [new.hash]);
    assert_eq!(held(&anna), [new.hash]);
    anna.stop().await;
}

#[tokio::test]
async fn one_claim_that_does_not_hold_keeps_out_no_other() {
    let world = World::new().await;
    let now = world.owner.node.now();
    let named = |id: &str, key: &SecretKey| {
        let draft = world.draft(PAYMENT_ACCOUNT_VERIFIED, now.minus(60));
        Draft { id: Some(id.to_owned()), ..draft }.sign(key, now.minus(60))
    };
    let stranger = SecretKey::from_seed([9; 32]);
    let given = vec![
        named("urn:1", &world.key),
        named("urn:2\n\u{1b}[2K", &stranger),
        json!({ "id": 7 }),
        named("urn:3", &world.key),
    ];
    let attestor = world.attestor.did().scid();
    let (current, wrong) = world.owner.node.verified_current(attestor, given).await.unwrap();
    assert_eq!((current.claims.len(), current.is_whole, wrong.len()), (2, false, 2));
    assert!(wrong[0].contains("left out: urn:2[2K: "), "{wrong:?}");
    world.stop().await;
}
