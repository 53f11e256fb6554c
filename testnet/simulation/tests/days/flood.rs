//! Identities that cost their maker next to nothing.

use crate::town::{FIFTY, SECOND, Town, assert_answer};
use countersign_protocol::credential::draft;
use countersign_protocol::policy::decision::Answer;
use countersign_simulation::node::{self, Node};
use countersign_simulation::person::Person;
use countersign_simulation::simulate;

/// Room for about a hundred heads.
const ROOM: u64 = 100_000;
const FLOOD: usize = 400;

pub(crate) fn a_flood_of_fresh_identities_does_not_push_an_attested_one_out(seed: u64) {
    simulate(seed, FIFTY, async |world| {
        let mut town = Town::new(world).await;
        // A shop that has little room, and hears everything from those who have more.
        let small = Node::add(world, &[&town.witness, &town.shop, &town.office], |config| {
            config.limits.heads = ROOM;
            let north = town.north.person.did().clone();
            config.trust.attestors.insert("north".to_owned(), north);
        });
        world.run_for(5 * SECOND).await;
        // Ada shows the world what North says of her; Bob was there as long and shows nothing.
        let (claim, now) = (town.claim.clone(), town.home.now());
        town.ada.show(|ada, version| {
            let until = now.plus(30 * 86_400);
            let shown = [claim.clone()];
            let key = ada.authentication();
            draft::to_bytes(&draft::publish(ada.did(), &shown, version, now, until, key))
        });
        town.home.publish(&mut town.ada).await;
        let mut bob = Person::new(&node::parameters(), world.dice(), None, now);
        town.office.publish(&mut bob).await;
        world.run_for(5 * SECOND).await;
        for person in [&town.ada, &bob] {
            assert_eq!(small.holds(&person.scid()), Some(person.position()));
        }
        let before = small.heads();
        // Four that flood, since of each peer so many new identities are taken and no more.
        let peers = [&town.witness, &town.shop, &town.office, &small];
        let mut flooders = Vec::new();
        for _ in 0..4 {
            flooders.push(Node::add(world, &peers, |_| {}));
        }
        world.run_for(5 * SECOND).await;
        for number in 0..FLOOD {
            let flooder = &flooders[number % flooders.len()];
            let mut fake = Person::new(&node::parameters(), world.dice(), None, flooder.now());
            flooder.publish(&mut fake).await;
            world.run_for(SECOND / 10).await;
        }
        world.run_for(10 * SECOND).await;
        let after = small.heads();
        assert!(after > before + 20 && after < FLOOD, "{before} heads before, {after} after");
        assert_eq!(small.holds(&bob.scid()), None, "the flood pushed out nobody at all");
        assert_eq!(small.holds(&town.ada.scid()), Some(town.ada.position()));
        town.heartbeat().await;
        world.run_for(SECOND).await;
        let decision = town.policy.decide(&small, &town.ada, &town.claim).await;
        assert_ne!(decision.answer(), Answer::Refused, "{}", decision.explain());
        assert_answer(&town.decide().await, Answer::Accepted);
    });
}
