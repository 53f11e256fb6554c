//! What a node that came out of a backup still knows.

use super::super::was_restored;
use super::{Alone, backup, open, passphrase, start};
use crate::config::Config;
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
