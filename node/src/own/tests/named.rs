//! How an identity is named by whoever has nothing but paper.

use super::{Alone, open, passphrase, start};
use crate::config::{Config, Role};
use crate::known::on_paper;
use crate::output::Text as _;
use crate::problem::Kind;
use crate::start::NewNode;
use crate::verb::Verb as _;
use crate::verb::identity::{Recover, Show};

#[tokio::test]
async fn the_line_beside_the_words_names_an_identity_and_whoever_has_none_is_told_of_it() {
    let anna = Alone::new(false).await;
    let scid = anna.did().scid();
    let line = on_paper(anna.did().as_str());
    assert_eq!(line.replace(' ', ""), scid.to_string());
    let mut shown = Vec::new();
    anna.own().await.text(&mut shown).unwrap();
    assert!(String::from_utf8(shown).unwrap().contains(&line), "it is repeated");
    let folder = tempfile::tempdir().unwrap();
    let new = NewNode { role: Role::Home, words: None, attests: false, weak_passphrase: true };
    start::create(folder.path(), &Config::default(), new, &passphrase()).await.unwrap();
    let (node, running) = open(folder.path()).await;
    assert_eq!(node.scid_of(&line).await.unwrap(), scid);
    for unknown in [Some(scid.fingerprint()), Some(String::new()), None] {
        let words = start::new_words().unwrap();
        let recover = Recover { did: unknown, words, passphrase: passphrase() };
        let refused = recover.perform(&node).await.unwrap_err().to_string();
        assert!(refused.contains("begins with Qm, 46 characters"), "{refused}");
    }
    // A start that was cut off before the identity came leaves such a node; `init` refuses its folder.
    let nobody = Show {}.perform(&node).await.unwrap_err().to_string();
    assert!(nobody.contains("countersign id recover --did"), "{nobody}");
    drop(node);
    running.stop().await.unwrap();
    anna.stop().await;
}

#[tokio::test]
async fn an_identity_that_was_made_in_the_future_is_no_damage() {
    let anna = Alone::new(false).await;
    let own = anna.node.own().await.unwrap();
    own.check_begun(anna.node.now()).unwrap();
    let refused = own.check_begun(own.history.created().minus(301)).unwrap_err();
    assert!(refused.is(Kind::Clock), "{refused}");
    let said = refused.to_string();
    assert!(said.contains(&own.history.created().to_string()), "{said}");
    assert!(said.contains("anew in an empty folder"), "{said}");
    anna.stop().await;
}
