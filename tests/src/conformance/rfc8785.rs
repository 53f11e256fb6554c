//! JSON Canonicalization Scheme, RFC 8785: six documents, each as it comes, in canonical form, in hex.

use super::{json, read, unhex, vectors};
use countersign_protocol::encoding::jcs;

#[test]
fn every_published_pair_is_equal_to_the_byte() {
    let Some(folder) = vectors("rfc8785") else { return };
    let folder = folder.join("testdata");
    for name in ["arrays", "french", "structures", "unicode", "values", "weird"] {
        let ours = jcs::to_vec(&json(folder.join(format!("input/{name}.json"))));
        assert_eq!(ours, read(folder.join(format!("output/{name}.json"))), "{name}");
        let hex = String::from_utf8(read(folder.join(format!("outhex/{name}.txt")))).unwrap();
        assert_eq!(ours, unhex(&hex), "{name} in hex");
    }
}

#[test]
fn a_canonical_form_is_its_own_canonical_form() {
    let Some(folder) = vectors("rfc8785") else { return };
    for name in ["arrays", "french", "structures", "unicode", "values", "weird"] {
        let path = folder.join(format!("testdata/output/{name}.json"));
        assert_eq!(jcs::to_vec(&json(path.clone())), read(path), "{name}");
    }
}
