//! Into a network by an invitation: as text, or as a photo of its code.

use super::{Browser, Seen, drawn, in_a_network};
use crate::page::fields::LARGEST_FILE;
use crate::start;
use axum::http::StatusCode;
use axum::http::header::REFRESH;
use countersign_protocol::wire::invite::Invite;
use countersign_protocol::wire::network::Parameters;

const PEER: &str =
    "/ip4/192.0.2.7/udp/4001/quic-v1/p2p/12D3KooWJWEKvSFbben74C7H4YtKjhPMTDxd7gP7yxWNC8FXszPH";
const PASSPHRASE: &str = "four words nobody knows";

fn invite(network: &str) -> String {
    let parameters = Parameters::testnet(network.parse().unwrap());
    Invite::new(parameters, vec![PEER.to_owned()], Vec::new()).unwrap().to_string()
}

fn joined(browser: &Browser) -> Option<String> {
    let joined = crate::joined::Joined::read(&browser.home.0.data).unwrap();
    joined.map(|joined| joined.parameters.id().to_string())
}

#[tokio::test]
async fn a_photo_of_an_invitation_joins_as_its_text_does() {
    for (name, text, photo) in [
        ("a photo", String::new(), drawn(&invite("testnet-photo"))),
        ("text", invite("testnet-photo"), Vec::new()),
        ("text counts before a photo", invite("testnet-photo"), drawn(&invite("testnet-other"))),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let browser = Browser::entered(folder.path()).await;
        // Whoever hands one in means it, though another one is chosen above it.
        let fields = [("how", "local"), ("invite", text.as_str())];
        let seen = browser.begins(&fields, &photo).await;
        assert!(seen.text.contains("Write these 24 words"), "{name}: {}", seen.text);
        assert_eq!(joined(&browser).as_deref(), Some("testnet-photo"), "{name}");
    }
}

#[tokio::test]
async fn what_to_do_is_said_in_the_words_of_the_page() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::settled(folder.path()).await;
    let seen = browser.page("network").await;
    let said = seen.text.contains("Join one by an invitation, in the form on the page Network.");
    assert!(said && !seen.text.contains("countersign join"), "{}", seen.text);
    browser.home.close().await.unwrap();
}

#[tokio::test]
async fn a_passphrase_that_will_not_do_joins_nothing_and_the_invitation_stays() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::entered(folder.path()).await;
    let invite = invite("testnet-first");
    for (first, again) in [("tiny", "tiny"), ("four words nobody knows", "three words")] {
        let chosen = [("new-passphrase", first), ("new-passphrase-again", again)];
        let fields = [[("how", "invite"), ("invite", invite.as_str())], chosen].concat();
        let seen = browser.upload("start/begin", &fields, &[]).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{}", seen.text);
        assert!(seen.text.contains("role=\"alert\"") && seen.text.contains(&invite));
        assert!(!seen.text.contains(first), "what was chosen is on no page: {}", seen.text);
        seen.is_a_page();
        assert_eq!(joined(&browser), None);
        assert!(browser.page("start/words").await.text.contains("Welcome"), "no words yet");
    }
}

#[tokio::test]
async fn an_invitation_that_a_link_filled_in_counts_only_if_it_is_chosen() {
    for (how, linked, expected) in [
        ("later", "yes", None),
        ("later", "", None),
        ("local", "yes", None),
        ("invite", "yes", Some("testnet-linked")),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let browser = Browser::entered(folder.path()).await;
        let invite = invite("testnet-linked");
        let fields = [("how", how), ("linked", linked), ("invite", invite.as_str())];
        browser.begins(&fields, &[]).await;
        let joined = joined(&browser);
        // There may be a network on this computer.
        let is_another = how == "local" && joined.as_deref() != Some("testnet-linked");
        assert!(is_another || joined.as_deref() == expected, "{how}: {joined:?}");
    }
}

#[tokio::test]
async fn a_photo_of_something_else_joins_nothing_and_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::entered(folder.path()).await;
    for (name, photo, word) in [
        ("no invitation", Vec::new(), "This is no invitation"),
        ("no photo", b"countersign:invite:x".to_vec(), "JPEG or PNG"),
        ("no code", drawn(""), "Come closer"),
        ("another code", drawn("https://evil.example"), "This is no invitation"),
        ("a request", drawn("countersign:challenge:e30"), "but no invitation"),
        ("too large", vec![0; LARGEST_FILE + 1], "16 MiB"),
    ] {
        let seen = browser.begins(&[("how", "invite")], &photo).await;
        assert_eq!(seen.status, StatusCode::BAD_REQUEST, "{name}: {}", seen.text);
        assert!(seen.text.contains(word), "{name}: {}", seen.text);
        seen.is_a_page();
        assert_eq!(joined(&browser), None, "{name}");
    }
}

#[tokio::test]
async fn a_form_with_a_photo_is_as_strict_as_one_without() {
    let folder = tempfile::tempdir().unwrap();
    let mut browser = Browser::entered(folder.path()).await;
    let much = "x".repeat(300 * 1024);
    let seen = browser.begins(&[("how", "later"), ("invite", &much)], &[]).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST, "more text than a form holds: {}", seen.text);
    let many: Vec<_> = (0..300).map(|_| ("how", "later")).collect();
    let seen = browser.begins(&many, &[]).await;
    assert_eq!(seen.status, StatusCode::BAD_REQUEST, "more fields than a form has");
    browser.form = "forged".to_owned();
    let photo = drawn(&invite("testnet-forged"));
    for photo in [photo.as_slice(), &[]] {
        let seen: Seen = browser.begins(&[("how", "later")], photo).await;
        assert_eq!(seen.status, StatusCode::CONFLICT, "{}", seen.text);
    }
    assert_eq!(joined(&browser), None);
}

#[tokio::test]
async fn a_node_without_a_network_joins_by_a_photo_and_its_passphrase() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::settled(folder.path()).await;
    let photo = drawn(&invite("testnet-photo"));
    let seen = browser.upload("network/join", &[("passphrase", "not this one")], &photo).await;
    assert_eq!(seen.status, StatusCode::LOCKED, "{}", seen.text);
    assert!(!start::has_joined(folder.path()));
    let seen = browser.upload("network/join", &[("passphrase", PASSPHRASE)], &photo).await;
    assert_eq!(seen.status, StatusCode::OK, "{}", seen.text);
    assert_eq!(joined(&browser).as_deref(), Some("testnet-photo"));
    browser.home.close().await.unwrap();
}

/// What stands in the form's field for an invitation.
fn filled(seen: &Seen, field: &str) -> String {
    let (_, rest) = seen.text.split_once(&format!("name=\"{field}\"")).expect("there is a form");
    let (_, rest) = rest.split_once('>').unwrap();
    rest.split_once("</textarea>").unwrap().0.to_owned()
}

#[tokio::test]
async fn what_was_typed_or_photographed_stands_in_the_form_again_beside_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::settled(folder.path()).await;
    let whole = invite("testnet-typed");
    let cut = &whole[..whole.len() - 9];
    let photo = drawn(&whole);
    let wrong = ("passphrase", "not this one");
    for (name, fields, photo, stays) in [
        ("a wrong passphrase", vec![("invite", whole.as_str()), wrong], vec![], whole.as_str()),
        ("with a photo, too", vec![wrong], photo, whole.as_str()),
        ("half of one", vec![("invite", cut), ("passphrase", PASSPHRASE)], vec![], cut),
        ("no photo", vec![wrong], b"countersign:invite:x".to_vec(), ""),
        ("another code", vec![wrong], drawn("https://evil.example"), ""),
    ] {
        let seen = browser.upload("network/join", &fields, &photo).await;
        assert!(seen.status.is_client_error(), "{name}: {}", seen.status);
        assert_eq!(filled(&seen, "invite"), stays, "{name}: {}", seen.text);
        assert!(seen.text.contains("Which network?"), "{name}");
        assert!(!seen.text.contains("not this one"), "a passphrase never stands there");
        seen.is_a_page();
    }
    assert_eq!(joined(&browser), None);
    browser.home.close().await.unwrap();
}

#[tokio::test]
async fn words_that_are_wrong_keep_the_invitation_that_was_photographed_beside_them() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::entered(folder.path()).await;
    let fields = [("words", "abandon"), ("first", PASSPHRASE), ("again", PASSPHRASE)];
    let whole = invite("testnet-photo");
    let seen = browser.upload("start/recover", &fields, &drawn(&whole)).await;
    assert!(seen.status.is_client_error(), "{}", seen.text);
    assert_eq!(filled(&seen, "invitation"), whole, "{}", seen.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_last_page_looks_again_by_itself_for_a_minute_where_there_is_a_network() {
    let folder = tempfile::tempdir().unwrap();
    let refresh = |seen: &Seen| seen.headers.get(REFRESH).cloned();
    let alone = Browser::settled(&folder.path().join("alone")).await;
    assert_eq!(refresh(&alone.page("start/ready").await), None, "nobody is to be heard of");
    alone.home.close().await.unwrap();
    let data = folder.path().join("joined");
    let passphrase = in_a_network(&data).await;
    let mut browser = Browser::of(&data);
    browser.home.unlock(&passphrase).await.unwrap();
    browser.enter().await;
    for looks in 0..30 {
        let seen = browser.page("start/ready").await;
        assert!(seen.text.contains("No keeper has it yet"), "{}", seen.text);
        assert!(seen.text.contains("Get a first claim"), "{}", seen.text);
        assert_eq!(refresh(&seen).is_some(), looks < 20, "look {looks}");
    }
    browser.home.close().await.unwrap();
}
