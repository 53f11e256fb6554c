//! What a node that came out of a backup still knows.

use super::super::was_restored;
use super::{
    Alone, Key, PAYMENT_ACCOUNT_VERIFIED, backup, claims, identity, open, passphrase, start,
};
use crate::config::Config;
use crate::output::Text as _;
use crate::passphrase::Passphrase;
use crate::records::COSIGNED;
use crate::store::{Change as Write, Expect, Store as _};
use crate::verb::Verb as _;

#[tokio::test(flavor = "multi_thread")]
async fn what_a_witness_cosigned_is_in_its_backup_and_it_knows_that_there_may_be_more() {
    let before = Alone::new(false).await;
    let (key, bytes) = (vec![7; 40], vec![8; 90]);
    let (table, expect) = (COSIGNED.to_owned(), Expect::Nothing);
    let row = Write::Row { table, key: key.clone(), expect, bytes: bytes.clone() };
    before.node.write(vec![row]).await.unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let to = elsewhere.path().join("backup");
    backup::Backup { to: to.clone(), force: false }.perform(&before.node).await.unwrap();
    let data = elsewhere.path().join("data");
    start::backup::restore(&data, &Config::default(), &to, &passphrase()).await.unwrap();
    let (node, running) = open(&data).await;
    let after = Alone { node, running, _folder: None };
    let cosigned = after.node.read(move |store| store.row(COSIGNED, &key)).await.unwrap();
    assert_eq!(cosigned, Some(bytes));
    for (alone, restored) in [(&before, false), (&after, true)] {
        assert_eq!(alone.node.read(|store| was_restored(store)).await.unwrap(), restored);
    }
    after.stop().await;
    before.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_backup_is_written_over_only_if_wished_and_a_restored_folder_asks_first() {
    let anna = Alone::new(false).await;
    let held = anna.hold(PAYMENT_ACCOUNT_VERIFIED, 5_000).await.name;
    let elsewhere = tempfile::tempdir().unwrap();
    let to = elsewhere.path().join("backup");
    let write = |force| backup::Backup { to: to.clone(), force }.perform(&anna.node);
    write(false).await.unwrap();
    assert_eq!(write(false).await.unwrap_err().slug(), "conflict");
    write(true).await.unwrap();
    let data = elsewhere.path().join("data");
    start::backup::restore(&data, &Config::default(), &to, &passphrase()).await.unwrap();
    let (node, running) = open(&data).await;
    let again = Alone { node, running, _folder: None };
    // Whoever signs here may contradict what was signed after the backup.
    for refused in [
        again.rotate(Key::Authentication, false).await.unwrap_err(),
        identity::Deactivate { passphrase: passphrase() }.perform(&again.node).await.unwrap_err(),
        claims::Publish { claims: vec![held] }.perform(&again.node).await.unwrap_err(),
        again.node.publish_identity().await.unwrap_err(),
        again.present(&[], false).await.unwrap_err(),
    ] {
        assert_eq!(refused.slug(), "unavailable", "{refused}");
    }
    assert_eq!(again.own().await.version, 1);
    assert_eq!(anna.rotate(Key::Authentication, false).await.unwrap().version, 2);
    again.stop().await;
    anna.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mistyped_passphrase_leaves_nothing_behind_and_the_right_one_brings_settings_back() {
    let anna = Alone::new(false).await;
    std::fs::write(anna.node.data().join("attestor.toml"), "name = \"North\"").unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let (to, data) = (elsewhere.path().join("backup"), elsewhere.path().join("data"));
    let written = backup::Backup { to: to.clone(), force: false }.perform(&anna.node).await;
    assert!(written.unwrap().files.contains(&"attestor.toml".to_owned()));
    let restore = async |typed: &Passphrase| {
        start::backup::restore(&data, &Config::default(), &to, typed).await
    };
    let wrong = restore(&Passphrase::new("not what was chosen")).await.unwrap_err();
    assert_eq!(wrong.slug(), "locked");
    assert!(!data.exists(), "whoever types it again finds an empty folder");
    let restored = restore(&passphrase()).await.unwrap();
    assert_eq!(restored.identity, Some(anna.did().scid()));
    let settings = std::fs::read_to_string(data.join("attestor.toml")).unwrap();
    assert_eq!(settings, "name = \"North\"");
    anna.stop().await;
}

#[tokio::test]
async fn whoever_replaced_a_key_is_told_to_make_another_backup() {
    let north = Alone::new(true).await;
    for key in [Key::Authentication, Key::Assertion] {
        let rotated = north.rotate(key, false).await.unwrap();
        let mut said = Vec::new();
        rotated.text(&mut said).unwrap();
        let json = serde_json::to_string(&rotated).unwrap();
        for said in [String::from_utf8(said).unwrap(), json] {
            assert!(said.contains("make a new one, countersign backup FILE"), "{key:?}: {said}");
        }
    }
    assert_eq!(north.own().await.backup, None, "it is told once");
    north.stop().await;
}
