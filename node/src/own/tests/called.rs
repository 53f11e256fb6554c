//! What an attestor is called: by its owner's name for it, or by its own, which is told from one.

use super::Alone;
use crate::known::quoted;
use crate::output::Text as _;
use crate::problem::Kind as Wrong;
use crate::verb::Verb as _;
use crate::verb::claims::{List, Summary};
use crate::verb::contacts::Add;
use crate::verb::network::Attestors;
use countersign_protocol::credential::draft::Draft;
use countersign_protocol::credential::{Credential, PAYMENT_ACCOUNT_VERIFIED};
use countersign_protocol::did::Scid;
use serde_json::json;

/// An attestor that has a claim it signed about itself: one node knows all that is asked for here.
async fn north(called: &str) -> Alone {
    let north = Alone::first(true).await;
    // Nobody is there to keep it, but its own node holds it from now on, and so its profile.
    north.node.publish_identity().await.unwrap_err();
    north.tell(called, 20).await;
    let (key, now) = (north.node.assertion_key().await.unwrap(), north.node.now());
    let subject = json!({ "id": north.did().as_str(), "verified": true });
    let draft = Draft {
        id: None,
        types: vec![PAYMENT_ACCOUNT_VERIFIED.to_owned()],
        issuer: north.did(),
        subject: subject.as_object().cloned().unwrap(),
        valid_from: now.minus(10),
        valid_until: now.plus(5_000),
        status: Vec::new(),
        evidence: Vec::new(),
    };
    let signed = Credential::from_value(draft.sign(&key, now.minus(10))).unwrap();
    north.node.keep_claim(signed).await.unwrap();
    north
}

async fn listed(of: &Alone) -> (Summary, String) {
    let summary = List {}.perform(&of.node).await.unwrap().claims.remove(0);
    let mut text = Vec::new();
    summary.text(&mut text).unwrap();
    (summary, String::from_utf8(text).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claims_attestor_is_called_by_its_own_name_in_quotes_until_it_is_given_one() {
    let north = north("North").await;
    let (did, fingerprint) = (north.did().to_string(), north.did().scid().fingerprint());
    let (summary, text) = listed(&north).await;
    assert_eq!((summary.attestor, summary.calls_itself), (did.clone(), Some("North".to_owned())));
    assert!(text.contains(&format!(" \"North\" ({fingerprint}) says: ")), "{text}");
    let name = "my-north".to_owned();
    Add { name, did, replace: false }.perform(&north.node).await.unwrap();
    let (summary, text) = listed(&north).await;
    assert_eq!((summary.attestor.as_str(), summary.calls_itself), ("my-north", None));
    assert!(text.contains(" my-north says: "), "{text}");
    north.stop().await;
}

/// Whoever names itself could write what looks like a name its owner gave, and somebody else's fingerprint.
#[test]
fn a_name_somebody_gives_itself_never_leaves_its_quotes() {
    for (name, expected) in [
        ("North", r#""North""#),
        ("Müller & Söhne", r#""Müller & Söhne""#),
        ("a\" (AAAA-AAAA), my-bank, \"b", r#""a\" (AAAA-AAAA), my-bank, \"b""#),
        ("a\r\u{1b}[2Kmy-bank\n", r#""a\r\u{1b}[2Kmy-bank\n""#),
        ("\u{202e}knab", r#""\u{202e}knab""#),
    ] {
        assert_eq!(quoted(name), expected);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_whom_nobody_can_be_asked_it_is_not_known_whether_they_attest() {
    let alone = Alone::first(false).await;
    let ask = |name: Option<String>| Attestors { claim: None, name }.perform(&alone.node);
    assert!(ask(None).await.unwrap().attestors.is_empty());
    for name in ["North".to_owned(), Scid::from_digest([7; 32]).to_did().to_string()] {
        let problem = ask(Some(name)).await.map(drop).unwrap_err();
        assert!(problem.is(Wrong::Unavailable) && !problem.is_no(), "{problem}");
    }
    alone.stop().await;
}
