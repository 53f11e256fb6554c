//! Somebody is not there.

use crate::town::{EPOCH, FIFTY, HOUR, SECOND, Town, assert_answer, why};
use countersign_protocol::policy::decision::{Answer, Reason, Whose};
use countersign_simulation::node::Node;
use countersign_simulation::simulate;

pub(crate) fn a_customer_who_sleeps_for_two_days_is_accepted_on_a_witnesss_word_and_unknown_without(
    seed: u64,
) {
    simulate(seed, FIFTY, async |world| {
        let mut town = Town::new(world).await;
        assert_answer(&town.decide().await, Answer::Accepted);
        town.home.kill(world);
        // North's office is open again in time for the check.
        town.office.kill(world);
        world.run_for(48 * HOUR).await;
        town.reopen(world).await;
        assert_answer(&town.decide().await, Answer::Accepted);
        // The witness goes as well. What it said last counts for a day, and not for longer.
        town.witness.kill(world);
        town.office.kill(world);
        world.run_for(23 * HOUR).await;
        town.reopen(world).await;
        assert_answer(&town.decide().await, Answer::Accepted);
        world.run_for(2 * HOUR).await;
        let decision = town.decide().await;
        assert_answer(&decision, Answer::Unknown);
        let stale = Reason::StaleFreshness { whose: Whose::Subject };
        assert_eq!(why(&decision, "freshness"), stale);
        // It comes back, and its next round is enough.
        town.witness.start(world);
        world.run_for(EPOCH + 60 * SECOND).await;
        assert_answer(&town.decide().await, Answer::Accepted);
    });
}

pub(crate) fn an_attestor_that_is_away_for_25_hours_makes_its_claims_unknown_and_back_accepted(
    seed: u64,
) {
    simulate(seed, FIFTY, async |world| {
        let mut town = Town::new(world).await;
        town.home.kill(world);
        town.office.kill(world);
        world.run_for(23 * HOUR).await;
        assert_answer(&town.decide().await, Answer::Accepted);
        world.run_for(2 * HOUR).await;
        let decision = town.decide().await;
        assert_answer(&decision, Answer::Unknown);
        assert_eq!(why(&decision, "from north"), Reason::StaleStatus);
        // Also for a shop that never heard of it before: it learns how old the word is.
        let newcomer = Node::add(world, &[&town.witness, &town.shop], |_| {});
        world.run_for(EPOCH).await;
        let decision = town.policy.decide(&newcomer, &town.ada, &town.claim).await;
        assert_answer(&decision, Answer::Unknown);
        town.reopen(world).await;
        assert_answer(&town.decide().await, Answer::Accepted);
        let decision = town.policy.decide(&newcomer, &town.ada, &town.claim).await;
        assert_answer(&decision, Answer::Accepted);
    });
}
