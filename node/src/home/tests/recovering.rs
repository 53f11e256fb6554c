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
    assert_eq!(seen.status, StatusCode::SERVICE_UNAVAILABLE, "{}", seen.text);
    assert!(seen.text.contains("Nobody could be asked"), "{}", seen.text);
    assert!(seen.text.contains("start/recover"), "{}", seen.text);
    assert!(!data.join("store").exists() && !data.join("network.toml").exists());
    let nowhere = [("file", "/no/backup"), ("passphrase", "p")];
    let seen = browser.upload("start/restore", &nowhere, &[]).await;
    assert!(seen.text.contains("value=\"/no/backup\""), "{}", seen.text);
    assert!(seen.text.contains("<details open><summary>From a backup"), "{}", seen.text);
    let joined = [("how", "invite"), ("invite", "countersign:invite:gw")];
    let seen = browser.begins(&joined, &[]).await;
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

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_that_the_browser_saved_is_handed_back_in_an_empty_folder() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::settled(&folder.path().join("old")).await;
    let fingerprint = |seen: &super::Seen| seen.between("<strong><code>", "</code>");
    let before = fingerprint(&browser.page("keys").await);
    let saved = browser.post("keys/backup", &[]).await;
    let name = saved.headers["content-disposition"].to_str().unwrap();
    assert!(name.starts_with("attachment; filename=\"countersign-20"), "{name}");
    browser.home.close().await.unwrap();

    let data = folder.path().join("new");
    let browser = Browser::entered(&data).await;
    let right = [("passphrase", "four words nobody knows")];
    for (fields, file, said) in [
        ([("passphrase", "of somebody else")], saved.bytes.as_slice(), "passphrase"),
        (right, b"no backup at all".as_slice(), "backup"),
        (right, b"".as_slice(), "Choose the backup"),
    ] {
        let seen = browser.upload("start/restore", &fields, file).await;
        assert!(seen.text.contains("role=\"alert\"") && seen.text.contains(said), "{}", seen.text);
        let left = std::fs::read_dir(&data).map_or(0, Iterator::count);
        assert_eq!(left, 0, "what was handed over is gone: {said}");
    }
    let seen = browser.upload("start/restore", &right, &saved.bytes).await;
    assert!(seen.text.contains("Your home"), "{}", seen.text);
    assert_eq!(fingerprint(&browser.page("keys").await), before);
    let left = std::fs::read_dir(&data).unwrap().flatten();
    assert!(left.into_iter().all(|file| !file.file_name().to_string_lossy().starts_with("backup")));
    browser.home.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_that_others_get_is_read_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let browser = Browser::settled(&folder.path().join("data")).await;
    assert!(browser.page("world").await.text.contains("world/did.jsonl"));
    let log = browser.get(&browser.home.at("world/did.jsonl")).await;
    let entry: serde_json::Value = serde_json::from_str(log.text.lines().next().unwrap()).unwrap();
    assert!(entry["versionId"].as_str().unwrap().starts_with("1-"), "{}", log.text);
    assert_eq!(log.headers["cache-control"], "no-store");
    browser.home.close().await.unwrap();
}

#[tokio::test]
async fn a_start_that_was_cut_off_says_what_to_do_now() {
    let folder = tempfile::tempdir().unwrap();
    for (name, sign) in [("new", None), ("cut-off", Some("# a node is being made here"))] {
        let data = folder.path().join(name);
        std::fs::create_dir(&data).unwrap();
        if let Some(sign) = sign {
            std::fs::write(data.join("unfinished"), sign).unwrap();
        }
        let seen = Browser::entered(&data).await.page("start").await;
        assert_eq!(seen.text.contains("do the same again"), sign.is_some(), "{}", seen.text);
    }
}
