//! Whether anybody can tell which of two histories of somebody stands.

use super::{Alone, Command, Freshness, Outcome, Publication, SecretKey};
use crate::known::Known;
use countersign_protocol::did::log::draft::{self, Keys, Place, Signing};
use countersign_protocol::did::log::witness::{File, Rule, cosign};
use countersign_protocol::engine::command::Found;
use countersign_protocol::policy::standing::Fork;
use countersign_protocol::wire::head::{Head, Stamp};

/// Somebody new, as a node that was told of them finds them.
async fn found(alone: &Alone, witness: Option<SecretKey>) -> Found {
    let [key, next, recovery] = [1, 2, 3].map(|seed| SecretKey::from_seed([seed; 32]));
    let (promised, paper) = (next.public(), recovery.public());
    let signing = Signing { key: &key, next: &promised, recovery: &paper };
    let keys = Keys { authentication: vec![key.public()], assertion: vec![key.public()] };
    let rule = witness.as_ref().map(|witness| Rule::new(1, vec![witness.public()]).unwrap());
    let now = alone.node.now();
    let born = draft::create(Place::Home, &keys, rule.as_ref(), signing, now).unwrap();
    let (scid, version) = (born.history.scid(), born.history.version_id());
    let witnesses = witness.map(|witness| {
        let mut file = File::default();
        let _witness = file.add(version, &cosign(version, &witness, now)).unwrap();
        file.to_bytes()
    });
    let network = &alone.node.joined().unwrap().parameters;
    let stamp = Stamp::mine(&scid, network.id(), network.difficulty(), 0, 1 << 30).unwrap();
    let head = Head {
        scid,
        version: version.number,
        version_digest: version.digest,
        log_length: u64::try_from(born.history.length()).unwrap(),
        showcase: None,
        sequence: 1,
        stamp,
        key: key.public(),
    };
    let head = head.seal(network.id(), &key);
    let log = [born.entry.as_bytes(), b"\n"].concat();
    let publication = Publication { scid, log, witnesses, head, showcase: None };
    let outcome = alone.node.ask(Command::Publish(Box::new(publication))).await.unwrap();
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
    alone.node.find(scid, Freshness::Held).await.unwrap()
}

/// Witnesses settle most forks and not all: two heads of one number, say, both of which they let stand.
#[tokio::test]
async fn a_fork_is_open_where_a_check_would_be_told_so_with_witnesses_and_without() {
    let alone = Alone::first(false).await;
    for witness in [None, Some(SecretKey::from_seed([4; 32]))] {
        let witnessed = witness.is_some();
        let found = found(&alone, witness).await;
        let standing = found.identity.standing().unwrap();
        assert_eq!(standing.witness_rule().is_some(), witnessed);
        for (fork, forks, open) in [
            (Fork::None, vec![], false),
            (Fork::Settled, vec![[7; 32]], false),
            (Fork::Open, vec![[7; 32]], true),
        ] {
            let known = Known::new(Found { fork, forks, ..found.clone() }).unwrap();
            assert_eq!(known.is_open_fork(), open, "{fork:?}, witnessed: {witnessed}");
        }
    }
    alone.stop().await;
}
