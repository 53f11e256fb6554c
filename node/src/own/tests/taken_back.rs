//! What an attestor took back: it is seen, with when and why, also once another claim took its place.

use super::adding::World;
use crate::node::{Ask, Node};
use crate::own::claims::Held;
use crate::own::places::Current;
use crate::store::Change as Write;
use crate::verb::Verb as _;
use crate::verb::claims::{Add, Forget, How, Renewed};
use crate::verb::statement::{Line, Statement, What};
use countersign_protocol::credential::claim::Claim;
use countersign_protocol::credential::draft::Draft;
use countersign_protocol::credential::{Credential, PAYMENT_ACCOUNT_VERIFIED};
use countersign_protocol::engine::command::{Command, Outcome};
use countersign_protocol::status::bits::Bits;
use countersign_protocol::status::ledger::{Ledger, State, Times};
use countersign_protocol::status::why::Why;
use countersign_protocol::status::{Entry, Purpose, list};
use serde_json::Value;
use std::collections::BTreeMap;
use tokio::sync::mpsc;

const URL: &str = "https://attestor.example/status/1";
const INDEX: u64 = 7;

impl World {
    /// Signs a claim of one name, revocable or not.
    fn named(&self, seconds: u64, revocable: bool) -> Value {
        let from = self.owner.node.now().minus(seconds);
        let draft = Draft {
            id: Some("urn:uuid:1".to_owned()),
            status: if revocable { vec![entry()] } else { Vec::new() },
            ..self.draft(PAYMENT_ACCOUNT_VERIFIED, from)
        };
        draft.sign(&self.key, from)
    }

    /// Revokes it: gives the list as it stands then, and writes the statement to the owner's disk.
    async fn revoked(&self) -> State {
        let (now, node) = (self.owner.node.now(), &self.owner.node);
        let issuer = self.attestor.did();
        let draft = list::Draft {
            issuer: &issuer,
            url: URL,
            purpose: Purpose::Revocation,
            bits: &Bits::new(0),
            sequence: 0,
            statement: None,
            issued: now.minus(60),
            valid_until: now.plus(1000),
        };
        let credential = Credential::from_value(draft.sign(&self.key)).unwrap();
        let keys = |_, _: &str| Some(self.key.public());
        let list = list::List::read(&Claim::verify(credential, &keys).unwrap()).unwrap();
        let times = Times { issued: now, valid_until: now.plus(1000), effective_at: now.minus(30) };
        let wanted = BTreeMap::from([(INDEX, true)]);
        let network = node.joined().unwrap().parameters.id().to_string();
        let (statements, ledger) = Ledger::start(&list)
            .sign(&wanted, Why::AccountClosed, times, &network, &self.key)
            .unwrap();
        let (issuer, sealed) = (issuer.scid(), statements[0].sealed().to_vec());
        node.write(vec![Write::Statement { issuer, list: 1, number: 1, sealed }]).await.unwrap();
        ledger.state().clone()
    }
}

fn entry() -> Entry {
    Entry { purpose: Purpose::Revocation, list: 1, index: INDEX, url: URL.to_owned() }
}

/// Stands between a node and its engine, and knows how the list stands.
fn knowing(node: &Node, state: State) -> Node {
    let (commands, mut asks) = mpsc::channel::<Ask>(16);
    let engine = node.clone();
    tokio::spawn(async move {
        while let Some(Ask { command, answer }) = asks.recv().await {
            let outcome = match command {
                Command::Status { .. } | Command::StatusHere { .. } => {
                    Ok(Outcome::Status(Box::new(state.clone())))
                }
                command => engine.ask(command).await,
            };
            if let Ok(outcome) = outcome {
                let _gone = answer.send(outcome).is_err();
            }
        }
    });
    node.with_engine(commands)
}

async fn lines(node: &Node) -> Vec<Line> {
    let statement = Statement {}.perform(node).await.unwrap();
    assert!(statement.intact, "{:?}", statement.damage);
    statement.lines.into_iter().filter(|line| line.what == What::TakenBack).collect()
}

#[tokio::test]
async fn what_was_taken_back_is_seen_until_it_is_forgotten_and_has_one_line_for_ever() {
    for renewed in [true, false] {
        let world = World::new().await;
        let add = Add { claim: world.named(60, true), publish: false };
        let old = add.perform(&world.owner.node).await.unwrap().claim.name;
        world.owner.node.note_taken_back().await.unwrap();
        assert!(lines(&world.owner.node).await.is_empty(), "it is not taken back");

        let state = world.revoked().await;
        let since = state.effective_at().unwrap().to_string();
        let node = knowing(&world.owner.node, state);
        let claim = world.named(10, false);
        if renewed {
            node.note_taken_back().await.unwrap();
            let new = Held::of(Credential::from_value(claim).unwrap());
            let mut answer = Renewed::default();
            let attestor = world.attestor.did().scid();
            node.take_current(attestor, Current::whole(vec![new]), &mut answer).await.unwrap();
            assert_eq!(answer.renewed.len(), 1);
        } else {
            let added = Add { claim, publish: false }.perform(&node).await.unwrap();
            assert!(added.replaced.is_empty(), "{:?}", added.replaced);
        }
        let held = node.claims().await.unwrap();
        let stand: Vec<How> = held.iter().map(|claim| claim.standing).collect();
        assert_eq!(stand, [How::Stands, How::Revoked]);
        assert_eq!((held[1].name.as_str(), held[1].since.as_ref()), (old.as_str(), Some(&since)));
        assert!(held[1].because.as_ref().unwrap().contains("account closed"), "{held:?}");

        Forget { claim: old.clone() }.perform(&node).await.unwrap();
        node.note_taken_back().await.unwrap();
        assert_eq!(node.claims().await.unwrap().len(), 1);
        let [line] = <[Line; 1]>::try_from(lines(&node).await).unwrap();
        assert_eq!(line.whom, world.attestor.did().to_string());
        assert_eq!(line.kinds, [PAYMENT_ACCOUNT_VERIFIED]);
        let said = line.request.unwrap();
        assert_eq!(
            said,
            format!("claim {old} since {since}: its attestor took it back: account closed")
        );
        drop(node);
        world.stop().await;
    }
}

#[tokio::test]
async fn what_was_taken_back_says_so_also_once_its_time_is_over() {
    let world = World::new().await;
    let now = world.owner.node.now();
    let (from, valid_until) = (now.minus(600), now.minus(10));
    let draft = Draft { status: vec![entry()], ..world.draft(PAYMENT_ACCOUNT_VERIFIED, from) };
    let over = Draft { valid_until, ..draft }.sign(&world.key, from);
    let over = world.owner.node.keep_claim(Credential::from_value(over).unwrap()).await.unwrap();
    assert_eq!(over.standing, How::Ended, "nothing is known of its list");
    assert_eq!(over.since, Some(valid_until.to_string()));
    let state = world.revoked().await;
    let since = state.effective_at().map(|since| since.to_string());
    let node = knowing(&world.owner.node, state);
    let over = node.claims().await.unwrap().remove(0);
    assert_eq!((over.standing, over.since), (How::Revoked, since));
    assert!(over.because.unwrap().contains("account closed"));
    drop(node);
    world.stop().await;
}
