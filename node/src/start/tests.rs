//! What a node is called among others, and what its keys may enter.

use super::opened::Opened;
use super::*;

fn passphrase() -> Passphrase {
    Passphrase::new("a test keeps no secrets")
}

async fn make(data: &Path, role: Role) -> Result<Created, Problem> {
    let new = NewNode { role, words: None, attests: false, weak_passphrase: true };
    create(data, &Config::default(), new, &passphrase()).await
}

/// Gives what the node in `data` is called from its next start on.
async fn name(data: &Path) -> PublicKey {
    let config = Config::read(data, &[]).unwrap();
    Opened::open(data, config, Some(&passphrase())).await.unwrap().node_key.public()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_home_has_another_name_at_each_start_and_a_full_node_keeps_its_own() {
    for (role, keeps) in [(Role::Home, false), (Role::Full, true)] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        make(&data, role).await.unwrap();
        assert_eq!(name(&data).await == name(&data).await, keeps, "{role:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn weak_keys_are_made_for_no_network_that_lasts_and_enter_none() {
    for (testnet, may) in [(true, true), (false, false)] {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        found(&data, "alone", testnet).unwrap();
        let made = make(&data, Role::Full).await;
        assert_eq!(made.is_ok(), may, "{made:?}");
        assert_eq!(check_made(&data).is_ok(), may);
        // One that was made in no network is not let into this one either.
        let data = folder.path().join("before");
        make(&data, Role::Full).await.unwrap();
        found(&data, "alone", testnet).unwrap();
        let here = Config::default().on_this_computer();
        match online(&data, here, &passphrase()).await {
            Ok((node, running)) => {
                assert!(may);
                drop(node);
                running.stop().await.unwrap();
            }
            Err(problem) => assert!(!may && problem.to_string().contains("weak"), "{problem}"),
        }
    }
}

/// Whoever types a command right after the start is not told that nobody is there.
#[tokio::test(flavor = "multi_thread")]
async fn who_asks_a_node_that_has_just_begun_is_answered_once_it_met_somebody() {
    let folder = tempfile::tempdir().unwrap();
    let here = || Config::default().on_this_computer();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    found(&first, "two", true).unwrap();
    make(&first, Role::Full).await.unwrap();
    let (one, running) = online(&first, here(), &passphrase()).await.unwrap();
    join(&second, &one.invitation(&[]).await.unwrap().invite).unwrap();
    make(&second, Role::Home).await.unwrap();
    let (other, other_running) = online(&second, here(), &passphrase()).await.unwrap();
    let nobody = countersign_protocol::did::Scid::from_digest([7; 32]);
    let problem = other.known(nobody, false).await.unwrap_err();
    assert!(problem.is(Kind::NotFound), "somebody was asked: {problem}");
    for (node, running) in [(one, running), (other, other_running)] {
        drop(node);
        running.stop().await.unwrap();
    }
}
