//! The twelve edge cases of ed25519-speccheck: implementations disagree on them, nodes must not.

use super::{json, unhex, vectors};
use countersign_protocol::key::{KeyError, PublicKey, Signature};
use serde_json::Value;

/// What our rules say about one case: the key is refused where it is named, or the signature is checked.
fn judge(case: &Value) -> Result<bool, KeyError> {
    let bytes = |member: &str| unhex(case[member].as_str().unwrap());
    let key = PublicKey::from_bytes(&bytes("pub_key").try_into().unwrap())?;
    let signature = Signature::from_bytes(bytes("signature").try_into().unwrap());
    Ok(key.verify(&bytes("message"), &signature))
}

#[test]
fn only_case_three_is_accepted() {
    let Some(folder) = vectors("ed25519-speccheck") else { return };
    let cases = json(folder.join("cases.json"));
    let judged: Vec<_> = cases.as_array().unwrap().iter().map(judge).collect();
    assert_eq!(judged.len(), 12);
    let accepted: Vec<usize> = (0..12).filter(|case| judged[*case] == Ok(true)).collect();
    assert_eq!(accepted, [3], "{judged:?}");
}

#[test]
fn keys_for_which_anybody_can_sign_are_refused_where_they_are_named() {
    let Some(folder) = vectors("ed25519-speccheck") else { return };
    let cases = json(folder.join("cases.json"));
    // The published table: A has small order in 0, 1, 10 and 11; in the last two it is not canonical
    // either, so that two reasons refuse it.
    for case in [0, 1] {
        assert_eq!(judge(&cases[case]), Err(KeyError::Weak), "case {case}");
    }
    for case in [10, 11] {
        assert!(judge(&cases[case]).is_err(), "case {case}");
    }
}
