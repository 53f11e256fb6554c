//! Data Integrity EdDSA Cryptosuites 1.0: each step of `eddsa-jcs-2022`, proof sets and chains.

use super::{json, read, unhex, vectors};
use countersign_protocol::encoding::{base58btc, jcs, multihash::sha256};
use countersign_protocol::key::{PublicKey, SecretKey, Signature, did_key};
use countersign_protocol::proof::{Proof, ProofError, eddsa_jcs_2022, set};
use serde_json::{Map, Value, json as value};
use std::path::{Path, PathBuf};

fn object(path: PathBuf) -> Map<String, Value> {
    match json(path) {
        Value::Object(members) => members,
        other => panic!("not an object: {other}"),
    }
}

fn hex(path: PathBuf) -> Vec<u8> {
    unhex(&String::from_utf8(read(path)).unwrap())
}

/// Reads the pair that signed everything but the sets and chains.
fn key_pair(pair: &Value) -> SecretKey {
    // Multicodec `ed25519-priv`, 0x1300 as a varint.
    let secret = pair["privateKeyMultibase"].as_str().unwrap();
    let bytes = base58btc::decode_multibase::<34>(secret).unwrap();
    let seed = bytes.strip_prefix(&[0x80, 0x26]).unwrap();
    let key = SecretKey::from_seed(seed.try_into().unwrap());
    assert_eq!(key.public().to_multikey(), pair["publicKeyMultibase"].as_str().unwrap());
    key
}

/// Everything published about one document under `eddsa-jcs-2022`.
struct Published {
    folder: PathBuf,
    unsigned: Map<String, Value>,
    options: Map<String, Value>,
    signed: Map<String, Value>,
    key: SecretKey,
}

impl Published {
    fn read() -> Option<Self> {
        let all = vectors("vc-di-eddsa")?.join("TestVectors");
        let folder = all.join("eddsa-jcs-2022");
        Some(Self {
            unsigned: object(all.join("unsigned.json")),
            options: object(folder.join("proofConfigJCS.json")),
            signed: object(folder.join("signedJCS.json")),
            key: key_pair(&json(all.join("keyPair.json"))),
            folder,
        })
    }

    fn proof(&self) -> Map<String, Value> {
        self.signed["proof"].as_object().unwrap().clone()
    }

    fn verify(
        &self,
        unsecured: &Map<String, Value>,
        proof: &Map<String, Value>,
    ) -> Result<(), ProofError> {
        eddsa_jcs_2022::verify(unsecured, proof, &self.key.public())
    }
}

#[test]
fn every_step_is_equal_to_the_byte() {
    let Some(published) = Published::read() else { return };
    let file = |name: &str| published.folder.join(name);
    let document =
        eddsa_jcs_2022::canonical_document(&published.unsigned, &published.options).unwrap();
    assert_eq!(document, read(file("canonDocJCS.txt")), "canonical document");
    assert_eq!(sha256(&document).to_vec(), hex(file("docHashJCS.txt")), "its hash");
    let configuration = eddsa_jcs_2022::canonical_configuration(&published.options);
    assert_eq!(configuration, read(file("proofCanonJCS.txt")), "canonical proof configuration");
    assert_eq!(sha256(&configuration).to_vec(), hex(file("proofHashJCS.txt")), "its hash");
    let both = eddsa_jcs_2022::hash_data(&configuration, &document);
    assert_eq!(both.to_vec(), hex(file("combinedHashJCS.txt")), "what is signed");
    let signature = published.key.sign(&both);
    assert_eq!(signature.as_bytes().to_vec(), hex(file("sigHexJCS.txt")), "the signature");
    let text = String::from_utf8(read(file("sigBTC58JCS.txt"))).unwrap();
    assert_eq!(base58btc::encode_multibase(signature.as_bytes()), text, "the proof value");
    let proof =
        eddsa_jcs_2022::sign(&published.unsigned, published.options.clone(), &published.key);
    assert_eq!(proof, published.proof(), "the proof");
}

#[test]
fn the_published_document_verifies_and_no_changed_one_does() {
    let Some(published) = Published::read() else { return };
    let proof = published.proof();
    assert_eq!(published.verify(&published.unsigned, &proof), Ok(()));
    for member in published.unsigned.keys() {
        let mut changed = published.unsigned.clone();
        changed[member] = value!("something else");
        assert!(published.verify(&changed, &proof).is_err(), "{member} was changed");
        changed.remove(member);
        assert!(published.verify(&changed, &proof).is_err(), "{member} was taken out");
    }
    for member in proof.keys() {
        let mut changed = proof.clone();
        changed[member] = value!("something else");
        assert!(published.verify(&published.unsigned, &changed).is_err(), "{member} was changed");
        changed.remove(member);
        assert!(published.verify(&published.unsigned, &changed).is_err(), "{member} was taken out");
    }
    for member in ["expires", "challenge", "domain", "previousProof", "nonce", "unheardOf"] {
        let mut changed = proof.clone();
        changed.insert(member.to_owned(), value!("2027-01-01T00:00:00Z"));
        let judged = published.verify(&published.unsigned, &changed);
        assert_eq!(judged, Err(ProofError::BadSignature), "{member} was put in");
    }
}

/// The signatures of the two suites that canonicalise RDF are over bytes that are published too.
#[test]
fn the_signatures_of_the_other_suites_hold_and_their_proofs_are_refused() {
    let Some(folder) = vectors("vc-di-eddsa") else { return };
    let folder = folder.join("TestVectors");
    let key = key_pair(&json(folder.join("keyPair.json"))).public();
    for (suite, ending) in [
        ("eddsa-rdfc-2022", "DataInt"),
        ("eddsa-rdfc-2022/employ", "DataInt"),
        ("Ed25519Signature2020", "EdSig"),
    ] {
        let file =
            |name: &str, kind: &str| folder.join(suite).join(format!("{name}{ending}.{kind}"));
        let mut both = hex(file("combinedHash", "txt"));
        let signature = Signature::from_bytes(hex(file("sigHex", "txt")).try_into().unwrap());
        let signed = object(file("signed", "json"));
        let method = signed["proof"]["verificationMethod"].as_str().unwrap();
        let key = did_key::parse_verification_method(method).unwrap_or(key);
        assert!(key.verify(&both, &signature), "{suite}");
        both[40] ^= 1;
        assert!(!key.verify(&both, &signature), "{suite}, changed");
        assert!(set::verify(&signed, &keys).is_err(), "{suite} was taken for another suite");
    }
}

fn keys(proof: &Proof) -> Option<PublicKey> {
    did_key::parse_verification_method(proof.verification_method()).ok()
}

fn chain_folder() -> Option<PathBuf> {
    Some(vectors("vc-di-eddsa")?.join("TestVectors/proof-set-chain"))
}

/// What a link of a chain covers does not depend on the suite: the published intermediate documents.
#[test]
fn a_link_covers_what_is_published() {
    let Some(folder) = chain_folder() else { return };
    let signed = object(folder.join("signedProofChain2.json"));
    let all = set::parse(&signed).unwrap();
    let covers =
        |link: usize| jcs::to_vec(&Value::Object(set::covered(&signed, &all, &all[link]).unwrap()));
    let expected = |name: &str| jcs::to_vec(&json(folder.join(name)));
    assert_eq!(all.len(), 4);
    assert_eq!(covers(0), expected("unsigned.json"), "a proof of the set stands alone");
    assert_eq!(covers(1), expected("unsigned.json"), "a proof of the set stands alone");
    assert_eq!(covers(2), expected("proofChainTempDoc1.json"), "the first link stands on the set");
    assert_eq!(
        covers(3),
        expected("proofChainTempDoc2.json"),
        "the second link stands on the first"
    );
}

/// The published set and chain once more, with their keys, identifiers and times, under our suite.
#[test]
fn the_published_set_and_chain_hold_under_our_suite() {
    let Some(folder) = chain_folder() else { return };
    let chain = signed_by_us(&folder);
    assert_eq!(set::verify(&chain, &keys).unwrap().len(), 4);
    for missing in [0, 1, 2] {
        let mut cut = chain.clone();
        cut["proof"].as_array_mut().unwrap().remove(missing);
        assert_eq!(
            set::verify(&cut, &keys),
            Err(ProofError::UnknownPrevious),
            "without proof {missing}"
        );
    }
    let mut loose = chain.clone();
    loose["proof"][3].as_object_mut().unwrap().remove("previousProof");
    assert_eq!(set::verify(&loose, &keys), Err(ProofError::BadSignature));
    let mut changed = chain;
    changed["name"] = value!("Another Credential");
    assert_eq!(set::verify(&changed, &keys), Err(ProofError::BadSignature));
}

fn signed_by_us(folder: &Path) -> Map<String, Value> {
    let pairs = json(folder.join("multiKeyPairs.json"));
    let mut document = object(folder.join("unsigned.json"));
    let mut proofs: Vec<Value> = Vec::new();
    for (number, (options, on)) in [
        ("proofSetConfig1.json", 0..0),
        ("proofSetConfig2.json", 0..0),
        ("proofChainConfig1.json", 0..2),
        ("proofChainConfig2.json", 2..3),
    ]
    .into_iter()
    .enumerate()
    {
        let key = key_pair(&pairs[format!("keyPair{}", number + 1)]);
        let mut covered = document.clone();
        if !on.is_empty() {
            covered.insert("proof".to_owned(), Value::from(&proofs[on]));
        }
        let proof = eddsa_jcs_2022::sign(&covered, object(folder.join(options)), &key);
        proofs.push(Value::Object(proof));
    }
    document.insert("proof".to_owned(), Value::from(proofs));
    document
}
