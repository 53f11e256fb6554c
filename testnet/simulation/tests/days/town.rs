//! A small network with everybody in it whom a bad day can befall.

use countersign_node::config::Role;
use countersign_protocol::credential::Credential;
use countersign_protocol::engine::command::Outcome;
use countersign_protocol::policy::decision::{Answer, Decision, Reason};
use countersign_simulation::Latency;
use countersign_simulation::attestor::Attestor;
use countersign_simulation::node::{self, Node};
use countersign_simulation::person::Person;
use countersign_simulation::shop::Shop;
use countersign_simulation::world::World;
use std::time::Duration;

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const HOUR: Duration = Duration::from_secs(3600);
pub(crate) const FIFTY: Latency = Latency::fixed(Duration::from_millis(50));
/// Until witnesses have signed once more how new everything is.
pub(crate) const EPOCH: Duration = Duration::from_secs(301);

/// Adds that many keepers, each of which knows all before it, and lets them meet.
pub(crate) async fn keepers(world: &mut World, count: usize, witnesses: usize) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    for number in 0..count {
        let peers: Vec<&Node> = nodes.iter().collect();
        nodes.push(Node::add(world, &peers, |config| {
            config.network.witness = number < witnesses;
        }));
    }
    world.run_for(5 * SECOND).await;
    nodes
}

/// Adds a customer's home.
pub(crate) async fn home(world: &mut World, peers: &[&Node]) -> Node {
    let home = Node::add(world, peers, |config| config.role = Role::Home);
    world.run_for(2 * SECOND).await;
    home
}

/// A witness, a shop, the attestor North's own node and Ada's home; Ada and North are published, and
/// North has said how its list stands.
pub(crate) struct Town {
    pub(crate) witness: Node,
    pub(crate) shop: Node,
    pub(crate) office: Node,
    pub(crate) home: Node,
    pub(crate) north: Attestor,
    pub(crate) ada: Person,
    /// What North says of Ada.
    pub(crate) claim: Credential,
    pub(crate) policy: Shop,
}

impl Town {
    pub(crate) async fn new(world: &mut World) -> Self {
        let network = node::parameters();
        let witness = Node::add(world, &[], |config| config.network.witness = true);
        let mut north = Attestor::new(&network, world.dice(), witness.now());
        let trust = |config: &mut countersign_node::Config| {
            config.trust.attestors.insert("north".to_owned(), north.person.did().clone());
        };
        let shop = Node::add(world, &[&witness], trust);
        let office = Node::add(world, &[&witness, &shop], trust);
        let home = home(world, &[&witness, &shop, &office]).await;
        let mut ada = Person::new(&network, world.dice(), None, home.now());
        let claim = north.claim(ada.did(), 7, office.now());
        let policy = Shop::that_trusts(north.person.did());
        office.publish(&mut north.person).await;
        home.publish(&mut ada).await;
        let mut town = Self { witness, shop, office, home, north, ada, claim, policy };
        // Who does not know North yet passes its word over, and waits for the next.
        world.run_for(5 * SECOND).await;
        town.heartbeat().await;
        world.run_for(EPOCH).await;
        town
    }

    /// North says how its list stands.
    pub(crate) async fn heartbeat(&mut self) {
        let said = self.north.say(&[], self.office.now());
        let outcome = self.office.ask(said).await;
        assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
    }

    /// North's office, which was closed, opens, and says how the list stands.
    pub(crate) async fn reopen(&mut self, world: &mut World) {
        self.office.start(world);
        world.run_for(5 * SECOND).await;
        self.heartbeat().await;
        world.run_for(5 * SECOND).await;
    }

    /// The shop decides about Ada.
    pub(crate) async fn decide(&self) -> Decision {
        self.policy.decide(&self.shop, &self.ada, &self.claim).await
    }
}

#[track_caller]
pub(crate) fn assert_answer(decision: &Decision, answer: Answer) {
    assert_eq!(decision.answer(), answer, "{}", decision.explain());
}

/// Gives the reason of one of a decision's checks.
pub(crate) fn why(decision: &Decision, name: &str) -> Reason {
    let check = decision.checks().iter().find(|check| check.name == name);
    check.expect("a check of that name").reason.clone()
}
