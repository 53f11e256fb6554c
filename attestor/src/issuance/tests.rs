//! Each step in its order, and every other order.

use super::*;
use crate::evidence::Account;
use countersign_protocol::did::Scid;
use serde_json::Map;
use zeroize::Zeroizing;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const VERIFIER: &str = "a verifier that only the requesting node knows";

fn issuance(delivery: Delivery) -> Issuance {
    Issuance::new(Terms {
        source: "simulated".to_owned(),
        challenge: "challenge".to_owned(),
        expires: NOW.plus(900),
        verifier: multihash::sha256(VERIFIER.as_bytes()),
        delivery,
    })
}

fn loopback() -> Delivery {
    Delivery::Loopback(Loopback::parse("http://127.0.0.1:4711/x").unwrap())
}

fn subject() -> Did {
    Scid::from_digest([5; 32]).to_did()
}

fn seen() -> Seen {
    let id = Zeroizing::new("7".to_owned());
    Seen {
        account: Account { issuer: "https://id.example".to_owned(), id },
        display: Some("Ada".to_owned()),
        properties: Map::new(),
        at: NOW,
        refresh: None,
    }
}

fn key() -> PublicKey {
    countersign_protocol::key::SecretKey::from_seed([5; 32]).public()
}

fn hers() -> Browser {
    Browser::of("hers")
}

/// Brings a request to the confirmation page.
fn confirming(delivery: Delivery) -> Issuance {
    let mut issuance = issuance(delivery);
    issuance.present(subject(), key(), NOW).unwrap();
    issuance.enter(hers(), NOW).unwrap();
    issuance.leave(Pending::random()).unwrap();
    issuance.come_back(hers(), NOW).unwrap();
    issuance.see(seen(), "form".to_owned()).unwrap();
    issuance
}

fn code_in(next: Next) -> String {
    let Next::Redirect(url) = next else { panic!("{next:?}") };
    assert!(url.as_str().starts_with("http://127.0.0.1:4711/x?code="));
    url.query_pairs().next().unwrap().1.into_owned()
}

#[test]
fn the_code_and_the_verifier_collect_once() {
    let mut issuance = confirming(loopback());
    let code = code_in(issuance.confirm(hers(), "form", None, [1; 32], NOW).unwrap());
    assert_eq!(issuance.collect(&code, "no", NOW).unwrap_err(), IssuanceError::WrongCode);
    assert_eq!(issuance.collect("no", VERIFIER, NOW).unwrap_err(), IssuanceError::WrongCode);
    assert_eq!(issuance.collect(&code, VERIFIER, NOW).unwrap().subject, subject());
    let meanwhile = issuance.collect(&code, VERIFIER, NOW).unwrap_err();
    assert_eq!(meanwhile, IssuanceError::NotConfirmed, "nobody else while it is being signed");
    issuance.handed_over();
    let replayed = issuance.collect(&code, VERIFIER, NOW).unwrap_err();
    assert_eq!(replayed, IssuanceError::OutOfOrder { state: "done" });
}

#[test]
fn guessing_ends_the_request() {
    let mut issuance = confirming(loopback());
    let code = code_in(issuance.confirm(hers(), "form", None, [1; 32], NOW).unwrap());
    for _ in 0..MOST_WRONG {
        assert_eq!(issuance.collect("guess", VERIFIER, NOW).unwrap_err(), IssuanceError::WrongCode);
    }
    let late = issuance.collect(&code, VERIFIER, NOW).unwrap_err();
    assert!(matches!(late, IssuanceError::Refused { no } if no.cause == Cause::Guessed));
}

#[test]
fn to_ask_without_a_code_how_it_stands_is_no_guess() {
    let mut issuance = confirming(loopback());
    let asked = |issuance: &mut Issuance| issuance.collect("", VERIFIER, NOW).unwrap_err();
    assert_eq!(asked(&mut issuance), IssuanceError::NotConfirmed);
    let code = code_in(issuance.confirm(hers(), "form", None, [1; 32], NOW).unwrap());
    for _ in 0..=MOST_WRONG {
        assert_eq!(asked(&mut issuance), IssuanceError::NotConfirmed, "it hands nothing over");
    }
    assert!(issuance.collect(&code, VERIFIER, NOW).is_ok());
}

#[test]
fn a_typed_code_confirms_and_collects() {
    let code = Code::typed([3, 40, 255, 0, 9, 17, 101, 64]);
    let mut issuance = confirming(Delivery::Typed(code.clone()));
    assert_eq!(code.reveal().len(), 9);
    let early = issuance.collect(&code.reveal(), VERIFIER, NOW).unwrap_err();
    assert_eq!(early, IssuanceError::NotConfirmed);
    let blind = issuance.confirm(hers(), "form", None, [1; 32], NOW).unwrap_err();
    assert_eq!(blind, IssuanceError::WrongCode, "a victim does not know the attacker's code");
    let typed = code.reveal().to_lowercase();
    let next = issuance.confirm(hers(), "form", Some(&typed), [1; 32], NOW).unwrap();
    assert_eq!(next, Next::Stay);
    assert!(issuance.collect(&code.reveal(), VERIFIER, NOW).is_ok());
}

#[test]
fn another_browser_gets_nowhere() {
    let other = Browser::of("his");
    let mut issuance = issuance(loopback());
    issuance.present(subject(), key(), NOW).unwrap();
    issuance.enter(hers(), NOW).unwrap();
    issuance.leave(Pending::random()).unwrap();
    assert_eq!(issuance.enter(other, NOW).unwrap_err(), IssuanceError::OtherBrowser);
    assert_eq!(issuance.come_back(other, NOW).unwrap_err(), IssuanceError::OtherBrowser);
    issuance.come_back(hers(), NOW).unwrap();
    issuance.see(seen(), "form".to_owned()).unwrap();
    let confirm = issuance.confirm(other, "form", None, [1; 32], NOW).unwrap_err();
    assert_eq!(confirm, IssuanceError::OtherBrowser);
    let forged = issuance.confirm(hers(), "other", None, [1; 32], NOW).unwrap_err();
    assert_eq!(forged, IssuanceError::OtherBrowser, "a form another site made");
}

#[test]
fn an_answer_counts_once() {
    let mut issuance = issuance(loopback());
    issuance.present(subject(), key(), NOW).unwrap();
    assert!(issuance.present(subject(), key(), NOW).is_err());
    assert!(issuance.come_back(hers(), NOW).is_err());
    issuance.enter(hers(), NOW).unwrap();
    issuance.leave(Pending::random()).unwrap();
    issuance.come_back(hers(), NOW).unwrap();
    assert!(issuance.come_back(hers(), NOW).is_err());
}

#[test]
fn whoever_declines_gets_nothing() {
    let mut issuance = confirming(loopback());
    let back = issuance.decline(hers(), "form").unwrap().unwrap();
    assert_eq!(back.query(), Some("error=refused"));
    let late = issuance.collect("x", VERIFIER, NOW).unwrap_err();
    assert!(matches!(late, IssuanceError::Refused { no } if no.cause == Cause::Declined));
}

#[test]
fn a_late_step_is_refused() {
    let mut issuance = confirming(loopback());
    let late = issuance.confirm(hers(), "form", None, [1; 32], NOW.plus(900)).unwrap_err();
    assert_eq!(late, IssuanceError::Expired);
}

#[test]
fn an_account_on_its_way_can_be_collected_later() {
    let mut issuance = confirming(loopback());
    let code = code_in(issuance.confirm(hers(), "form", None, [1; 32], NOW).unwrap());
    issuance.collect(&code, VERIFIER, NOW).unwrap();
    let ready = NOW.plus(3600);
    issuance.not_yet(NOW, ready);
    assert!(issuance.collect(&code, VERIFIER, ready).is_ok());
}

#[test]
fn only_a_loopback_address_is_redirected_to() {
    for good in ["http://127.0.0.1:4711/", "http://[::1]:4711/abc"] {
        assert!(Loopback::parse(good).is_ok(), "{good}");
    }
    for bad in [
        "https://127.0.0.1:4711/",
        "http://127.0.0.1/",
        "http://localhost:4711/",
        "http://127.0.0.1.evil.example:4711/",
        "http://evil.example:4711/",
        "http://user@127.0.0.1:4711/",
        "http://127.0.0.1:4711/?a=b",
        "http://127.0.0.1:4711/#a",
        "http://10.0.0.1:4711/",
        "javascript:alert(1)",
    ] {
        assert!(Loopback::parse(bad).is_err(), "{bad}");
    }
}
