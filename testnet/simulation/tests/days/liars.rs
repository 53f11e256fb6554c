//! A node joins behind one lying peer.

use crate::town::{EPOCH, FIFTY, SECOND, Town, assert_answer};
use countersign_protocol::policy::decision::Answer;
use countersign_simulation::liar::{Liar, Yesterday};
use countersign_simulation::node::Node;
use countersign_simulation::simulate;

pub(crate) fn behind_one_lying_peer_a_newcomer_accepts_nothing_and_among_honest_ones_it_knows(
    seed: u64,
) {
    simulate(seed, FIFTY, async |world| {
        let mut town = Town::new(world).await;
        assert_answer(&town.decide().await, Answer::Accepted);
        // Ada finds that her keys were copied, and takes others. One peer goes on telling what was true.
        let thief = town.ada.clone();
        let yesterday = Yesterday {
            identities: vec![thief.clone().publication(), town.north.person.publication()],
            statements: town.north.statements().to_vec(),
            list: town.north.list().to_vec(),
        };
        let liar = Liar::add(world, move |request| yesterday.answer(request));
        town.ada.rotate(0, town.home.now());
        town.home.publish(&mut town.ada).await;
        town.office.publish(&mut town.north.person).await;
        world.run_for(EPOCH).await;
        // A shop starts, and reaches nobody else.
        let mut porto = Node::add_at(
            world,
            &[liar.address().clone(), town.witness.address(), town.shop.address()],
            |_| {},
        );
        for node in [&town.witness, &town.shop, &town.office, &town.home] {
            world.cut(porto.id(), node.id());
        }
        world.run_for(20 * SECOND).await;
        let decision = town.policy.decide(&porto, &thief, &town.claim).await;
        assert_answer(&decision, Answer::Unknown);
        // Honest ones are enough to know better.
        world.mend_all();
        world.run_for(EPOCH).await;
        let decision = town.policy.decide(&porto, &thief, &town.claim).await;
        assert_answer(&decision, Answer::Refused);
        let decision = town.policy.decide(&porto, &town.ada, &town.claim).await;
        assert_answer(&decision, Answer::Accepted);
        // And it goes on knowing it, alone with the liar once more, also after it was killed.
        for node in [&town.witness, &town.shop, &town.office, &town.home] {
            world.cut(porto.id(), node.id());
        }
        porto.kill(world);
        porto.start(world);
        world.run_for(60 * SECOND).await;
        let decision = town.policy.decide(&porto, &thief, &town.claim).await;
        assert_ne!(decision.answer(), Answer::Accepted, "{}", decision.explain());
    });
}
