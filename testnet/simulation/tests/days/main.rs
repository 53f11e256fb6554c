//! The bad days of the main job that are about networks, each over the real stack in virtual time.
//!
//! What an engine makes of each is tested with a network of a few lines, beside the engine; here it has to
//! come through connections that break, gossip, exchange and the DHT.

mod away;
mod clocks;
mod flood;
mod forks;
mod liars;
mod town;
mod witnesses;

use countersign_simulation::harness;
use std::process::ExitCode;

fn main() -> ExitCode {
    harness::run(&[
        (
            "a_customer_who_sleeps_for_two_days_is_accepted_on_a_witnesss_word_and_unknown_without",
            away::a_customer_who_sleeps_for_two_days_is_accepted_on_a_witnesss_word_and_unknown_without,
        ),
        (
            "an_attestor_that_is_away_for_25_hours_makes_its_claims_unknown_and_back_accepted",
            away::an_attestor_that_is_away_for_25_hours_makes_its_claims_unknown_and_back_accepted,
        ),
        (
            "under_a_wrong_clock_nothing_is_signed_and_every_check_is_unknown",
            clocks::under_a_wrong_clock_nothing_is_signed_and_every_check_is_unknown,
        ),
        (
            "a_flood_of_fresh_identities_does_not_push_an_attested_one_out",
            flood::a_flood_of_fresh_identities_does_not_push_an_attested_one_out,
        ),
        (
            "a_second_child_known_to_half_the_network_is_decided_alike_by_every_node",
            forks::a_second_child_known_to_half_the_network_is_decided_alike_by_every_node,
        ),
        (
            "who_comes_after_two_histories_is_told_what_both_share_in_the_first_answer",
            forks::who_comes_after_two_histories_is_told_what_both_share_in_the_first_answer,
        ),
        (
            "of_two_branches_the_witnessed_one_stands_at_every_node",
            forks::of_two_branches_the_witnessed_one_stands_at_every_node,
        ),
        (
            "behind_one_lying_peer_a_newcomer_accepts_nothing_and_among_honest_ones_it_knows",
            liars::behind_one_lying_peer_a_newcomer_accepts_nothing_and_among_honest_ones_it_knows,
        ),
        (
            "with_two_of_five_witnesses_gone_rotation_and_recovery_still_work",
            witnesses::with_two_of_five_witnesses_gone_rotation_and_recovery_still_work,
        ),
    ])
}
