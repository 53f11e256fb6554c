//! An identity taken back with its words, on the first page.

use super::Browser;
use axum::http::StatusCode;
use countersign_protocol::did::Scid;
use countersign_protocol::wire::invite::Invite;
use countersign_protocol::wire::network::Parameters;

/// Words that are well written, and of nobody here.
fn of_nobody() -> String {
    ["abandon"; 23].join(" ") + " art"
}

fn invite(network: &str) -> String {
    let peer = "/ip4/127.0.0.1/tcp/9/p2p/12D3KooWD3eckifWpRn9wQpMG9R9hX3sD158z7EqHWmweQAJU5SA";
    let parameters = Parameters::testnet(network.parse().unwrap());
    Invite::new(parameters, vec![peer.to_owned()], Vec::new()).unwrap().to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_took_nothing_back_is_told_why_and_tries_again_in_the_folder_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let browser = Browser::entered(&data).await;
    let did = Scid::from_digest([9; 32]).to_did().to_string();
    let passphrase = "four words nobody knows";
    let recover = async |network: &str, words: &str| {
        let invite = invite(network);
        let fields = [
            ("invitation", invite.as_str()),
            ("did", &did),
            ("words", words),
            ("first", passphrase),
            ("again", passphrase),
        ];
        browser.upload("start/recover", &fields, &[]).await
    };
    let mistyped = of_nobody().replace("art", "arrt");
    let seen = recover("one", &mistyped).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{}", seen.text);
    assert!(seen.text.contains("not the 24 words") && seen.text.contains("start/recover"));
    // One word is mended, and not 24 typed anew; the passphrase is typed again.
    assert!(seen.text.contains(&mistyped) && seen.text.contains("Number 24: “arrt”"));
    assert!(seen.text.contains(&did) && seen.text.contains(&invite("one")), "{}", seen.text);
    assert!(seen.text.contains("<details open><summary>With the 24 words"), "{}", seen.text);
    assert!(!seen.text.contains(passphrase), "{}", seen.text);
    assert_eq!(seen.headers["cache-control"], "no-store");
    assert!(!browser.page("start").await.text.contains("arrt"), "in that answer and no other");
    assert!(!data.join("store").exists() && !data.join("network.toml").exists());
    // Nobody is there who could know the identity.
    let seen = recover("two", &of_nobody()).await;
    assert_eq!(seen.status, StatusCode::NOT_FOUND, "{}", seen.text);
    assert!(seen.text.contains("start/recover"), "{}", seen.text);
    assert!(!data.join("store").exists() && !data.join("network.toml").exists());
    let seen = browser.post("start/restore", &[("file", "/no/backup"), ("passphrase", "p")]).await;
    assert!(seen.text.contains("value=\"/no/backup\""), "{}", seen.text);
    assert!(seen.text.contains("<details open><summary>From a backup"), "{}", seen.text);
    let joined = [("how", "invite"), ("invite", "countersign:invite:gw")];
    let seen = browser.upload("start/network", &joined, &[]).await;
    assert!(seen.text.contains("no invitation") && seen.text.contains(">countersign:invite:gw<"));
    let browser = Browser::settled(&data).await;
    assert!(browser.page("keys").await.text.contains("It stands"));
    wrong_words_on_the_page_of_keys(&browser).await;
}

async fn wrong_words_on_the_page_of_keys(browser: &Browser) {
    let mistyped = of_nobody().replace("art", "arrt");
    let seen = browser.post("keys/rehearse", &[("words", &mistyped)]).await;
    assert!(seen.text.contains(&mistyped) && seen.text.contains("Number 24: “arrt”"));
    let fields = [
        ("recovery-words", of_nobody()),
        ("recovery-passphrase", "four words nobody knows".to_owned()),
    ];
    let fields = fields.each_ref().map(|(name, value)| (*name, value.as_str()));
    let seen = browser.post("keys/recover", &fields).await;
    assert!(seen.text.contains(&of_nobody()), "{}", seen.text);
    assert!(
        seen.text.contains("<details open><summary>Somebody else has my keys"),
        "{}",
        seen.text
    );
    assert!(!seen.text.contains("four words nobody knows"), "{}", seen.text);
}
