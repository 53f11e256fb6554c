//! Who is followed is followed after a restart, and what was decided is known; one broken file of policies spoils
//! no other.

use super::{Alone, network, presenting, with_a_policy};
use crate::verb::Verb as _;
use crate::verb::desk::Desk;
use countersign_protocol::did::Scid;

#[tokio::test]
async fn whoever_starts_again_follows_whom_it_followed() {
    let shop = Alone::first(false).await;
    let [gone, stays] = [7, 8].map(|seed| Scid::from_digest([seed; 32]).to_did().to_string());
    let names = [gone.clone(), stays.clone()].into();
    network::Watch { names }.perform(&shop.node).await.unwrap();
    let left = network::Unwatch { names: [gone].into() }.perform(&shop.node).await.unwrap();
    assert_eq!(left.watched.len(), 1);
    let shop = shop.again().await;
    shop.node.follow_again().await.unwrap();
    let followed = Desk {}.perform(&shop.node).await.unwrap().followed;
    assert_eq!(followed.len(), 1);
    assert_eq!(followed[0].name, stays);
    shop.stop().await;
}

#[tokio::test]
async fn what_was_decided_is_on_the_desk_after_a_restart() {
    let shop = super::vendor().await;
    let check = presenting::Check {
        policy: presenting::PolicyRef::Name("shop".to_owned()),
        presentation: None,
        identity: Some(shop.did().to_string()),
        offline: true,
        staple: None,
    };
    let decided = check.perform(&shop.node).await.unwrap();
    let desk = async |shop: &Alone| Desk {}.perform(&shop.node).await.unwrap().decisions;
    let before = desk(&shop).await;
    assert_eq!((before.len(), before[0].answer), (1, decided.answer));
    let shop = shop.again().await;
    assert_eq!(desk(&shop).await, before);
    let text = serde_json::to_string(&before).unwrap();
    assert!(!text.contains(&shop.did().scid().to_string()), "and never about whom: {text}");
    shop.stop().await;
}

#[tokio::test]
async fn one_broken_file_of_policies_spoils_no_other_and_is_named() {
    let shop = Alone::new(false).await;
    with_a_policy(&shop);
    let broken = shop.node.data().join("policies").join("another.toml");
    crate::private::write(&broken, b"bad = [").unwrap();
    let policy = |name: &str| presenting::PolicyRef::Name(name.to_owned());
    assert!(shop.node.policy(&policy("shop")).is_ok());
    let problem = shop.node.policy(&policy("nowhere")).unwrap_err();
    assert!(problem.to_string().contains("another.toml is no policy file"), "{problem}");
    let findings = network::Doctor {}.perform(&shop.node).await.unwrap().findings;
    let named = findings.iter().filter(|finding| finding.what == "policy").count();
    assert_eq!(named, 1, "{findings:?}");
    shop.stop().await;
}
