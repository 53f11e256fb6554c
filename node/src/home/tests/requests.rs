//! A vendor's request as its page shows it.

use super::Browser;
use countersign_protocol::credential::PAYMENT_ACCOUNT_VERIFIED;
use countersign_protocol::did::Scid;
use countersign_protocol::wire::challenge::Challenge;

/// Whoever was sent somebody else's request would let them in: no signature tells that, and so the page asks.
#[tokio::test(flavor = "multi_thread")]
async fn the_page_of_a_request_asks_whether_its_owner_opened_it_herself() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::settled(folder.path()).await;
    let mut challenge = Challenge {
        nonce: "VVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVVU".to_owned(),
        domain: Scid::from_digest([8; 32]).to_did().to_string(),
        expires: crate::start::clock().plus(300),
        claims: vec![PAYMENT_ACCOUNT_VERIFIED.to_owned()],
        policy: "shop".to_owned(),
        purpose: "Open an account, order 3F7A".to_owned(),
        deliver: None,
    };
    let seen = browser.post("requests", &[("to", &challenge.to_string())]).await;
    for sentence in
        ["order 3F7A", "Did you open this at the shop yourself?", "Only agree if you did."]
    {
        assert!(seen.text.contains(sentence), "{sentence}: {}", seen.text);
    }
    // Whoever is sent the answer by this node sees where from.
    let line = "the internet address of your line";
    assert!(!seen.text.contains(line), "{}", seen.text);
    challenge.deliver = Some("https://shop.example/inbox".to_owned());
    let seen = browser.post("requests", &[("to", &challenge.to_string())]).await;
    assert!(seen.text.contains(line), "{}", seen.text);
    browser.home.close().await.unwrap();
}
