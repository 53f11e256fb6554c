//! One statement for each rule, that breaks only that rule; and what no change gets past.

use super::*;
use crate::credential::claim::Claim;
use crate::credential::sample::{NOW, Party, keys, object};
use crate::credential::{Credential, draft};
use crate::encoding::cbor::{CborError, Context};
use crate::status::list::{self, ListError};
use crate::status::statement::StatementError;
use crate::status::why::Code;
use crate::wire::bounds;
use serde_json::{Value, json};

const NET: &str = "test";
const CLOSED: Why = Why::AccountClosed;

fn flip(index: u64) -> Flip {
    Flip { index, code: CLOSED.code() }
}

fn north() -> Party {
    Party::new(1)
}

fn read_list(signed: Value) -> Result<List, ListError> {
    let text = draft::to_bytes(&signed);
    let credential = Credential::parse_within(&text, bounds::STATUS_LIST).unwrap();
    List::read(&Claim::verify(credential, &keys(&[north()])).unwrap())
}

fn signed_list(purpose: Purpose) -> Value {
    let draft = list::Draft {
        issuer: &north().did,
        url: "https://north.example/status/1",
        purpose,
        bits: &Bits::new(0),
        sequence: 0,
        statement: None,
        issued: NOW.minus(60),
        valid_until: NOW.plus(3600),
    };
    draft.sign(&north().key)
}

fn ledger(purpose: Purpose) -> Ledger {
    Ledger::start(&read_list(signed_list(purpose)).unwrap())
}

fn at(seconds: u64) -> Times {
    let issued = NOW.plus(seconds);
    Times { issued, valid_until: issued.plus(3600), effective_at: NOW }
}

fn one(ledger: &Ledger, index: u64, value: bool, seconds: u64) -> (Statement, Ledger) {
    let wanted = BTreeMap::from([(index, value)]);
    let (mut statements, after) =
        ledger.sign(&wanted, CLOSED, at(seconds), NET, &north().key).unwrap();
    (statements.remove(0), after)
}

/// A statement of North's that says exactly this.
fn said(body: &Body) -> Statement {
    let signed = Signed::parse(&body.seal(NET, &north().key), NET).unwrap();
    signed.authorize(|_, _| true).unwrap()
}

#[test]
fn a_ledger_follows_what_an_attestor_signs() {
    let start = ledger(Purpose::Revocation);
    let (revoke, signed) = one(&start, 70_000, true, 1);
    let (beat, _) = signed.sign(&BTreeMap::new(), CLOSED, at(900), NET, &north().key).unwrap();
    let followed = start.append(&revoke, NOW).unwrap();
    assert_eq!(followed, signed);
    assert_eq!(followed.state().is_set(70_000), Some(true));
    assert_eq!((followed.state().sequence(), followed.state().as_of()), (1, NOW.plus(1)));
    let beaten = followed.append(&beat[0], NOW.plus(900)).unwrap();
    assert_eq!((beaten.state().sequence(), beaten.state().as_of()), (1, NOW.plus(900)));
    assert_eq!(beaten.state().effective_at(), Some(NOW));
    assert!(revoke.sealed().len() <= 256, "{} bytes", revoke.sealed().len());
}

/// Signs the whole list as `state` has it.
fn listed(state: &State) -> List {
    let draft = list::Draft {
        issuer: &north().did,
        url: "https://north.example/status/1",
        purpose: Purpose::Revocation,
        bits: state.bits(),
        sequence: state.sequence(),
        statement: state.tip(),
        issued: NOW.plus(2),
        valid_until: NOW.plus(3600),
    };
    read_list(draft.sign(&north().key)).unwrap()
}

#[test]
fn a_list_goes_on_where_its_statements_stand() {
    let (_, ledger) = one(&ledger(Purpose::Revocation), 5, true, 1);
    let (next, _) = one(&ledger, 6, true, 3);
    let restarted = Ledger::start(&listed(ledger.state()));
    assert_eq!(restarted.append(&next, NOW).unwrap().state().sequence(), 2);
}

#[test]
fn why_a_bit_is_set_is_known_from_statements_and_not_from_a_list() {
    let (_, first) = one(&ledger(Purpose::Revocation), 5, true, 1);
    assert_eq!((first.state().why(5), first.state().why(6)), (Some(CLOSED), None));
    let (_, second) = one(&first, 6, true, 2);
    let newer = listed(second.state());
    let started = Ledger::start(&newer);
    assert_eq!((started.state().is_set(5), started.state().why(5)), (Some(true), None));
    let again = first.restart(&newer);
    assert_eq!((again.state().why(5), again.state().why(6)), (Some(CLOSED), None));
    // A list on which the bit is not set takes the reason with it.
    let cleared = first.restart(&read_list(signed_list(Purpose::Revocation)).unwrap());
    assert_eq!(cleared.state().why(5), None);
}

/// The signed bytes of a statement whose payload is changed here and there, under a signature that holds.
fn with_payload(body: &Body, change: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let sealed = body.seal(NET, &north().key);
    // An array of two byte strings: the payload, with two bytes for its length, and 64 of signature.
    let mut payload = sealed[3..sealed.len().saturating_sub(66)].to_vec();
    change(&mut payload);
    let signature = north().key.sign(&Context { network: NET, kind: "status" }.message(&payload));
    let mut again = vec![0x82, 0x58, u8::try_from(payload.len()).unwrap()];
    again.extend(payload);
    again.extend([0x58, 64]);
    again.extend(signature.as_bytes());
    again
}

fn is_miscoded<T>(read: &Result<T, StatementError>) -> bool {
    let expected = "a code for each bit, and one that says something";
    matches!(
        read,
        Err(StatementError::Cbor(CborError::Malformed { expected: found, .. })) if *found == expected
    )
}

#[test]
fn a_code_for_each_bit_or_none_at_all() {
    let (good, _) = one(&ledger(Purpose::Revocation), 5, true, 1);
    let told = [0x81, 5, 0x41, 16];
    let with = |codes: &[u8]| {
        let bytes = with_payload(good.body(), |payload| {
            let at = payload.windows(told.len()).position(|found| found == told).unwrap();
            payload.splice(at + 2..at + told.len(), codes.iter().copied());
        });
        Signed::parse(&bytes, NET).map(|signed| signed.unauthorized().flips.clone())
    };
    let refused = |codes: &[u8]| {
        assert!(is_miscoded(&with(codes)), "{codes:?}");
    };
    assert_eq!(with(&[0x41, 16]), Ok(vec![flip(5)]));
    refused(&[0x40]);
    refused(&[0x42, 16, 16]);
    // What says nothing has a shorter spelling.
    refused(&[0x41, 0]);
    assert!(with(&[]).is_err(), "ten members, and nine are there");

    // One of a later table is no fault: it reads as unspecified, and hashes as it was signed.
    let later = Flip { index: 5, code: Code::from_number(200) };
    assert_eq!(with(&[0x41, 200]), Ok(vec![later]));
    let body = Body { flips: vec![later], ..good.body().clone() };
    let signed = Signed::parse(&body.seal(NET, &north().key), NET).unwrap();
    assert_eq!(signed.unauthorized().flips, [later]);
    assert_eq!(later.code.why(), Why::Unspecified);
    assert_ne!(signed.unauthorized().content_hash(), good.body().content_hash());
    let followed = ledger(Purpose::Revocation).append(&said(&body), NOW).unwrap();
    assert_eq!((followed.state().is_set(5), followed.state().why(5)), (Some(true), None));
}

#[test]
fn a_heartbeat_has_no_codes() {
    let (beat, _) = ledger(Purpose::Revocation)
        .sign(&BTreeMap::new(), CLOSED, at(1), NET, &north().key)
        .unwrap();
    let body = beat[0].body();
    let with = |members: u8, codes: &[u8]| {
        let bytes = with_payload(body, |payload| {
            // `[[nine members, the last an empty array], [times, ...`
            payload[1] = 0x80 | members;
            let at = payload.windows(2).position(|found| found == [0x80, 0x82]).unwrap();
            payload.splice(at + 1..at + 1, codes.iter().copied());
        });
        Signed::parse(&bytes, NET).map(drop)
    };
    assert_eq!(with(9, &[]), Ok(()));
    assert!(is_miscoded(&with(10, &[0x40])));
}

#[test]
fn many_revocations_are_several_small_statements() {
    let start = ledger(Purpose::Revocation);
    let wanted = (0..1000).map(|n| (n * 131, true)).collect();
    let (statements, signed) = start.sign(&wanted, CLOSED, at(1), NET, &north().key).unwrap();
    assert_eq!(statements.len(), 9);
    assert!(statements.iter().all(|one| one.sealed().len() <= bounds::STATEMENT));
    let followed = statements.iter().fold(start, |ledger, next| ledger.append(next, NOW).unwrap());
    assert_eq!(followed, signed);
    assert!(wanted.keys().all(|index| followed.state().is_set(*index) == Some(true)));
    assert!(wanted.keys().all(|index| followed.state().why(*index) == Some(CLOSED)));
    // The most, with the widest of everything, stay small enough for gossip.
    let flips = (1..=u64::try_from(MOST_FLIPS).unwrap()).map(|n| flip(n << 16)).collect();
    let wide = Body {
        list: u64::MAX,
        from: u64::MAX - 1,
        to: u64::MAX,
        previous: Some([9; 32]),
        effective_at: Timestamp::MAX,
        issued: Timestamp::MAX,
        valid_until: Timestamp::MAX,
        flips,
        ..statements[0].body().clone()
    };
    assert!(said(&wide).sealed().len() <= bounds::STATEMENT);
}

#[test]
fn a_suspension_is_lifted_and_a_revocation_is_not() {
    let (_, suspended) = one(&ledger(Purpose::Suspension), 5, true, 1);
    let (lift, _) = one(&suspended, 5, false, 2);
    assert_eq!(suspended.append(&lift, NOW).unwrap().state().is_set(5), Some(false));

    let (_, revoked) = one(&ledger(Purpose::Revocation), 5, true, 1);
    let wanted = BTreeMap::from([(5, false)]);
    let refused = revoked.sign(&wanted, CLOSED, at(2), NET, &north().key);
    assert_eq!(refused.unwrap_err(), LedgerError::Unrevoked { index: 5 });
    let body = Body {
        previous: revoked.state().tip(),
        bits: Bits::new(0).hash(),
        purpose: Purpose::Revocation,
        ..lift.body().clone()
    };
    assert_eq!(revoked.append(&said(&body), NOW), Err(LedgerError::Unrevoked { index: 5 }));
}

#[test]
fn revoking_twice_is_a_heartbeat() {
    let (_, revoked) = one(&ledger(Purpose::Revocation), 5, true, 1);
    let (again, _) = one(&revoked, 5, true, 2);
    assert!(again.body().is_heartbeat());
}

#[test]
fn a_statement_that_does_not_follow_is_not_taken() {
    let start = ledger(Purpose::Revocation);
    let (first, second) = one(&start, 5, true, 1);
    let (third, _) = one(&second, 6, true, 2);
    assert_eq!(start.append(&third, NOW), Err(LedgerError::Gap { have: 0, from: 1 }));
    let third = second.append(&third, NOW).unwrap();
    assert_eq!(third.append(&first, NOW), Err(LedgerError::Old { have: 2, found: 1 }));
    assert_eq!(second.append(&first, NOW), Err(LedgerError::Old { have: 1, found: 1 }));
    let (early, _) = one(&start, 5, true, 301);
    assert!(matches!(start.append(&early, NOW), Err(LedgerError::Early { .. })));
    let other = ledger(Purpose::Suspension);
    assert_eq!(other.append(&first, NOW), Err(LedgerError::AnotherList));
}

#[test]
fn a_statement_must_lead_where_it_says() {
    let start = ledger(Purpose::Revocation);
    let (good, _) = one(&start, 5, true, 1);
    let beyond = Body { flips: vec![flip(1 << 40)], ..good.body().clone() };
    let refused = start.append(&said(&beyond), NOW);
    assert_eq!(refused, Err(LedgerError::OutOfRange { index: 1 << 40 }));
    let other = Body { flips: vec![flip(6)], ..good.body().clone() };
    assert_eq!(start.append(&said(&other), NOW), Err(LedgerError::OtherBits { sequence: 1 }));
}

fn contradict(one: &Statement, other: &Statement) -> bool {
    Word::from(one.body()).contradicts(&Word::from(other.body())).is_some()
}

#[test]
fn two_statements_for_one_sequence_prove_a_fork() {
    let start = ledger(Purpose::Revocation);
    let (one_way, stands) = one(&start, 5, true, 1);
    let (other_way, elsewhere) = one(&start, 6, true, 2);
    // Another reason for the same bit is another history, too.
    let otherwise = Flip { index: 5, code: Why::SubjectAsked.code() };
    let otherwise = said(&Body { flips: vec![otherwise], ..one_way.body().clone() });
    assert!(matches!(stands.append(&otherwise, NOW), Err(LedgerError::Forked(_))));
    let fork = Fork { first: one_way.sealed().to_vec(), second: other_way.sealed().to_vec() };
    assert_eq!(stands.append(&other_way, NOW), Err(LedgerError::Forked(Box::new(fork))));
    assert!(contradict(&one_way, &other_way));

    // One that builds on the other way, and a heartbeat of it.
    let (on_it, _) = one(&elsewhere, 7, true, 3);
    assert!(matches!(stands.append(&on_it, NOW), Err(LedgerError::Forked(_))));
    let (beat, _) = elsewhere.sign(&BTreeMap::new(), CLOSED, at(9), NET, &north().key).unwrap();
    assert!(matches!(stands.append(&beat[0], NOW), Err(LedgerError::Forked(_))));
    assert!(contradict(&beat[0], &one_way) && !contradict(&beat[0], &other_way));

    // The same statement signed again, later and with another key, is none.
    let again = Body { issued: NOW.plus(4), ..one_way.body().clone() };
    assert!(!contradict(&said(&again), &one_way));
    assert_eq!(stands.append(&said(&again), NOW).unwrap().state().as_of(), NOW.plus(4));
}

#[test]
fn a_statement_that_is_none_is_refused() {
    let (good, _) = one(&ledger(Purpose::Revocation), 5, true, 1);
    let parse = |body: Body| Signed::parse(&body.seal(NET, &north().key), NET).map(drop);
    let body = good.body().clone();
    assert_eq!(parse(body.clone()), Ok(()));
    let refused = parse(Body { to: 2, ..body.clone() });
    assert_eq!(refused, Err(StatementError::BadSequence), "it skips one");
    let refused = parse(Body { flips: vec![], ..body.clone() });
    assert_eq!(refused, Err(StatementError::BadSequence), "a heartbeat that moves");
    let refused = parse(Body { previous: Some([0; 32]), ..body.clone() });
    assert_eq!(refused, Err(StatementError::BadSequence), "something before the first");
    let refused = parse(Body { from: 1, to: 2, ..body.clone() });
    assert_eq!(refused, Err(StatementError::BadSequence), "nothing before the second");
    let second = Body { from: 1, to: 2, previous: Some([0; 32]), ..body.clone() };
    assert_eq!(parse(second), Ok(()));
    let refused = parse(Body { valid_until: NOW, ..body.clone() });
    assert_eq!(refused, Err(StatementError::EndsBeforeItBegins));
    let refused = parse(Body { flips: vec![flip(5), flip(5)], ..body.clone() });
    assert!(refused.is_ok(), "a bit named twice is written as the next one");
    let many = (0..1000).map(|n| flip(n * 100)).collect();
    let refused = parse(Body { flips: many, ..body });
    assert!(matches!(refused, Err(StatementError::Cbor(CborError::TooLong { .. }))));

    let other = Signed::parse(good.sealed(), "another");
    assert_eq!(other, Err(StatementError::Cbor(CborError::BadSignature)));
    let signed = Signed::parse(good.sealed(), NET).unwrap();
    let refused = signed.authorize(|issuer, _| *issuer != north().scid());
    assert!(matches!(refused, Err(StatementError::Unauthorized { .. })));
}

/// A statement of North's with another number for its purpose, signed like that.
fn with_purpose(code: u8) -> Result<Purpose, StatementError> {
    let (good, _) = one(&ledger(Purpose::Revocation), 5, true, 1);
    // [[...], ...], as bytes in an array beside their signature; the number of the list is before it.
    let length = usize::from(good.sealed()[2]);
    let mut payload = good.sealed()[3..3 + length].to_vec();
    assert_eq!((payload[..4].to_vec(), payload[36]), (vec![0x83, 0x8a, 0x58, 0x20], 1));
    payload[37] = code;
    let signature = north().key.sign(&Context { network: NET, kind: "status" }.message(&payload));
    let sealed = [&good.sealed()[..3], &payload, &[0x58, 64], signature.as_bytes()].concat();
    Signed::parse(&sealed, NET).map(|signed| signed.unauthorized().purpose)
}

#[test]
fn a_statement_of_a_purpose_that_is_none_is_refused() {
    assert_eq!(with_purpose(0), Ok(Purpose::Revocation));
    assert_eq!(with_purpose(1), Ok(Purpose::Suspension));
    for code in [2, 3, 23] {
        let refused = with_purpose(code);
        assert!(
            matches!(refused, Err(StatementError::Cbor(CborError::Malformed { .. }))),
            "{code}"
        );
    }
}

#[test]
fn no_changed_byte_of_a_statement_goes_unnoticed() {
    let (good, _) = one(&ledger(Purpose::Revocation), 5, true, 1);
    let mut bytes = good.sealed().to_vec();
    for at in 0..bytes.len() {
        for bit in 0..8 {
            bytes[at] ^= 1 << bit;
            assert!(Signed::parse(&bytes, NET).is_err(), "byte {at}, bit {bit}");
            bytes[at] ^= 1 << bit;
        }
    }
}

#[test]
fn a_credential_that_is_no_list_is_refused() {
    assert!(read_list(signed_list(Purpose::Revocation)).is_ok());
    let with = |change: &dyn Fn(&mut serde_json::Map<String, Value>)| {
        let mut document = object(signed_list(Purpose::Revocation));
        let proof = object(document.remove("proof").unwrap());
        change(&mut document);
        let proof = crate::proof::eddsa_jcs_2022::sign(&document, proof, &north().key);
        document.insert("proof".to_owned(), Value::Object(proof));
        read_list(Value::Object(document)).map(drop)
    };
    let says = |member: &'static str, value: Value| {
        with(&|document| {
            document["credentialSubject"][member] = value.clone();
        })
    };
    let kind =
        with(&|document| drop(document.insert("type".into(), json!("VerifiableCredential"))));
    assert_eq!(kind, Err(ListError::NotAList));
    assert_eq!(says("type", json!("List")), Err(ListError::NotAList));
    assert_eq!(says("statusPurpose", json!("message")), Err(ListError::UnknownPurpose));
    assert_eq!(says("sequence", json!("0")), Err(ListError::NoSequence));
    assert_eq!(says("sequence", json!(1)), Err(ListError::NoSequence));
    assert_eq!(says("statement", json!("AA")), Err(ListError::NoSequence));
    let named = with(&|document| drop(document.insert("id".into(), json!("urn:list:1"))));
    assert_eq!(named, Err(ListError::NoNumber));
    for member in ["validFrom", "validUntil"] {
        let endless = with(&|document| drop(document.remove(member)));
        assert_eq!(endless, Err(ListError::NoPeriod), "{member}");
    }
    assert!(matches!(says("encodedList", json!("u")), Err(ListError::Bits(_))));
}
