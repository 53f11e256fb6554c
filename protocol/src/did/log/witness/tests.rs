//! Every rule about witnesses and their file.

use super::*;
use crate::did::log::History;
use crate::did::log::tests::{NOW, key, ours, rotated, ruled};
use crate::encoding::jcs;

fn keys(seeds: &[u8]) -> Vec<PublicKey> {
    seeds.iter().map(|seed| key(*seed).public()).collect()
}

fn two_of_three() -> Rule {
    Rule::new(2, keys(&[70, 71, 72])).unwrap()
}

/// Three entries, all of which two of the witnesses 70, 71 and 72 must approve.
fn three() -> [History; 3] {
    let first = ours(Some(&two_of_three())).history;
    let second = rotated(&first, &key(2), 3).history;
    let third = rotated(&second, &key(3), 4).history;
    [first, second, third]
}

fn file(signed: &[(&History, u8)]) -> File {
    let mut file = File::default();
    for (history, seed) in signed {
        let version = history.version_id();
        file.add(version, &cosign(version, &key(*seed), NOW)).unwrap();
    }
    file
}

fn reach(log: &History, file: &File) -> u64 {
    log.witnessed(file).map_or(0, |standing| standing.number())
}

#[test]
fn a_proof_approves_its_entry_and_all_before() {
    let [first, second, third] = &three();
    assert_eq!(reach(third, &file(&[])), 0);
    assert_eq!(reach(third, &file(&[(third, 70), (third, 71)])), 3);
    assert_eq!(reach(third, &file(&[(third, 70), (second, 72)])), 2);
    assert_eq!(reach(third, &file(&[(third, 70), (first, 71)])), 1);
    assert_eq!(reach(third, &file(&[(third, 70)])), 0);
}

#[test]
fn a_proof_for_an_entry_that_is_not_in_the_log_says_nothing() {
    let [first, second, third] = &three();
    let file = file(&[(first, 70), (first, 71), (third, 70), (third, 71)]);
    assert_eq!(reach(second, &file), 1);
    assert_eq!(reach(third, &file), 3);
}

#[test]
fn a_witness_counts_once_and_a_stranger_never() {
    let [first, second, _] = &three();
    let later = NOW.plus(60);
    let version = second.version_id();
    let mut twice = file(&[(second, 70)]);
    twice.add(version, &cosign(version, &key(70), later)).unwrap();
    assert_eq!(reach(second, &twice), 0);
    assert_eq!(reach(second, &file(&[(second, 70), (second, 90)])), 0);
    assert_eq!(reach(second, &file(&[(first, 70), (second, 70), (first, 71)])), 1);
}

#[test]
fn a_proof_that_does_not_hold_is_left_out_of_the_count() {
    let [first, ..] = &three();
    let version = first.version_id();
    let good = cosign(version, &key(70), NOW);
    let multikey = |seed| key(seed).public().to_multikey();
    for (name, value) in [
        ("cryptosuite", json!("ecdsa-jcs-2019")),
        ("proofPurpose", json!("authentication")),
        ("created", json!("2026-11-22T07:30:01Z")),
        ("verificationMethod", json!(format!("did:key:{}", multikey(70)))),
        ("verificationMethod", json!(format!("did:key:{}#{}", multikey(70), multikey(71)))),
        ("nonce", json!("x")),
    ] {
        let mut bad = good.clone();
        bad[name] = value;
        let text = json!([{ "versionId": version.to_string(),
            "proof": [bad, cosign(version, &key(71), NOW)] }])
        .to_string();
        let mut file = File::parse(text.as_bytes()).unwrap();
        assert_eq!(reach(first, &file), 0, "{name}");
        assert!(matches!(file.add(version, &bad), Err(FileError::BadProof)));
        file.add(version, &good).unwrap();
        assert_eq!(reach(first, &file), 1, "one bad proof spoils no other");
    }
}

/// What a witness signs with these members in its proof: the signature holds whatever they are.
fn cosigned_as(version: VersionId, members: &Value) -> Value {
    let mut options = cosign(version, &key(70), NOW).as_object().cloned().unwrap();
    options.remove("proofValue");
    options.extend(members.as_object().cloned().unwrap());
    let document = jcs::to_vec(&Value::Object(statement(version)));
    let configuration = eddsa_jcs_2022::canonical_configuration(&options);
    let signature = key(70).sign(&eddsa_jcs_2022::hash_data(&configuration, &document));
    let value = crate::encoding::base58btc::encode_multibase(signature.as_bytes());
    options.insert("proofValue".to_owned(), Value::from(value));
    Value::Object(options)
}

#[test]
fn a_good_signature_under_a_proof_of_another_kind_counts_for_nothing() {
    let [first, ..] = &three();
    let version = first.version_id();
    let other = cosign(version, &key(71), NOW);
    let reached = |proof: &Value| {
        let text = json!([{ "versionId": version.to_string(), "proof": [proof, other] }]);
        reach(first, &File::parse(text.to_string().as_bytes()).unwrap())
    };
    assert_eq!(reached(&cosigned_as(version, &json!({}))), 1);
    assert_eq!(reached(&cosigned_as(version, &json!({ "nonce": "any" }))), 1);
    for members in [
        json!({ "type": "Ed25519Signature2020" }),
        json!({ "cryptosuite": "ecdsa-jcs-2019" }),
        json!({ "proofPurpose": "authentication" }),
        json!({ "previousProof": "urn:another" }),
        json!({ "created": "yesterday" }),
    ] {
        let proof = cosigned_as(version, &members);
        assert_eq!(reached(&proof), 0, "{members}");
        let mut file = File::default();
        assert!(matches!(file.add(version, &proof), Err(FileError::BadProof)), "{members}");
    }
}

#[test]
fn a_new_rule_is_for_the_entries_after_it() {
    let first = ours(Some(&two_of_three())).history;
    let others = Rule::new(1, keys(&[80])).unwrap();
    let second = ruled(&first, &key(2), 3, Some(&others));
    assert_eq!(second.witness_rule(), Some(&two_of_three()));
    let third = rotated(&second, &key(3), 4).history;
    assert_eq!(third.witness_rule(), Some(&others));
    let old = file(&[(&second, 70), (&second, 71)]);
    assert_eq!(reach(&third, &old), 2);
    let both = file(&[(&second, 70), (&second, 71), (&third, 80)]);
    assert_eq!(reach(&third, &both), 3);
    assert_eq!(reach(&third, &file(&[(&third, 80)])), 0, "the old witnesses are asked too");
    assert_eq!(reach(&third, &file(&[(&third, 70), (&third, 71), (&third, 80)])), 3);
}

#[test]
fn the_first_rule_of_a_log_is_for_the_entry_that_names_it() {
    let first = ours(None).history;
    let second = ruled(&first, &key(2), 3, Some(&two_of_three()));
    assert_eq!(reach(&second, &file(&[])), 1);
    assert_eq!(reach(&second, &file(&[(&second, 71), (&second, 72)])), 2);
}

#[test]
fn witnesses_approve_that_they_are_dismissed() {
    let first = ours(Some(&two_of_three())).history;
    let second = ruled(&first, &key(2), 3, None);
    let third = rotated(&second, &key(3), 4).history;
    assert_eq!(reach(&third, &file(&[(&first, 70), (&first, 71)])), 1);
    assert_eq!(reach(&third, &file(&[(&second, 70), (&second, 71)])), 3);
}

#[test]
fn a_file_keeps_the_newest_of_each_and_what_is_not_published() {
    let [first, second, third] = &three();
    let all =
        file(&[(first, 70), (first, 71), (second, 70), (first, 72), (third, 70), (third, 72)]);
    let (pruned, standing) = second.settle(&all);
    assert_eq!(standing.map(|it| it.number()), second.witnessed(&all).map(|it| it.number()));
    let mut left: Vec<_> = pruned.claims().collect();
    let mut expected = vec![
        (first.version_id(), key(71).public()),
        (first.version_id(), key(72).public()),
        (second.version_id(), key(70).public()),
        (third.version_id(), key(70).public()),
        (third.version_id(), key(72).public()),
    ];
    left.sort_unstable();
    expected.sort_unstable();
    assert_eq!(left, expected);
    assert_eq!(reach(second, &pruned), reach(second, &all));
    let (ahead, standing) = second.settle(&file(&[(third, 70), (third, 71)]));
    assert_eq!((ahead.claims().count(), standing.is_none()), (2, true), "of what is still to come");
}

#[test]
fn the_witnesses_of_the_next_entry_may_have_signed_it() {
    let first = ours(None).history;
    let second = ruled(&first, &key(2), 3, Some(&two_of_three()));
    let third = rotated(&second, &key(3), 4).history;
    let all = file(&[(&third, 70), (&third, 71), (&third, 80)]);
    assert_eq!(second.settle(&all).0.claims().count(), 2);
}

/// As many proofs of entries nobody made as a file has room for.
fn junk(seed: u8, number: u64, first: u8) -> File {
    let mut file = File::default();
    for byte in first.. {
        let before = file.clone();
        let version = VersionId { number, digest: [byte; 32] };
        file.add(version, &cosign(version, &key(seed), NOW)).unwrap();
        if file.to_bytes().len() > bounds::WITNESS_FILE {
            return before;
        }
    }
    panic!("a file has no end");
}

/// Nobody can make a file that cannot be read again, and no stranger one that is kept.
#[test]
fn two_files_full_of_proofs_nobody_asked_for_merge_to_one_that_fits() {
    let [first, second, third] = &three();
    let told = file(&[(first, 70), (second, 71), (third, 70), (third, 71), (third, 72)]);
    for (seed, kept) in [(90, false), (72, true)] {
        let merged = junk(seed, 4, 0).merge(&junk(seed, 9, 128)).merge(&told);
        assert!(merged.to_bytes().len() > bounds::WITNESS_FILE);
        let (pruned, standing) = third.settle(&merged);
        assert_eq!(standing.unwrap().number(), 3);
        let bytes = pruned.to_bytes();
        assert!(bytes.len() <= bounds::WITNESS_FILE, "{} bytes", bytes.len());
        assert_eq!(File::parse(&bytes).unwrap(), pruned);
        let unpublished = pruned.claims().filter(|(version, _)| version.number > 3).count();
        assert_eq!(unpublished > 0, kept, "signed by {seed}");
        // What is published stays, and what comes next stays before what comes later.
        assert_eq!(reach(third, &pruned), 3);
        assert_eq!(pruned.claims().count() - unpublished, 3);
        assert!(pruned.claims().all(|(version, _)| version.number <= 4) || !kept);
    }
}

#[test]
fn a_witness_who_writes_at_length_leaves_room_for_the_others() {
    let [first, ..] = &three();
    let version = first.version_id();
    let long = cosigned_as(version, &json!({ "nonce": "x".repeat(bounds::WITNESS_FILE - 2000) }));
    let mut all = file(&[(first, 70), (first, 71)]);
    all.add(version, &long).unwrap();
    let (pruned, _) = first.settle(&all);
    assert_eq!(reach(first, &pruned), 1);
    assert!(pruned.to_bytes().len() <= bounds::WITNESS_PROOF * 3);
}

#[test]
fn files_merge_to_what_either_holds() {
    let [first, second, _] = &three();
    let (one, other) = (file(&[(first, 70)]), file(&[(first, 71), (first, 70), (second, 70)]));
    let merged = one.clone().merge(&other);
    assert_eq!(merged, other.clone().merge(&one));
    assert_eq!(merged.claims().count(), 3);
    assert_eq!(File::parse(&merged.to_bytes()).unwrap(), merged);
    assert!(!merged.is_empty() && File::default().is_empty());
}

#[test]
fn a_file_is_a_list_of_versions_with_proofs() {
    let read = |value: Value| File::parse(value.to_string().as_bytes());
    assert!(read(json!([])).unwrap().is_empty());
    assert!(read(json!([{ "versionId": "1-QmNo", "proof": [] }])).unwrap().is_empty());
    let version = three()[0].version_id().to_string();
    assert!(read(json!([{ "versionId": version }])).unwrap().is_empty());
    assert!(read(json!([{ "versionId": version, "proof": [5] }])).unwrap().is_empty());
    assert!(matches!(read(json!({})), Err(FileError::NotAList)));
    assert!(matches!(read(json!([{ "proof": [] }])), Err(FileError::NoVersionId)));
    let bad = json!([{ "versionId": version, "proof": "x" }]);
    assert!(matches!(read(bad), Err(FileError::NotProofs)));
    let error = File::parse(b"[").unwrap_err();
    assert!(matches!(error, FileError::Json(_)));
    assert_eq!(error.verdict(), Verdict::Reject);
}

#[test]
fn a_rule_is_one_that_can_be_met() {
    let id = |seed| json!({ "id": did_key::to_did(&key(seed).public()) });
    let read = |value: Value| Rule::parse(&value);
    assert_eq!(read(json!({})), Ok(None));
    let rule = Rule::new(1, keys(&[70, 71])).unwrap();
    assert_eq!(read(rule.to_value()), Ok(Some(rule.clone())));
    let both = json!([id(70), id(71)]);
    assert_eq!(read(json!({ "threshold": 1.0, "witnesses": both })), Ok(Some(rule)));
    for threshold in [json!(0), json!(3), json!(-1), json!(1.5), json!("1"), Value::Null] {
        let error = read(json!({ "threshold": threshold, "witnesses": both })).unwrap_err();
        assert_eq!(error, RuleError::BadThreshold);
    }
    assert_eq!(read(json!({ "witnesses": both })), Err(RuleError::BadThreshold));
    let twice = json!({ "threshold": 1, "witnesses": [id(70), id(70)] });
    assert_eq!(read(twice), Err(RuleError::Twice));
    for witnesses in [json!([]), json!("x")] {
        let error = read(json!({ "threshold": 1, "witnesses": witnesses })).unwrap_err();
        assert_eq!(error, RuleError::NoWitnesses);
    }
    assert_eq!(read(json!({ "threshold": 1 })), Err(RuleError::NoWitnesses));
    let p384 = "did:key:z82LkqR25TU88tztBEiFydNf4fUPn8oWBANckcmuqgonz9TAbK9a7WGQ5dm7jyqyRMpaRAe";
    for id in [json!("did:web:example.com"), json!(p384), json!(5)] {
        let rule = json!({ "threshold": 1, "witnesses": [{ "id": id }] });
        assert_eq!(read(rule), Err(RuleError::BadWitness));
    }
    assert_eq!(read(json!([])), Err(RuleError::NotAnObject));
}
