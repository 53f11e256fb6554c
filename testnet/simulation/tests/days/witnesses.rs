//! Two of five witnesses are gone.

use crate::town::{FIFTY, SECOND, home, keepers};
use countersign_protocol::did::log::witness::Rule;
use countersign_protocol::engine::command::Freshness;
use countersign_protocol::key::PublicKey;
use countersign_simulation::node::{self, Node};
use countersign_simulation::person::Person;
use countersign_simulation::simulate;

pub(crate) fn with_two_of_five_witnesses_gone_rotation_and_recovery_still_work(seed: u64) {
    simulate(seed, FIFTY, async |world| {
        let mut nodes = keepers(world, 5, 5).await;
        let home = home(world, &nodes.iter().collect::<Vec<_>>()).await;
        let keys: Vec<PublicKey> = nodes.iter().filter_map(Node::witness).collect();
        let rule = Rule::new(3, keys.clone()).expect("a rule");
        let now = home.now();
        let mut ada = Person::new(&node::parameters(), world.dice(), Some(&rule), now);
        assert_eq!(home.cosign(&mut ada, &keys).await.signed.len(), 5);
        home.publish(&mut ada).await;
        world.run_for(2 * SECOND).await;
        nodes[0].kill(world);
        nodes[3].kill(world);
        world.run_for(10 * SECOND).await;
        ada.rotate(0, home.now());
        let cosigning = home.cosign(&mut ada, &keys).await;
        assert_eq!((cosigning.signed.len(), cosigning.silent.len()), (3, 2));
        home.publish(&mut ada).await;
        world.run_for(10 * SECOND).await;
        ada.recover(home.now());
        assert_eq!(home.cosign(&mut ada, &keys).await.signed.len(), 3);
        home.publish(&mut ada).await;
        world.run_for(5 * SECOND).await;
        for node in [1, 2, 4] {
            let found = nodes[node].find(ada.scid(), Freshness::Held).await.expect("it is held");
            assert_eq!(found.identity.standing().map(|it| it.number()), Some(3), "node {node}");
        }
        // Those who were away take it over when they come back.
        nodes[0].start(world);
        nodes[3].start(world);
        world.run_for(90 * SECOND).await;
        for (number, node) in nodes.iter().enumerate() {
            assert_eq!(node.holds(&ada.scid()), Some(ada.position()), "node {number}");
        }
    });
}
