//! However much there is, a page weighs little, and part by part everything is shown.

use super::super::frame::alone;
use super::super::{network, shop};
use super::{Browser, in_a_network};
use crate::config::Config;
use crate::page::{Markup, Page, asset};
use crate::start;
use crate::verb::network::Attestor;
use crate::verb::overview::Peer;
use countersign_protocol::credential::draft::Draft;
use countersign_protocol::credential::{Credential, PAYMENT_ACCOUNT_VERIFIED};
use countersign_protocol::did::Scid;
use countersign_protocol::key::SecretKey;
use countersign_protocol::wire::challenge::Challenge;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What a page may weigh with all it loads.
const MOST: usize = 100 * 1024;

/// A claim that says all of `says`.
fn claim(
    issuer: u8,
    about: &str,
    now: countersign_protocol::time::Timestamp,
    says: &[Value],
) -> Credential {
    let mut subject = Map::from_iter([("id".to_owned(), json!(about))]);
    subject.extend(says.iter().zip(0..).map(|(said, at)| (format!("member{at}"), said.clone())));
    let draft = Draft {
        id: None,
        types: vec![PAYMENT_ACCOUNT_VERIFIED.to_owned()],
        issuer: Scid::from_digest([issuer; 32]).to_did(),
        subject,
        valid_from: now.minus(1000),
        valid_until: now.plus(1000),
        status: Vec::new(),
        evidence: Vec::new(),
    };
    let signed = draft.sign(&SecretKey::from_seed([7; 32]), now.minus(1000));
    Credential::from_value(signed).unwrap()
}

/// Gives the boxes or claims that a page names behind `mark`.
fn named(text: &str, mark: &str) -> BTreeSet<String> {
    let behind = text.split(mark).skip(1);
    behind.filter_map(|rest| rest.get(..8)).map(str::to_owned).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn however_many_claims_there_are_each_page_is_light_and_each_claim_is_on_one() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let passphrase = in_a_network(&data).await;
    let (node, running) = start::alone(&data, Config::default(), Some(&passphrase)).await.unwrap();
    let did = node.own().await.unwrap().history.did().to_string();
    for issuer in 0..24 {
        let says = vec![json!("x".repeat(200)); 10];
        node.at_once().keep_claim(claim(issuer, &did, node.now(), &says)).await.unwrap();
    }
    let all = node.at_once().claims().await.unwrap();
    let all: Vec<String> = all.into_iter().map(|claim| claim.name).collect();
    let told = node.at_once().publish_claims(&all[..11]).await;
    assert!(told.is_err(), "nobody is there who would take it, and it is what the world is to see");
    let browser = Browser::entered(&data).await;
    browser.home.adopt(node.clone()).await.unwrap();

    // That each is light is what `page` holds it to.
    for (page, count, mark) in
        [("claims", 24, "id=\"claim-"), ("world", 11, "name=\"claim\" value=\"")]
    {
        let mut seen = BTreeSet::new();
        for from in (0..count).step_by(10) {
            let text = browser.page(&format!("{page}?from={from}")).await.text;
            let shown = named(&text, mark);
            assert_eq!(shown.len(), 10.min(count - from), "{page} from {from}: {text}");
            seen.extend(shown);
        }
        assert_eq!(seen.len(), count, "{page}");
    }

    // What is ticked on one part of a request goes along to the others.
    let challenge = Challenge {
        nonce: "VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVU".to_owned(),
        domain: Scid::from_digest([8; 32]).to_did().to_string(),
        expires: node.now().plus(300),
        claims: vec![PAYMENT_ACCOUNT_VERIFIED.to_owned()],
        policy: "shop".to_owned(),
        purpose: "Open an account".to_owned(),
        deliver: None,
    };
    let to = challenge.to_string();
    let box_of = |name: &str| format!("name=\"claim\" value=\"{name}\"");
    let seen = browser.post("requests", &[("to", &to)]).await;
    seen.is_a_page();
    let first = named(&seen.text, "name=\"claim\" value=\"").into_iter().next().unwrap();
    let turned = [("to", to.as_str()), ("claim", &first), ("from", "20")];
    let seen = browser.post("requests/answer", &turned).await;
    seen.is_a_page();
    assert_eq!(
        named(&seen.text, "name=\"claim\" value=\"").len(),
        5,
        "four, and the one that is ticked"
    );
    assert!(seen.text.contains(&format!("{} checked", box_of(&first))), "{}", seen.text);

    // A claim as large as one may be, and all of it marks that a page writes longer.
    let says = vec![json!("\"".repeat(300)); 18];
    let large = claim(99, &did, node.now(), &says);
    let name = node.at_once().keep_claim(large).await.unwrap().name;
    let seen = browser.page(&format!("claims/whole/{name}")).await;
    assert!(seen.text.contains("proofValue"), "{}", seen.text);
    drop((browser, node));
    running.stop().await.unwrap();
}

/// What a page with this on it weighs.
fn weight(body: Markup) -> usize {
    Page::new(&alone(), "A page").with(body).render().len() + asset::STYLE.len()
}

#[test]
fn however_many_there_are_a_list_of_attestors_or_of_peers_is_light() {
    let did = Scid::from_digest([8; 32]).to_did().to_string();
    let attestor = Attestor {
        name: "n".repeat(500),
        did: did.clone(),
        fingerprint: "fGEUAcMp".to_owned(),
        claims: vec!["PaymentAccountVerified".to_owned(); 100],
        accredited: Vec::new(),
        details: None,
        profile: None,
    };
    let attestors = vec![attestor; 4096];
    let peer = Peer {
        peer: "12D3KooWSomebodyWhoIsConnectedWithThisNodeAndManyMore".to_owned(),
        chosen: true,
        keeper: true,
        witness: true,
        relayed: false,
        cost: 99,
    };
    let peers = vec![peer; 256];
    for (what, weighs) in [
        ("attestors", weight(shop::who_attests(&attestors, 0, "shop/attestors"))),
        ("peers", weight(network::connected(&peers, 0, "network/peers"))),
    ] {
        // Each stands on a page beside other things.
        assert!(weighs < MOST * 2 / 3, "{what}: {weighs}");
    }
    let last = network::connected(&peers, 250, "network/peers").into_string();
    assert_eq!(last.matches("12D3KooW").count(), 6);
    assert!(last.contains("from=200") && !last.contains("from=300"), "{last}");
}
