//! Keys change hands, and identities their place.

use super::super::person::EPOCH;
use super::shop::{NORTH, SHOP, Town, assert_answer, claim};
use crate::did::log::draft::{Change, Place};
use crate::engine::command::{Command, Outcome};
use crate::policy::decision::{Answer, Reason, Whose};
use crate::status::why::Why;

#[test]
fn an_attestor_rotates_its_key_as_planned_and_its_claims_stand() {
    let mut town = Town::new(210);
    let old = town.claim.clone();
    let at = town.now();
    town.north.person.new_assertion(true, at);
    town.publish_north();
    town.heartbeat();
    town.world.run(61_000);
    // What was signed before counts, and so does what is signed now.
    assert_answer(&town.decide(), Answer::Accepted);
    let key = town.north.person.assertion();
    town.claim = claim(&town.north.person, key, town.ada.history.did(), 8);
    assert_answer(&town.decide(), Answer::Accepted);
    // And both can still be taken back.
    town.say(&[7]);
    assert_answer(&town.decide(), Answer::Accepted);
    town.claim = old;
    assert_answer(&town.decide(), Answer::Refused);
}

#[test]
fn a_stolen_attestor_key_forges_nothing_backdated_and_what_is_reissued_is_accepted() {
    let mut town = Town::new(211);
    let stolen = town.north.person.assertion();
    // The thief signs a claim with every date in it from before the theft.
    let forged = claim(&town.north.person, stolen.clone(), town.ada.history.did(), 99);
    let honest = town.claim.clone();
    let at = town.now();
    town.north.person.new_assertion(false, at);
    town.publish_north();
    // Until the list is signed anew nobody's word stands behind it.
    town.world.run(61_000);
    town.claim = forged.clone();
    assert_ne!(town.decide().answer(), Answer::Accepted);
    town.heartbeat();
    for gone in [forged, honest] {
        town.claim = gone;
        let decision = town.decide();
        assert_answer(&decision, Answer::Refused);
        let reason = decision.checks().iter().find(|check| check.name == "from north").unwrap();
        let whose = Whose::Attestor("north".to_owned());
        assert_eq!(reason.reason, Reason::KeyGone { whose });
    }
    // `reissue` signs what the ledger holds, the same index and all, with the new key.
    let key = town.north.person.assertion();
    town.claim = claim(&town.north.person, key, town.ada.history.did(), 7);
    assert_answer(&town.decide(), Answer::Accepted);
    // The thief goes on saying that nothing was taken back: nobody listens.
    town.say(&[7]);
    let seconds = town.world.now_ms / 1000 + 60;
    let times = crate::status::ledger::Times {
        issued: EPOCH.plus(seconds),
        valid_until: EPOCH.plus(seconds + 3600),
        effective_at: EPOCH,
    };
    let before = town.north.ledger.clone();
    let sign =
        before.sign(&std::collections::BTreeMap::new(), Why::Unspecified, times, "test", &stolen);
    let statement = sign.unwrap().0.remove(0).sealed().to_vec();
    let outcome = town.world.ask(SHOP, Command::PublishStatement { statement, list: None });
    assert!(matches!(outcome, Outcome::Refused(_)), "{outcome:?}");
    assert_answer(&town.decide(), Answer::Refused);
}

#[test]
fn a_list_signed_anew_after_a_theft_is_taken_up_by_all_and_by_whoever_starts_again() {
    let mut town = Town::new(213);
    let at = town.now();
    town.north.person.new_assertion(false, at);
    town.publish_north();
    let seconds = town.world.now_ms / 1000;
    let statement = town.north.sign_for(&[], seconds, 30 * 86_400).sealed().to_vec();
    town.north.sign_list(seconds);
    let list = Some(town.north.list.clone());
    let outcome = town.world.ask(NORTH, Command::PublishStatement { statement, list });
    assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
    town.world.run(1000);
    let key = town.north.person.assertion();
    town.claim = claim(&town.north.person, key, town.ada.history.did(), 7);
    assert_answer(&town.decide(), Answer::Accepted);
    // What lies on the shop's disk is signed with the key that is gone.
    town.world.restart(SHOP);
    town.world.mesh();
    town.world.run(2000);
    assert_answer(&town.decide(), Answer::Accepted);
    // The others took the new list up by themselves: a newcomer gets it though North is away.
    town.world.run(300_000);
    town.world.offline(NORTH);
    town.world.offline(SHOP);
    let scid = town.north.person.scid();
    let newcomer = town.world.join(crate::engine::config::Role::Keeper, |config| {
        config.trust.insert(scid);
    });
    town.world.mesh();
    town.world.run(5000);
    let (did, ada, claim) = (town.did.clone(), town.ada.clone(), town.claim.clone());
    assert_answer(&town.world.show_to(newcomer, &did, &ada, &claim), Answer::Accepted);
}

#[test]
fn an_identity_moves_to_a_domain_and_its_claims_and_the_policies_about_it_still_hold() {
    let mut town = Town::new(212);
    let homes = [town.north.person.history.did().clone(), town.ada.history.did().clone()];
    let to = |domain| Change { place: Some(Place::Domain(domain)), ..Change::default() };
    let at = town.now();
    town.north.person.change(&to("north.example"), at);
    town.ada.change(&to("ada.example"), at);
    town.publish_north();
    town.publish_ada();
    town.heartbeat();
    town.world.run(61_000);
    assert_ne!([town.north.person.history.did(), town.ada.history.did()], homes.each_ref());
    // The policy names North as it was, the claim names both as they were, Ada shows it as she is.
    assert_answer(&town.decide(), Answer::Accepted);
    // And a policy may name North as it is now.
    town.did = town.north.person.history.did().clone();
    assert_answer(&town.decide(), Answer::Accepted);
    // A claim made after the move, for a policy from before it.
    let key = town.north.person.assertion();
    town.claim = claim(&town.north.person, key, town.ada.history.did(), 8);
    town.did = homes[0].clone();
    assert_answer(&town.decide(), Answer::Accepted);
    // Whoever says to have moved and did not is nobody.
    let mut elsewhere = town.north.person.clone();
    elsewhere.change(&to("south.example"), town.now().plus(60));
    let key = town.north.person.assertion();
    town.claim = claim(&elsewhere, key, town.ada.history.did(), 8);
    assert_ne!(town.decide().answer(), Answer::Accepted);
    assert_eq!(NORTH, 4);
}
