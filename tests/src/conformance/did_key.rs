//! The did:key documents of the method's specification, for Ed25519.

use super::{json, unhex, vectors};
use countersign_protocol::encoding::base58btc;
use countersign_protocol::key::{PublicKey, SecretKey, did_key};
use serde_json::Value;

#[test]
fn a_seed_gives_the_published_name() {
    each(|name, case| {
        let Some(seed) = case["seed"].as_str() else { return };
        let key = SecretKey::from_seed(unhex(seed).try_into().unwrap()).public();
        assert_eq!(did_key::to_did(&key), name);
    });
}

#[test]
fn a_name_gives_the_published_key_and_method() {
    each(|name, case| {
        let key = did_key::parse(name).unwrap();
        for published in signing_methods(case) {
            assert_eq!(published_key(published), *key.as_bytes(), "{name}");
            assert_eq!(did_key::to_verification_method(&key), published["id"].as_str().unwrap());
            let url = published["id"].as_str().unwrap();
            assert_eq!(did_key::parse_verification_method(url), Ok(key));
        }
    });
}

/// An X25519 key, or the key of another curve, is no key that signs here.
#[test]
fn names_of_other_kinds_of_key_are_refused() {
    let Some(folder) = vectors("did-key") else { return };
    let folder = folder.join("test-vectors");
    for file in ["secp256k1", "nist-curves", "bls12381", "rsa"] {
        for name in json(folder.join(format!("{file}.json"))).as_object().unwrap().keys() {
            assert!(did_key::parse(name).is_err(), "{name} was read");
        }
    }
    each(|name, case| {
        let url = case["didDocument"]["keyAgreement"][0].as_str().unwrap();
        assert!(did_key::parse_verification_method(url).is_err(), "{name}: {url} was read");
        let (_, x25519) = url.split_once('#').unwrap();
        assert!(did_key::parse(&format!("did:key:{x25519}")).is_err(), "{x25519} was read");
    });
}

/// Calls `check` with each published name and what is said about it.
fn each(check: impl Fn(&str, &Value)) {
    let Some(folder) = vectors("did-key") else { return };
    let cases = json(folder.join("test-vectors/ed25519-x25519.json"));
    let cases = cases.as_object().unwrap();
    assert!(cases.len() >= 5, "{} cases", cases.len());
    cases.iter().for_each(|(name, case)| check(name, case));
}

fn signing_methods(case: &Value) -> Vec<&Value> {
    let methods = case["didDocument"]["verificationMethod"].as_array().unwrap();
    let signing: Vec<_> = methods
        .iter()
        .filter(|method| case["didDocument"]["assertionMethod"][0] == method["id"])
        .collect();
    assert_eq!(signing.len(), 1);
    signing
}

/// Reads the key in whichever of the specification's three spellings the document has.
fn published_key(method: &Value) -> [u8; 32] {
    if let Some(multikey) = method["publicKeyMultibase"].as_str() {
        return *PublicKey::from_multikey(multikey).unwrap().as_bytes();
    }
    if let Some(base58) = method["publicKeyBase58"].as_str() {
        return base58btc::decode(base58).unwrap();
    }
    let coordinate = method["publicKeyJwk"]["x"].as_str().unwrap();
    let bytes = countersign_protocol::encoding::base64url::decode(coordinate).unwrap();
    bytes.try_into().unwrap()
}
