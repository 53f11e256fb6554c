//! Somebody is not there.

use super::shop::{HOME, NORTH, SHOP, Town, assert_answer};
use crate::engine::config::Role;
use crate::policy::decision::{Answer, Reason, Whose};

fn why(town: &mut Town, name: &str) -> Reason {
    let decision = town.decide();
    let check = decision.checks().iter().find(|check| check.name == name);
    check.map(|check| check.reason.clone()).unwrap()
}

#[test]
fn a_customer_who_sleeps_for_two_days_is_accepted_on_a_witnesss_word_and_unknown_without() {
    let mut town = Town::new(200);
    assert_answer(&town.decide(), Answer::Accepted);
    town.world.offline(HOME);
    town.day(48);
    assert_answer(&town.decide(), Answer::Accepted);
    // The witnesses go as well. What they said last counts for a day, and not for longer.
    (0..3).for_each(|witness| town.world.offline(witness));
    town.day(23);
    assert_answer(&town.decide(), Answer::Accepted);
    town.day(2);
    assert_answer(&town.decide(), Answer::Unknown);
    assert_eq!(why(&mut town, "freshness"), Reason::StaleFreshness { whose: Whose::Subject });
    // A shop that starts only now has nobody's word at all.
    let (did, ada, claim) = (town.did.clone(), town.ada.clone(), town.claim.clone());
    let newcomer = town.world.join(Role::Keeper, |_| {});
    town.world.mesh();
    town.world.run(3000);
    let decision = town.world.show_to(newcomer, &did, &ada, &claim);
    assert_answer(&decision, Answer::Unknown);
    // One of them comes back, and its next round is enough.
    town.world.restart(0);
    town.world.mesh();
    town.world.run(70_000);
    assert_answer(&town.decide(), Answer::Accepted);
}

#[test]
fn an_attestor_that_is_away_for_25_hours_makes_its_claims_unknown_and_back_accepted() {
    let mut town = Town::new(201);
    town.world.offline(NORTH);
    town.world.pass(23 * 3600);
    assert_answer(&town.decide(), Answer::Accepted);
    town.world.pass(2 * 3600);
    assert_answer(&town.decide(), Answer::Unknown);
    assert_eq!(why(&mut town, "from north"), Reason::StaleStatus);
    // Also for a shop that never heard of it before: it learns how old the word is.
    let (did, ada, claim) = (town.did.clone(), town.ada.clone(), town.claim.clone());
    let newcomer = town.world.join(Role::Keeper, |_| {});
    town.world.mesh();
    town.world.run(70_000);
    let decision = town.world.show_to(newcomer, &did, &ada, &claim);
    assert_answer(&decision, Answer::Unknown);
    town.world.restart(NORTH);
    town.world.mesh();
    town.world.run(3000);
    town.heartbeat();
    assert_answer(&town.decide(), Answer::Accepted);
    assert_answer(&town.world.show_to(newcomer, &did, &ada, &claim), Answer::Accepted);
    assert_eq!(SHOP, 3);
}
