//! A node joins behind one lying peer.

use super::shop::{HOME, SHOP, Town, assert_answer};
use crate::engine::config::Role;
use crate::policy::decision::Answer;
use crate::wire::exchange::{Request, Response};

#[test]
fn behind_one_lying_peer_a_newcomer_accepts_nothing_and_among_honest_ones_it_knows() {
    let mut town = Town::new(220);
    // Node 2 stops listening; then Ada finds that her key was copied, and takes another one.
    town.world.offline(2);
    let thief = town.ada.clone();
    let at = town.now();
    town.ada.rotate(1, at);
    town.publish_ada();
    town.world.run(61_000);
    town.world.offline(HOME);
    // A shop starts, and knows only node 2, which says what was true yesterday.
    town.world.restart(2);
    let porto = town.world.join(Role::Keeper, |_| {});
    town.world.link(porto, 2);
    town.world.nodes[2].lie = Some(|request, _| match request {
        // It signs nothing: it would have to show that it does not know.
        Request::Fresh(_) => Response::Fresh(Vec::new()),
        _ => Response::Unsupported,
    });
    town.world.run(5000);
    let (did, claim) = (town.did.clone(), town.claim.clone());
    let behind = town.world.show_to(porto, &did, &thief, &claim);
    assert_answer(&behind, Answer::Unknown);
    // Two honest ones are enough to know better, and to go on knowing it.
    town.world.link(porto, 0);
    town.world.link(porto, SHOP);
    town.world.run(70_000);
    assert_answer(&town.world.show_to(porto, &did, &thief, &claim), Answer::Refused);
    let ada = town.ada.clone();
    assert_answer(&town.world.show_to(porto, &did, &ada, &claim), Answer::Accepted);
    town.world.unlink(porto, 0);
    town.world.unlink(porto, SHOP);
    town.world.run(5000);
    assert_ne!(town.world.show_to(porto, &did, &thief, &claim).answer(), Answer::Accepted);
}

#[test]
fn a_peer_that_gives_noise_for_everything_is_let_go_and_changes_nothing() {
    let mut town = Town::new(221);
    town.world.nodes[2].lie = Some(|request, _| match request {
        Request::Hello(_) => Response::Unsupported,
        // A body of its own: an answer, and to none of the questions it is asked here.
        _ => Response::Body(vec![1, 2, 3]),
    });
    let porto = town.world.join(Role::Keeper, |_| {});
    let liar = town.world.nodes[2].peer.clone();
    for node in [2, 0, SHOP] {
        town.world.link(porto, node);
    }
    town.world.run(70_000);
    let (did, ada, claim) = (town.did.clone(), town.ada.clone(), town.claim.clone());
    for _ in 0..6 {
        assert_answer(&town.world.show_to(porto, &did, &ada, &claim), Answer::Accepted);
    }
    assert!(town.world.nodes[porto].faults.iter().any(|(peer, _)| *peer == liar));
    let others = |(peer, _): &&(crate::wire::peer::Peer, _)| *peer != liar;
    assert_eq!(town.world.nodes[porto].faults.iter().filter(others).count(), 0);
}
