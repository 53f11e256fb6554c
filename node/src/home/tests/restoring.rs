//! A home that comes out of a backup, in the browser.

use super::{Browser, in_a_network};
use crate::config::{Config, Limits};
use crate::start::DOOR_FILE;
use crate::verb::Verb as _;
use crate::verb::backup::Backup;

#[tokio::test(flavor = "multi_thread")]
async fn a_home_that_was_restored_runs_under_the_settings_it_brought() {
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old"), folder.path().join("new"));
    let passphrase = in_a_network(&old).await;
    let limits = Limits { cache: 5 * 1024 * 1024, ..Limits::default() };
    let chosen = Config { limits, ..Config::read(&old, &[]).unwrap() };
    chosen.write(&old).unwrap();
    let before = Browser::of(&old);
    before.home.unlock(&passphrase).await.unwrap();
    let to = folder.path().join("backup");
    let node = before.home.node().await.unwrap();
    Backup { to: to.clone(), force: false }.perform(&node).await.unwrap();
    assert!(old.join(DOOR_FILE).exists());
    drop(node);
    before.home.close().await.unwrap();
    assert!(!old.join(DOOR_FILE).exists(), "the note goes with the door");
    let after = Browser::of(&new);
    after.home.restore(&to, &passphrase).await.unwrap();
    let limits = after.home.node().await.unwrap().config().limits.clone();
    assert_eq!(limits, chosen.limits);
    after.home.close().await.unwrap();
}
