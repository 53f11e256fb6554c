//! Another passphrase, on the page of the keys.

use super::{Browser, in_a_network};
use crate::passphrase::Passphrase;

#[tokio::test(flavor = "multi_thread")]
async fn once_it_was_changed_only_the_new_passphrase_opens_the_node() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let old = in_a_network(&data).await;
    let mut browser = Browser::of(&data);
    browser.home.unlock(&old).await.unwrap();
    browser.enter().await;
    let new = "five words nobody knows yet";
    let change = async |old: &str, first: &str, again: &str| {
        let fields = [("old-passphrase", old), ("first", first), ("again", again)];
        browser.post("keys/passphrase", &fields).await.text
    };
    let refused =
        [("not this one", new, new), (old.reveal(), new, "another"), (old.reveal(), "x", "x")];
    for (old, first, again) in refused {
        let seen = change(old, first, again).await;
        assert!(!seen.contains("The passphrase is another one"), "{seen}");
    }
    let node = browser.home.node().await.unwrap();
    node.open_with(&old).await.unwrap();
    let seen = change(old.reveal(), new, new).await;
    assert!(seen.contains("The passphrase is another one"), "{seen}");
    assert_eq!(node.open_with(&old).await.unwrap_err().slug(), "locked");
    drop(node);
    browser.home.close().await.unwrap();
    assert_eq!(browser.home.unlock(&old).await.unwrap_err().slug(), "locked");
    browser.home.unlock(&Passphrase::new(new)).await.unwrap();
    // What it sealed before is there still.
    assert!(browser.home.node().await.unwrap().own_scid().await.unwrap().is_some());
    browser.home.close().await.unwrap();
}
