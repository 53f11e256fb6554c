//! One input for each rule, that breaks only that rule; and what no change gets past.

use super::claim::Claim;
use super::draft::{self, Audience};
use super::presentation::{Presentation, Shown};
use super::profile::{self, Profile};
use super::sample::{DAY, NOW, Party, keys, object};
use super::showcase::{self, Showcase};
use super::{Credential, CredentialError, Moment};
use crate::key::SecretKey;
use crate::proof::{ProofError, Purpose};
use crate::status;
use crate::verdict::Verdict;
use serde_json::{Map, Value, json};

fn north() -> Party {
    Party::new(1)
}

fn ada() -> Party {
    Party::new(9)
}

/// North's claim about Ada after `change` was made and signed.
fn signed_after(
    change: impl FnOnce(&mut Map<String, Value>),
) -> Result<Credential, CredentialError> {
    let mut document = object(north().draft(&ada().did, 7).sign(&north().key, NOW));
    let mut proof = object(document.remove("proof").unwrap());
    proof.remove("proofValue");
    change(&mut document);
    let proof = crate::proof::eddsa_jcs_2022::sign(&document, proof, &north().key);
    document.insert("proof".to_owned(), Value::Object(proof));
    let credential = Credential::from_value(Value::Object(document))?;
    Claim::verify(credential.clone(), &keys(&[north()]))?;
    Ok(credential)
}

fn with(member: &str, value: Value) -> Result<Credential, CredentialError> {
    signed_after(|document| drop(document.insert(member.to_owned(), value)))
}

#[test]
fn a_claim_reads_as_it_was_drafted() {
    let draft = north().draft(&ada().did, 7);
    let claim = north().claim(&ada().did, 7);
    assert_eq!(claim.types(), ["VerifiableCredential", "PaymentAccountVerified"]);
    assert_eq!(claim.issuer(), &north().did);
    assert_eq!(claim.subject(), Some(&ada().did));
    assert_eq!(claim.subject_id(), Some(ada().did.as_str()));
    assert_eq!(claim.says(), &draft.subject);
    assert_eq!((claim.status(), claim.evidence()), (&draft.status[..], &draft.evidence[..]));
    let text = draft::to_bytes(&claim.to_value());
    assert_eq!(&Credential::parse(&text).unwrap(), claim.credential());
    assert!(text.len() < 1800, "{} bytes", text.len());
}

#[test]
fn reads_what_the_standard_allows_besides() {
    let issuer = json!({ "id": north().did, "name": "North" });
    assert_eq!(with("issuer", issuer).unwrap().issuer(), &north().did);
    let one = json!([{ "id": ada().did, "a": 1 }]);
    assert_eq!(with("credentialSubject", one).unwrap().says()["a"], json!(1));
    let schema = json!({ "id": "https://a.example/schema", "type": "JsonSchema" });
    assert!(with("credentialSchema", schema).is_ok());
    assert!(signed_after(|document| drop(document.remove("validFrom"))).is_ok());
    assert!(with("somethingNew", json!({ "any": ["thing"] })).is_ok());
}

#[test]
fn refuses_a_credential_without_what_the_standard_requires() {
    for missing in ["@context", "type", "issuer", "credentialSubject"] {
        let refused = signed_after(|document| drop(document.remove(missing)));
        let found =
            matches!(refused, Err(CredentialError::Missing { member }) if member == missing);
        assert!(found, "{missing}: {refused:?}");
    }
    let unsigned = json!({ "@context": [], "type": [] });
    let unsigned = Credential::from_value(unsigned);
    assert!(matches!(unsigned, Err(CredentialError::Missing { member: "proof" })));
}

/// Refused, and for this reason and no other.
fn refused_because<T: core::fmt::Debug>(read: Result<T, CredentialError>, why: &str) {
    let error = read.expect_err(why);
    assert_eq!(error.to_string(), why);
    assert_eq!(error.verdict(), Verdict::Reject, "{why}");
}

#[test]
fn refuses_a_member_that_is_not_what_the_standard_says() {
    let context =
        "an @context is neither known nor inline, or the first is not that of the standard";
    let dated = |time: &str| json!([{ "check_method": "data", "time": time }]);
    let listed = north().draft(&ada().did, 7).status[0].to_value();
    let types = [vec!["VerifiableCredential"], vec!["Claim"; 64]].concat();
    for (name, value, why) in [
        ("@context", json!(["https://tracker.example"]), context),
        ("type", json!(["PaymentAccountVerified"]), "not a VerifiableCredential"),
        ("type", json!(["VerifiableCredential", 7]), "`type` is not what it should be"),
        ("id", json!("no url"), "`id` is not what it should be"),
        ("id", json!(7), "`id` is not what it should be"),
        ("issuer", json!("https://north.example"), "`issuer` is not what it should be"),
        ("issuer", json!({ "name": "North" }), "`issuer` is not what it should be"),
        ("issuer", json!([north().did]), "`issuer` is not what it should be"),
        ("validFrom", json!("2026-11-22"), "`validFrom` is not what it should be"),
        ("validUntil", json!(1_795_332_600), "`validUntil` is not what it should be"),
        ("validUntil", json!("2020-01-01T00:00:00Z"), "it ends before it begins"),
        ("credentialSubject", json!({}), "`credentialSubject` is missing"),
        ("credentialSubject", json!([]), "`credentialSubject` is not what it should be"),
        (
            "credentialSubject",
            json!([{ "id": ada().did }, { "id": north().did }]),
            "`credentialSubject` is not what it should be",
        ),
        ("credentialSubject", json!({ "id": "Ada" }), "`id` is not what it should be"),
        (
            "credentialStatus",
            json!({ "type": "StatusList2021Entry" }),
            "a credentialStatus is not a BitstringStatusListEntry",
        ),
        (
            "credentialStatus",
            json!("https://north.example/status/1"),
            "`credentialStatus` is not what it should be",
        ),
        ("credentialSchema", json!({ "type": "JsonSchema" }), "`id` is missing"),
        ("credentialSchema", json!({ "id": "https://a.example/schema" }), "`type` is missing"),
        ("evidence", json!({ "check_details": [] }), "`type` is missing"),
        (
            "evidence",
            json!({ "type": "vouch", "check_details": [{ "time": "2026-11-22T07:30:00Z" }] }),
            "`check_method` is missing",
        ),
        (
            "evidence",
            json!({ "type": "vouch", "check_details": dated("2026-11-22") }),
            "`time` is not what it should be",
        ),
        (
            "evidence",
            json!({ "type": "vouch", "rule": "paypal" }),
            "`rule` is not what it should be",
        ),
        (
            "evidence",
            Value::Array(vec![json!({ "type": "vouch" }); 65]),
            "`evidence` has more than 64 members",
        ),
        (
            "credentialStatus",
            Value::Array(vec![listed.clone(); 65]),
            "`credentialStatus` has more than 64 members",
        ),
        ("type", json!(types[..65]), "`type` has more than 64 members"),
        ("termsOfUse", json!([{ "id": "urn:terms" }]), "`type` is missing"),
        ("refreshService", json!([{ "id": "urn:again" }]), "`type` is missing"),
    ] {
        refused_because(with(name, value), why);
    }
    let most = Value::Array(vec![json!({ "type": "vouch" }); 64]);
    assert!(with("evidence", most).is_ok());
    assert!(with("credentialStatus", Value::Array(vec![listed; 64])).is_ok());
    assert!(with("type", json!(types[..64])).is_ok());
    let dated = json!({ "type": "vouch", "check_details": dated("2026-11-22T07:30:00Z") });
    assert!(with("evidence", dated).is_ok());
    let moment = json!(NOW.minus(DAY));
    assert!(with("validUntil", moment).is_ok(), "it may end in the moment it begins");
}

#[test]
fn a_document_has_one_proof() {
    let claim = object(north().claim(&ada().did, 7).to_value());
    let shown = object(present(&ada(), &[]).to_value());
    for (mut document, is_claim) in [(claim, true), (shown, false)] {
        let proof = document.remove("proof").unwrap();
        for proofs in [json!([proof]), json!([proof, proof]), json!([])] {
            document.insert("proof".to_owned(), proofs);
            let document = Value::Object(document.clone());
            let read = if is_claim {
                Credential::from_value(document).map(drop)
            } else {
                Presentation::parse(&draft::to_bytes(&document)).map(drop)
            };
            refused_because(read, "a proof is not an object");
        }
    }
}

/// Ada's presentation of North's claim after `change` was made and signed.
fn shown_after(change: impl FnOnce(&mut Map<String, Value>)) -> Result<Shown, CredentialError> {
    let mut document = object(present(&ada(), &[small()]).to_value());
    let proof = object(document.remove("proof").unwrap());
    change(&mut document);
    let proof = crate::proof::eddsa_jcs_2022::sign(&document, proof, &ada().key);
    document.insert("proof".to_owned(), Value::Object(proof));
    let shown = Presentation::parse(&draft::to_bytes(&Value::Object(document)))?;
    Shown::verify(shown, "nonce", "did:shop", NOW, &keys(&[ada()]))
}

/// A claim of which sixty-five fit into a presentation.
fn small() -> Credential {
    let draft = draft::Draft {
        id: None,
        types: Vec::new(),
        status: Vec::new(),
        evidence: Vec::new(),
        subject: object(json!({ "adult": true })),
        ..north().draft(&ada().did, 7)
    };
    north().sign(&draft)
}

#[test]
fn refuses_a_presentation_without_what_the_standard_requires() {
    assert!(shown_after(|_| {}).is_ok());
    for missing in ["@context", "type", "holder"] {
        let refused = shown_after(|document| drop(document.remove(missing)));
        refused_because(refused, &format!("`{missing}` is missing"));
    }
    assert!(shown_after(|document| drop(document.remove("verifiableCredential"))).is_ok());
    let mut unsigned = object(present(&ada(), &[]).to_value());
    unsigned.remove("proof");
    let unsigned = Presentation::parse(&draft::to_bytes(&Value::Object(unsigned)));
    refused_because(unsigned, "`proof` is missing");
}

#[test]
fn refuses_a_presentation_with_a_member_that_is_not_what_the_standard_says() {
    let claim = small().to_value();
    let mut untyped = object(claim.clone());
    untyped.insert("type".to_owned(), json!(["Claim"]));
    for (name, value, why) in [
        (
            "@context",
            json!(["https://tracker.example"]),
            "an @context is neither known nor inline, or the first is not that of the standard",
        ),
        ("type", json!(["Presentation"]), "not a VerifiablePresentation"),
        ("type", json!(["VerifiablePresentation", 7]), "`type` is not what it should be"),
        ("id", json!("no url"), "`id` is not what it should be"),
        ("id", json!(7), "`id` is not what it should be"),
        ("holder", json!("https://ada.example"), "`holder` is not what it should be"),
        ("holder", json!({ "name": "Ada" }), "`holder` is not what it should be"),
        ("holder", json!([ada().did]), "`holder` is not what it should be"),
        (
            "verifiableCredential",
            json!("urn:claim"),
            "`verifiableCredential` is not what it should be",
        ),
        (
            "verifiableCredential",
            json!([claim, "urn:claim"]),
            "`verifiableCredential` is not what it should be",
        ),
        (
            "verifiableCredential",
            Value::Array(vec![claim.clone(); 65]),
            "`verifiableCredential` has more than 64 members",
        ),
        ("verifiableCredential", json!([claim, untyped]), "not a VerifiableCredential"),
    ] {
        let refused = shown_after(|document| drop(document.insert(name.to_owned(), value)));
        refused_because(refused, why);
    }
    let with = |name: &str, value: Value| {
        shown_after(|document| drop(document.insert(name.to_owned(), value)))
    };
    assert!(with("verifiableCredential", Value::Array(vec![claim.clone(); 64])).is_ok());
    assert!(with("verifiableCredential", claim).is_ok(), "one is a list of one");
    assert!(with("holder", json!({ "id": ada().did, "name": "Ada" })).is_ok());
    assert!(with("id", json!("urn:shown:1")).is_ok());
}

/// North's claim about Ada after its proof was changed and signed again.
fn proved_after(change: impl FnOnce(&mut Map<String, Value>)) -> Result<Claim, CredentialError> {
    let mut document = object(north().draft(&ada().did, 7).sign(&north().key, NOW));
    let mut proof = object(document.remove("proof").unwrap());
    proof.remove("proofValue");
    change(&mut proof);
    let proof = crate::proof::eddsa_jcs_2022::sign(&document, proof, &north().key);
    document.insert("proof".to_owned(), Value::Object(proof));
    Claim::verify(Credential::from_value(Value::Object(document))?, &keys(&[north()]))
}

/// Data Integrity 1.0, section 4.5: a proof does not hold without those it stands on.
#[test]
fn a_proof_that_stands_on_another_does_not_hold_alone() {
    let why = "`previousProof` names a proof that is not in the document";
    let previous = |proof: &mut Map<String, Value>| {
        drop(proof.insert("previousProof".to_owned(), json!("urn:another")));
    };
    assert!(proved_after(|_| {}).is_ok());
    refused_because(proved_after(previous), why);
    refused_because(presented_after(previous), why);
}

#[test]
fn a_claim_ends_with_its_proof_if_that_ends_first() {
    let ending = |until: crate::time::Timestamp| {
        let claim = proved_after(|proof| drop(proof.insert("expires".to_owned(), json!(until))));
        claim.unwrap().period().until
    };
    assert_eq!(ending(NOW.plus(DAY)), Some(NOW.plus(DAY)));
    assert_eq!(ending(NOW.plus(90 * DAY)), Some(NOW.plus(30 * DAY)));
}

#[test]
fn only_a_key_that_stands_for_the_issuer_signs_a_claim() {
    let credential = north().sign(&north().draft(&ada().did, 7));
    let verify = |credential: &Credential, parties: &[Party]| {
        Claim::verify(credential.clone(), &keys(parties)).map(drop)
    };
    assert!(verify(&credential, &[north()]).is_ok());
    let unknown = verify(&credential, &[ada()]).unwrap_err();
    assert!(matches!(unknown, CredentialError::Proof(ProofError::UnknownKey)));
    assert_eq!(unknown.verdict(), Verdict::Ignore);

    // Signed by somebody else's key in somebody else's name.
    let mut forged = north().draft(&ada().did, 7);
    forged.issuer = ada().did;
    let mut forged = object(forged.sign(&ada().key, NOW));
    forged.insert("issuer".to_owned(), json!(north().did));
    let forged = Credential::from_value(Value::Object(forged)).unwrap();
    let refused = verify(&forged, &[north(), ada()]);
    assert!(matches!(refused, Err(CredentialError::NotTheirKey)));

    // The right name of the key, and another key behind it.
    let impostor = Party { key: SecretKey::from_seed([77; 32]), ..north() };
    let method = north().did.with_fragment(&impostor.key.public().to_multikey());
    let key = north().key.public();
    let forged = impostor.sign(&impostor.draft(&ada().did, 7));
    let refused = Claim::verify(forged, &|_, url| (url == method).then_some(key));
    assert!(matches!(refused, Err(CredentialError::Proof(ProofError::BadSignature))));
}

#[test]
fn a_key_for_logging_in_signs_no_claim() {
    let credential = north().sign(&north().draft(&ada().did, 7));
    let key = north().key.public();
    let only = |allowed| move |purpose, _: &str| (purpose == allowed).then_some(key);
    assert!(Claim::verify(credential.clone(), &only(Purpose::AssertionMethod)).is_ok());
    let refused = Claim::verify(credential, &only(Purpose::Authentication));
    assert!(matches!(refused, Err(CredentialError::Proof(ProofError::UnknownKey))));
    let purpose = |named: &'static str| {
        move |proof: &mut Map<String, Value>| {
            drop(proof.insert("proofPurpose".to_owned(), json!(named)));
        }
    };
    let refused = presented_after(purpose("assertionMethod"));
    assert!(matches!(refused, Err(CredentialError::WrongPurpose { expected: "authentication" })));
    // The same key may do both: what it was asked to sign says which of them it did.
    let refused = proved_after(purpose("authentication"));
    assert!(matches!(refused, Err(CredentialError::WrongPurpose { expected: "assertionMethod" })));
}

#[test]
fn a_moved_issuer_is_named_by_a_did_it_has_had() {
    let moved: crate::did::Did =
        format!("did:webvh:{}:north.example", north().scid()).parse().unwrap();
    let mut document = object(north().draft(&ada().did, 7).sign(&north().key, NOW));
    let mut proof = object(document.remove("proof").unwrap());
    document.insert("issuer".to_owned(), json!(moved));
    proof.remove("proofValue");
    let proof = crate::proof::eddsa_jcs_2022::sign(&document, proof, &north().key);
    document.insert("proof".to_owned(), Value::Object(proof));
    let credential = Credential::from_value(Value::Object(document)).unwrap();
    let refused = Claim::verify(credential.clone(), &keys(&[north()]));
    assert!(matches!(refused, Err(CredentialError::NotTheirKey)));
    let both = [north(), Party { did: moved, ..north() }];
    assert!(Claim::verify(credential, &keys(&both)).is_ok());
}

#[test]
fn a_period_names_what_is_wrong_with_a_moment() {
    let period = north().claim(&ada().did, 7).period();
    let (from, until) = (NOW.minus(DAY), NOW.plus(30 * DAY));
    assert_eq!(period.at(NOW), Moment::Within);
    assert_eq!(period.at(from), Moment::Within);
    assert_eq!(period.at(from.minus(1)), Moment::Before { from });
    assert_eq!(period.at(until), Moment::After { until });
}

fn present(holder: &Party, credentials: &[Credential]) -> Presentation {
    let audience = Audience { challenge: "nonce", domain: "did:shop", created: NOW, life: 300 };
    let shown = draft::present(&holder.did, credentials, audience, &holder.key);
    Presentation::parse(&draft::to_bytes(&shown)).unwrap()
}

#[test]
fn a_presentation_is_for_one_challenge_one_domain_and_five_minutes() {
    let shown = present(&ada(), &[north().claim(&ada().did, 7).credential().clone()]);
    let verify = |challenge, domain, now| {
        Shown::verify(shown.clone(), challenge, domain, now, &keys(&[ada()]))
    };
    let held = verify("nonce", "did:shop", NOW).unwrap();
    assert_eq!((held.holder(), held.until()), (&ada().did, NOW.plus(300)));
    assert_eq!(held.credentials().len(), 1);
    let refused = verify("another", "did:shop", NOW);
    assert!(matches!(refused, Err(CredentialError::WrongChallenge)));
    let refused = verify("nonce", "did:lisbon", NOW);
    assert!(matches!(refused, Err(CredentialError::WrongDomain { .. })));
    let refused = verify("nonce", "did:shop", NOW.plus(300));
    assert!(matches!(refused, Err(CredentialError::Ended { .. })));
    let refused = verify("nonce", "did:shop", NOW.minus(301));
    assert!(matches!(refused, Err(CredentialError::TooLong { .. })));
    let nobodys = presented_after(|proof| drop(proof.insert("challenge".to_owned(), json!(""))));
    assert!(matches!(nobodys, Err(CredentialError::WrongChallenge)));
    let other_key = Shown::verify(shown.clone(), "nonce", "did:shop", NOW, &keys(&[north()]));
    assert!(matches!(other_key, Err(CredentialError::Proof(ProofError::UnknownKey))));
}

/// Ada's presentation after its proof was changed and signed again.
fn presented_after(change: impl FnOnce(&mut Map<String, Value>)) -> Result<Shown, CredentialError> {
    let mut document = object(present(&ada(), &[]).to_value());
    let mut proof = object(document.remove("proof").unwrap());
    change(&mut proof);
    let proof = crate::proof::eddsa_jcs_2022::sign(&document, proof, &ada().key);
    document.insert("proof".to_owned(), Value::Object(proof));
    let shown = Presentation::parse(&draft::to_bytes(&Value::Object(document)))?;
    Shown::verify(shown, "nonce", "did:shop", NOW, &keys(&[ada()]))
}

#[test]
fn a_presentation_without_its_bounds_is_refused() {
    assert!(presented_after(|_| {}).is_ok());
    let without = |member: &'static str| presented_after(move |proof| drop(proof.remove(member)));
    assert!(matches!(without("challenge"), Err(CredentialError::WrongChallenge)));
    assert!(matches!(without("domain"), Err(CredentialError::WrongDomain { .. })));
    assert!(matches!(without("expires"), Err(CredentialError::NoEnd)));
    let with = |member: &'static str, value: Value| {
        presented_after(move |proof| drop(proof.insert(member.to_owned(), value)))
    };
    let two = with("domain", json!(["did:shop", "did:lisbon"]));
    assert!(matches!(two, Err(CredentialError::WrongDomain { .. })), "it is for two");
    let long = with("expires", json!(NOW.plus(301)));
    assert!(matches!(long, Err(CredentialError::TooLong { .. })));
}

fn show(holder: &Party, credentials: &[Credential], version: u64) -> Presentation {
    let until = NOW.plus(100 * DAY);
    let shown = draft::publish(&holder.did, credentials, version, NOW, until, &holder.key);
    Showcase::parse(&draft::to_bytes(&shown)).unwrap()
}

#[test]
fn a_showcase_is_about_its_holder_and_meant_for_everybody() {
    let own = north().claim(&ada().did, 7).credential().clone();
    let shown = Showcase::verify(show(&ada(), &[own], 3), NOW, &keys(&[ada()])).unwrap();
    assert_eq!((shown.version(), shown.until()), (3, NOW.plus(100 * DAY)));
    assert_eq!(shown.holder(), &ada().did);

    let anothers = north().claim(&Party::new(10).did, 8).credential().clone();
    let refused = Showcase::verify(show(&ada(), &[anothers], 3), NOW, &keys(&[ada()]));
    assert!(matches!(refused, Err(CredentialError::AboutAnother)));

    let over = Showcase::verify(show(&ada(), &[], 3), NOW.plus(100 * DAY), &keys(&[ada()]));
    assert!(matches!(over, Err(CredentialError::Ended { .. })));
}

#[test]
fn a_showcase_is_no_answer_to_a_challenge_and_the_reverse() {
    let as_shown = Shown::verify(show(&ada(), &[], 1), "nonce", "did:shop", NOW, &keys(&[ada()]));
    assert!(matches!(as_shown, Err(CredentialError::WrongChallenge)));
    let as_showcase = Showcase::verify(present(&ada(), &[]), NOW, &keys(&[ada()]));
    assert!(matches!(as_showcase, Err(CredentialError::WrongType { .. })));
    let zero = draft::publish(&ada().did, &[], 0, NOW, NOW.plus(1), &ada().key);
    let zero = Showcase::parse(&draft::to_bytes(&zero));
    assert!(matches!(zero, Err(CredentialError::Malformed { member: "version" })));
    let for_one = showcase_after(|_, proof| drop(proof.insert("domain".into(), json!("did:shop"))));
    assert!(matches!(for_one, Err(CredentialError::WrongDomain { .. })));
    let type_of = |names: Value| {
        showcase_after(move |document, _| drop(document.insert("type".to_owned(), names)))
    };
    assert!(type_of(json!(["VerifiablePresentation", "Showcase"])).is_ok());
    for names in [json!("VerifiablePresentation"), json!(["VerifiablePresentation", "showcase"])] {
        let untyped = type_of(names);
        assert!(matches!(untyped, Err(CredentialError::WrongType { expected: "Showcase" })));
    }
}

/// Ada's showcase after it and its proof were changed and signed again.
fn showcase_after(
    change: impl FnOnce(&mut Map<String, Value>, &mut Map<String, Value>),
) -> Result<Showcase, CredentialError> {
    let mut document = object(show(&ada(), &[], 1).to_value());
    let mut proof = object(document.remove("proof").unwrap());
    change(&mut document, &mut proof);
    let proof = crate::proof::eddsa_jcs_2022::sign(&document, proof, &ada().key);
    document.insert("proof".to_owned(), Value::Object(proof));
    let shown = Showcase::parse(&draft::to_bytes(&Value::Object(document)))?;
    Showcase::verify(shown, NOW, &keys(&[ada()]))
}

#[test]
fn a_showcase_lasts_a_year_at_most() {
    let until = NOW.plus(2 * showcase::LONGEST);
    let shown = draft::publish(&ada().did, &[], 1, NOW, until, &ada().key);
    let shown = Showcase::parse(&draft::to_bytes(&shown)).unwrap();
    let shown = Showcase::verify(shown, NOW, &keys(&[ada()])).unwrap();
    assert_eq!(shown.until(), NOW.plus(showcase::LONGEST));
    assert_eq!(showcase::LONGEST, 365 * DAY);

    let until = |until: crate::time::Timestamp| {
        showcase_after(move |_, proof| drop(proof.insert("expires".to_owned(), json!(until))))
    };
    assert!(until(NOW.plus(showcase::LONGEST)).is_ok());
    let long = until(NOW.plus(showcase::LONGEST + 1));
    assert!(matches!(long, Err(CredentialError::TooLong { .. })));
    let endless = showcase_after(|_, proof| drop(proof.remove("expires")));
    assert!(matches!(endless, Err(CredentialError::NoEnd)));
}

fn profile() -> Profile {
    Profile {
        name: "North".to_owned(),
        offers: vec![profile::Offer {
            claim: "PaymentAccountVerified".to_owned(),
            evidence: "a sign-in at the provider".to_owned(),
            kept: vec!["a keyed hash of the account".to_owned()],
            rule: super::evidence::Rule { name: "paypal".to_owned(), version: 2 },
        }],
        lists: vec![profile::List { number: 1, purpose: status::Purpose::Revocation }],
        reach: vec![profile::Reach {
            url: "https://north.example".to_owned(),
            spki_sha256: Some([5; 32]),
        }],
    }
}

fn profile_claim(subject: &Party, says: Map<String, Value>) -> Claim {
    let mut draft = north().draft(&subject.did, 7);
    draft.types = vec![profile::TYPE.to_owned()];
    draft.subject = says;
    draft.subject.insert("id".to_owned(), json!(subject.did));
    Claim::verify(north().sign(&draft), &keys(&[north()])).unwrap()
}

#[test]
fn a_profile_reads_as_it_was_written() {
    let claim = profile_claim(&north(), profile().to_subject());
    assert_eq!(Profile::read(&claim).unwrap(), profile());
}

#[test]
fn a_profile_is_about_its_issuer() {
    let anothers = Profile::read(&profile_claim(&ada(), profile().to_subject()));
    assert!(matches!(anothers, Err(CredentialError::AboutAnother)));
    let none = Profile::read(&north().claim(&north().did, 7));
    assert!(matches!(none, Err(CredentialError::WrongType { .. })));
    let plain = json!([{ "url": "http://north.example" }]);
    let mut says = profile().to_subject();
    says.insert("reach".to_owned(), plain);
    let read = Profile::read(&profile_claim(&north(), says));
    refused_because(read, "`reach` is not what it should be");
}

/// Every single-byte change of a signed document is refused or changes nothing it means.
fn tampered(text: &[u8], verify: impl Fn(&[u8]) -> Option<Value>) {
    let meant = verify(text).unwrap();
    let mut text = text.to_vec();
    for at in 0..text.len() {
        let byte = text[at];
        for change in [byte ^ 1, byte ^ 0x20, b' ', b'0', b'"'] {
            text[at] = change;
            let accepted = verify(&text);
            let harmless = accepted.is_none_or(|read| read == meant);
            assert!(harmless, "byte {at}: {}", String::from_utf8_lossy(&text));
        }
        text[at] = byte;
    }
}

#[test]
fn no_changed_byte_of_a_claim_goes_unnoticed() {
    let text = draft::to_bytes(&north().claim(&ada().did, 7).to_value());
    tampered(&text, |text| {
        let credential = Credential::parse(text).ok()?;
        Claim::verify(credential, &keys(&[north()])).ok().map(|claim| claim.to_value())
    });
}

#[test]
fn no_changed_byte_of_a_presentation_goes_unnoticed() {
    let shown = present(&ada(), &[north().claim(&ada().did, 7).credential().clone()]);
    tampered(&draft::to_bytes(&shown.to_value()), |text| {
        let shown = Presentation::parse(text).ok()?;
        let shown = Shown::verify(shown, "nonce", "did:shop", NOW, &keys(&[ada()])).ok()?;
        Some(shown.presentation().to_value())
    });
}
