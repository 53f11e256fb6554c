//! What a vendor is told, and one thing wrong at a time.

mod orders;

use super::check::{Check, Known, Need, Subject};
use super::decision::{Answer, Decision, Reason, Whose};
use super::sample::{
    HOUR, World, ada, by_peers, claims, decide_under, east, file, found, fresh, north, policy,
    policy_with, presented, presented_by, showcase, south, standing, state, state_of, taken_back,
    written,
};
use super::standing::Fork;
use super::{Policy, PolicyError};
use crate::credential::Credential;
use crate::credential::sample::{DAY, NOW, Party, object};
use crate::key::SecretKey;
use crate::proof::Purpose;
use crate::status::{self, why::Why};
use crate::time::Timestamp;
use serde_json::{Value, json};
use std::sync::Arc;

fn decide(world: &World, subject: Subject) -> Decision {
    decide_under(&policy(), world, subject)
}

fn both() -> Vec<Credential> {
    claims(&[north(), south()])
}

fn attestor(name: &str) -> Whose {
    Whose::Attestor(name.to_owned())
}

#[test]
fn two_of_three_attestors_and_control_are_accepted() {
    let decision = decide(&World::new(), presented(&both()));
    assert_eq!(decision.answer(), Answer::Accepted, "{}", decision.explain());
    assert_eq!(decision.subject(), Some(&ada().did));
    assert_eq!(decision.good_until(), Some(NOW.plus(300)), "as long as the presentation");
    let proved = decision.claims();
    assert_eq!(proved.len(), 2);
    assert_eq!((proved[0].attestor.as_str(), &proved[0].issuer), ("north", &north().did));
    let values = json!({ "/provider": "paypal.com", "/verified": true });
    assert_eq!(json!(proved[0].values), values, "and nothing else");
    let text = decision.explain();
    assert!(text.starts_with("ACCEPTED  2 of 2, good until "), "{text}");
}

#[test]
fn more_attestors_than_needed_are_not_counted_out_of_fewer() {
    let world = World::new();
    let all = claims(&[north(), south(), east()]);
    let text = decide(&world, presented(&all)).summary();
    assert!(text.starts_with("ACCEPTED  3 where 2 are enough, good until "), "{text}");
    let one = policy_with("at_least", json!(1));
    let text = decide_under(&one, &world, presented(&all)).summary();
    assert!(text.starts_with("ACCEPTED  3 where 1 is enough, good until "), "{text}");
}

#[test]
fn a_decision_is_json_with_names_results_reasons_and_ages() {
    let decision = json!(decide(&World::new(), presented(&both())));
    assert_eq!(decision["answer"], "accepted");
    assert_eq!(decision["policy"], "new-customer");
    assert_eq!(decision["goodUntil"], json!(NOW.plus(300)));
    let freshness = json!({
        "name": "freshness", "result": "accepted", "reason": "the newest state", "age": 3600,
    });
    assert_eq!(decision["checks"][2], freshness);
    assert_eq!(decision["claims"][0]["type"], "PaymentAccountVerified");
}

#[test]
fn too_few_attestors_are_refused_with_those_who_would_do() {
    let none = decide(&World::new(), presented(&[]));
    assert_eq!(none.answer(), Answer::Refused);
    assert_eq!(none.summary(), "REFUSED  0 of 2: north, south or east would do");
    let one = decide(&World::new(), presented(&claims(&[south()])));
    assert_eq!(one.summary(), "REFUSED  1 of 2: north or east would do");
    assert_eq!(one.claims().len(), 1);
}

#[test]
fn two_claims_of_one_attestor_are_one_attestor() {
    let twice = [7, 8].map(|index| north().claim(&ada().did, index).credential().clone());
    assert_eq!(decide(&World::new(), presented(&twice)).answer(), Answer::Refused);
    let mut file = file(&written()).unwrap();
    file.attestors.insert("south".to_owned(), north().did);
    file.attestors.insert("east".to_owned(), north().did);
    let refused = file.policy("new-customer").unwrap_err();
    assert_eq!(refused, PolicyError::AtLeast { at_least: 2, most: 1 });
}

#[test]
fn an_attestor_the_policy_does_not_name_does_not_count() {
    let mut world = World::new();
    world.add(&Party::new(4));
    let shown = claims(&[north(), Party::new(4)]);
    assert_eq!(decide(&world, presented(&shown)).answer(), Answer::Refused);
}

#[test]
fn a_withdrawn_claim_is_refused_however_old_the_word_is() {
    for ago in [60, 40 * DAY] {
        let mut world = World::new();
        world.set_state(state(&north(), &[7], ago));
        let decision = decide(&world, presented(&both()));
        assert_eq!(decision.answer(), Answer::Refused);
        let revoked = Reason::Revoked { whose: attestor("north"), why: None };
        assert_eq!(found(&decision, "from north"), (Answer::Refused, &revoked));
        let text = decision.summary();
        assert_eq!(text, "REFUSED  1 of 2: north withdrew it; east would do");
    }
    let mut world = World::new();
    world.set_state(state(&north(), &[7], 60));
    let three = claims(&[north(), south(), east()]);
    assert_eq!(decide(&world, presented(&three)).answer(), Answer::Accepted);
}

#[test]
fn why_a_claim_was_withdrawn_is_told_where_its_attestor_said_so() {
    let mut world = World::new();
    world.set_state(taken_back(&north(), 7, Why::AccountClosed));
    let decision = decide(&world, presented(&both()));
    let text = "REFUSED  1 of 2: north withdrew it (\"account closed\"); east would do";
    assert_eq!(decision.summary(), text);
    let json = json!(decision);
    let checks = json["checks"].as_array().unwrap();
    let row = checks.iter().find(|check| check["name"] == "from north").unwrap();
    assert_eq!(row["withdrawn"], "account-closed");
    let others = checks.iter().filter(|check| check["name"] != "from north");
    assert!(others.clone().all(|check| check.get("withdrawn").is_none()));

    world.set_state(taken_back(&north(), 7, Why::Unspecified));
    let decision = decide(&world, presented(&both()));
    assert_eq!(decision.summary(), "REFUSED  1 of 2: north withdrew it; east would do");
}

#[test]
fn a_status_that_is_missing_or_stale_is_unknown() {
    let mut world = World::new();
    world.states.remove(&(north().scid(), 1));
    let decision = decide(&world, presented(&both()));
    assert_eq!(decision.answer(), Answer::Unknown);
    assert_eq!(found(&decision, "from north"), (Answer::Unknown, &Reason::StatusUnknown));

    world.set_state(state(&north(), &[], DAY));
    let decision = decide(&world, presented(&both()));
    assert_eq!(found(&decision, "from north"), (Answer::Unknown, &Reason::StaleStatus));
    assert_eq!(decision.answer(), Answer::Unknown);

    world.set_state(state(&north(), &[], DAY - 1));
    assert_eq!(decide(&world, presented(&both())).good_until(), Some(NOW.plus(1)));
}

#[test]
fn a_suspended_claim_is_refused_while_that_is_known() {
    let mut draft = north().draft(&ada().did, 7);
    draft.status[0].purpose = status::Purpose::Suspension;
    let shown = [north().sign(&draft), both().remove(1)];
    let mut world = World::new();
    let with = |world: &mut World, set: &[u64], ago| {
        world.set_state(state_of(&north(), status::Purpose::Suspension, set, ago));
        decide(world, presented(&shown))
    };
    assert_eq!(with(&mut world, &[], 60).answer(), Answer::Accepted);
    assert_eq!(with(&mut world, &[7], 60).answer(), Answer::Refused);
    assert_eq!(with(&mut world, &[7], 2 * DAY).answer(), Answer::Unknown, "it may be lifted");
    world.set_state(state(&north(), &[], 60));
    let decision = decide(&world, presented(&shown));
    assert_eq!(found(&decision, "from north"), (Answer::Refused, &Reason::NoSuchBit));
}

#[test]
fn a_claim_that_could_not_be_taken_back_is_refused() {
    let mut draft = north().draft(&ada().did, 7);
    draft.status.clear();
    let shown = [north().sign(&draft), both().remove(1)];
    let decision = decide(&World::new(), presented(&shown));
    assert_eq!(found(&decision, "from north"), (Answer::Refused, &Reason::NoStatus));
}

#[test]
fn a_status_signed_with_a_key_that_is_gone_is_unknown() {
    let thief = Party { key: SecretKey::from_seed([66; 32]), ..north() };
    let mut world = World::new();
    world.set_state(state(&thief, &[], 60));
    assert_eq!(decide(&world, presented(&both())).answer(), Answer::Unknown);
}

#[test]
fn a_forged_claim_is_refused() {
    let mut forged = object(both()[0].to_value());
    forged["credentialSubject"]["note"] = json!("more");
    let shown = [Credential::from_value(Value::Object(forged)).unwrap(), both().remove(1)];
    let decision = decide(&World::new(), presented(&shown));
    let reason = Reason::Forged { whose: attestor("north") };
    assert_eq!(found(&decision, "from north"), (Answer::Refused, &reason));
}

#[test]
fn a_claim_under_a_key_that_was_taken_away_is_refused() {
    let mut world = World::new();
    let key = SecretKey::from_seed([50; 32]).public();
    for method in &mut world.standing(&north()).keys {
        (method.key, method.fragment) = (key, key.to_multikey());
    }
    let gone = Reason::KeyGone { whose: attestor("north") };
    let decision = decide(&world, presented(&both()));
    assert_eq!(found(&decision, "from north"), (Answer::Refused, &gone));

    // A claim verified before, under the document before.
    let mut check = Check::new(policy(), presented(&both()));
    check.supply(Known::Claim(Arc::new(north().claim(&ada().did, 7))));
    world.answer(&mut check);
    assert_eq!(found(&check.decide(NOW), "from north"), (Answer::Refused, &gone));

    // While a newer document may list it, nothing is known.
    world.freshness.remove(&north().scid());
    let decision = decide(&world, presented(&both()));
    assert_eq!(found(&decision, "from north"), (Answer::Unknown, &gone));
}

#[test]
fn a_claim_about_another_person_does_not_count() {
    let another = Party::new(10);
    let shown = [north(), south()].map(|who| who.claim(&another.did, 7).credential().clone());
    let decision = decide(&World::new(), presented(&shown));
    let somebody_else = "the claim is about somebody else";
    for name in ["from north", "from south"] {
        assert_eq!(found(&decision, name), (Answer::Refused, &Reason::AboutAnother));
    }
    assert!(decision.summary().contains(somebody_else), "{}", decision.summary());
    assert!(decision.summary().ends_with("; east would do"), "{}", decision.summary());
    // One that is the subject's own is looked at, whatever stands beside it.
    let mut world = World::new();
    world.set_state(state(&north(), &[7], 60));
    let own = claims(&[north()]).remove(0);
    let decision = decide(&world, presented(&[shown[0].clone(), own]));
    let revoked = Reason::Revoked { whose: attestor("north"), why: None };
    assert_eq!(found(&decision, "from north"), (Answer::Refused, &revoked));
    // And the other person's presentation of Ada's claims neither.
    let mut world = World::new();
    world.add(&another);
    let decision = decide(&world, presented_by(&another, &both()));
    assert_eq!(decision.answer(), Answer::Refused);
    assert_eq!(found(&decision, "control"), (Answer::Accepted, &Reason::Controlled));
    assert_eq!(found(&decision, "from north"), (Answer::Refused, &Reason::AboutAnother));
}

#[test]
fn a_replayed_presentation_is_refused() {
    let Subject::Presented { presentation, challenge, domain } = presented(&both()) else {
        panic!("it is presented");
    };
    let with = |challenge: &str, domain: &str, now| {
        let subject = Subject::Presented {
            presentation: presentation.clone(),
            challenge: challenge.to_owned(),
            domain: domain.to_owned(),
        };
        let mut check = Check::new(policy(), subject);
        World::new().answer(&mut check);
        check.decide(now)
    };
    assert_eq!(with(&challenge, &domain, NOW).answer(), Answer::Accepted);
    for decision in [
        with("another", &domain, NOW),
        with(&challenge, "did:lisbon", NOW),
        with(&challenge, &domain, NOW.plus(300)),
    ] {
        assert_eq!(decision.answer(), Answer::Refused);
        assert!(matches!(found(&decision, "control").1, Reason::NotShown { .. }));
    }
}

#[test]
fn somebody_elses_identity_is_not_controlled() {
    let thief = Party { key: SecretKey::from_seed([66; 32]), ..ada() };
    let decision = decide(&World::new(), presented_by(&thief, &both()));
    assert_eq!(decision.answer(), Answer::Refused);
    assert_eq!(found(&decision, "control").0, Answer::Refused);

    // Her name for the key, and the thief's signature.
    let mut world = World::new();
    let fragment = thief.key.public().to_multikey();
    world.standing(&ada()).keys[1].fragment = fragment;
    let decision = decide(&world, presented_by(&thief, &both()));
    let forged = Reason::NotShown { why: "its signature does not hold" };
    assert_eq!(found(&decision, "control"), (Answer::Refused, &forged));
}

#[test]
fn a_bare_identity_answers_the_first_question_only() {
    let mut world = World::new();
    world.showcase = Some(showcase(&both(), NOW.plus(9 * DAY)));
    let bare = || Subject::Identity(ada().scid());
    let decision = decide(&world, bare());
    assert_eq!(
        (decision.answer(), decision.summary().as_str()),
        (Answer::Refused, "REFUSED  control not proved",)
    );
    let open = policy_with("control", json!("optional"));
    let decision = decide_under(&open, &world, bare());
    assert_eq!(decision.answer(), Answer::Accepted, "{}", decision.explain());
    assert_eq!(found(&decision, "control"), (Answer::Accepted, &Reason::NotAsked));

    world.showcase = None;
    assert_eq!(decide_under(&open, &world, bare()).answer(), Answer::Unknown);
    world.showcase = Some(showcase(&[], NOW.plus(9 * DAY)));
    assert_eq!(decide_under(&open, &world, bare()).answer(), Answer::Refused);
    world.showcase = Some(showcase(&both(), NOW.plus(1)));
    let mut check = Check::new(open, bare());
    world.answer(&mut check);
    assert_eq!(check.decide(NOW).good_until(), Some(NOW.plus(1)));
    assert_eq!(check.decide(NOW.plus(1)).answer(), Answer::Unknown);
}

#[test]
fn a_deactivated_or_forked_identity_is_refused() {
    for (whose, who) in [(Whose::Subject, ada()), (attestor("north"), north())] {
        let mut world = World::new();
        world.standing(&who).deactivated = true;
        let decision = decide(&world, presented(&both()));
        assert_eq!(decision.answer(), Answer::Refused);
        let reason = Reason::Deactivated { whose: whose.clone() };
        assert!(decision.checks().iter().any(|check| check.reason == reason));

        let mut world = World::new();
        world.standing(&who).fork = Fork::Open;
        let decision = decide(&world, presented(&both()));
        assert_eq!(decision.answer(), Answer::Refused);
        let reason = Reason::Forked { whose };
        assert!(decision.checks().iter().any(|check| check.reason == reason));
        let lax = policy_with("on_fork", json!("allow"));
        assert_eq!(decide_under(&lax, &world, presented(&both())).answer(), Answer::Accepted);

        world.standing(&who).fork = Fork::Settled;
        assert_eq!(decide(&world, presented(&both())).answer(), Answer::Accepted);
    }
}

#[test]
fn without_a_fresh_word_nothing_is_accepted() {
    for who in [ada(), north()] {
        let mut world = World::new();
        let mut with = |word: Option<super::standing::Freshness>| {
            match word {
                Some(word) => drop(world.freshness.insert(who.scid(), word)),
                None => drop(world.freshness.remove(&who.scid())),
            }
            decide(&world, presented(&both())).answer()
        };
        assert_eq!(with(None), Answer::Unknown);
        assert_eq!(with(Some(fresh(&who, DAY))), Answer::Unknown);
        assert_eq!(with(Some(fresh(&who, DAY - 1))), Answer::Accepted);
        let newer = super::standing::Freshness { version: 4, ..fresh(&who, 60) };
        assert_eq!(with(Some(newer)), Answer::Unknown);
        let ahead = super::standing::Freshness { time: NOW.plus(301), ..fresh(&who, 0) };
        assert_eq!(with(Some(ahead)), Answer::Unknown);
        assert_eq!(with(Some(by_peers(3, &who, 60))), Answer::Unknown);
        let lax = policy_with("freshness", json!("peers"));
        assert_eq!(decide_under(&lax, &world, presented(&both())).answer(), Answer::Accepted);
    }
}

#[test]
fn the_word_of_peers_counts_from_as_many_as_the_policy_asks_for() {
    let answer = |policy: &Arc<Policy>, whose: &Party, peers: usize| {
        let mut world = World::new();
        world.freshness.insert(whose.scid(), by_peers(peers, whose, 60));
        let decision = decide_under(policy, &world, presented(&both()));
        (decision.answer(), decision.explain())
    };
    let lax = policy_with("freshness", json!("peers"));
    for whose in [ada(), north()] {
        for few in 0..3 {
            let (answer, why) = answer(&lax, &whose, few);
            assert_eq!(answer, Answer::Unknown, "{few} of three");
            assert!(why.contains(&format!("only {few} of 3 peers")), "{why}");
        }
        assert_eq!(answer(&lax, &whose, 3).0, Answer::Accepted);
    }
    let mut written = written();
    (written["freshness"], written["freshness_peers"]) = (json!("peers"), json!(1));
    let laxer = Arc::new(file(&written).unwrap().policy("new-customer").unwrap());
    assert_eq!(answer(&laxer, &ada(), 1).0, Answer::Accepted);
    assert_eq!(answer(&laxer, &ada(), 0).0, Answer::Unknown);
    // What was heard from too few comes in nobody's way.
    let words = [by_peers(3, &ada(), HOUR), by_peers(1, &ada(), 1)];
    let mut world = World::new();
    world.freshness.remove(&ada().scid());
    for order in [[0, 1], [1, 0]] {
        let mut check = Check::new(Arc::clone(&lax), presented(&both()));
        order.iter().for_each(|at| check.supply(Known::Freshness(words[*at])));
        world.answer(&mut check);
        assert_eq!(check.decide(NOW).answer(), Answer::Accepted, "{order:?}");
    }
}

#[test]
fn a_policy_that_says_no_more_than_it_must_is_a_strict_one() {
    let short = json!({ "claim": "PaymentAccountVerified", "from": ["north"] });
    let short = Arc::new(file(&short).unwrap().policy("new-customer").unwrap());
    let after = |change: &dyn Fn(&mut World)| {
        let mut world = World::new();
        change(&mut world);
        decide_under(&short, &world, presented(&claims(&[north()]))).answer()
    };
    assert_eq!(after(&|_| ()), Answer::Accepted, "one attestor is enough");
    let aged = |ago: u64| move |world: &mut World| world.set_state(state(&north(), &[], ago));
    assert_eq!(after(&aged(DAY - 1)), Answer::Accepted);
    assert_eq!(after(&aged(DAY)), Answer::Unknown, "a status counts for a day");
    let seen = |ago: u64| {
        move |world: &mut World| {
            world.freshness.insert(ada().scid(), fresh(&ada(), ago));
        }
    };
    assert_eq!(after(&seen(DAY - 1)), Answer::Accepted);
    assert_eq!(after(&seen(DAY)), Answer::Unknown, "so does a witness's word");
    let forked = |world: &mut World| world.standing(&ada()).fork = Fork::Open;
    assert_eq!(after(&forked), Answer::Refused);
    let mut world = World::new();
    world.showcase = Some(showcase(&both(), NOW.plus(9 * DAY)));
    let bare = decide_under(&short, &world, Subject::Identity(ada().scid()));
    assert_eq!(found(&bare, "control").0, Answer::Refused, "control is to be proved");
}

#[test]
fn an_unknown_log_is_unknown() {
    for who in [ada(), north()] {
        let mut world = World::new();
        world.standings.remove(&who.scid());
        assert_eq!(decide(&world, presented(&both())).answer(), Answer::Unknown);
    }
}

#[test]
fn a_doubtful_clock_decides_nothing() {
    let mut check = Check::new(policy(), presented(&both()));
    World::new().answer(&mut check);
    check.supply(Known::ClockInDoubt);
    let decision = check.decide(NOW);
    assert_eq!(decision.answer(), Answer::Unknown);
    assert_eq!(decision.summary(), "UNKNOWN  the clock of this computer is in doubt");
    // Nor is anything over by such a clock.
    let decision = check.decide(NOW.plus(3650 * DAY));
    assert_eq!(decision.answer(), Answer::Unknown);
    assert_eq!(decision.summary(), "UNKNOWN  the clock of this computer is in doubt");
}

#[test]
fn a_claim_outside_its_period_is_refused() {
    let with = |from: u64, until: u64| {
        let mut draft = north().draft(&ada().did, 7);
        (draft.valid_from, draft.valid_until) =
            (NOW.minus(DAY).plus(from), NOW.minus(DAY).plus(until));
        decide(&World::new(), presented(&[north().sign(&draft), both().remove(1)])).answer()
    };
    assert_eq!(with(0, DAY + 1), Answer::Accepted);
    assert_eq!(with(0, DAY), Answer::Refused);
    assert_eq!(with(DAY + 300, 2 * DAY), Answer::Accepted, "clocks differ");
    assert_eq!(with(DAY + 301, 2 * DAY), Answer::Refused);
}

#[test]
fn a_claim_must_say_what_the_policy_asks_for() {
    for (member, value) in [
        ("verified", json!("true")),
        ("verified", json!(false)),
        ("provider", json!("paypal.com.evil.example")),
    ] {
        let mut draft = north().draft(&ada().did, 7);
        draft.subject.insert(member.to_owned(), value);
        let decision = decide(&World::new(), presented(&[north().sign(&draft), both().remove(1)]));
        let reason = Reason::OtherValue { path: format!("/{member}") };
        assert_eq!(found(&decision, "from north"), (Answer::Refused, &reason));
    }
    let mut draft = north().draft(&ada().did, 7);
    draft.types = vec!["EmailVerified".to_owned()];
    let decision = decide(&World::new(), presented(&[north().sign(&draft), both().remove(1)]));
    assert_eq!(found(&decision, "from north"), (Answer::Refused, &Reason::NoClaim));
}

#[test]
fn evidence_must_be_young_enough() {
    let with = |time| {
        let mut draft = north().draft(&ada().did, 7);
        draft.evidence[0].checks[0].time = time;
        let shown = [north().sign(&draft), both().remove(1)];
        found(&decide(&World::new(), presented(&shown)), "from north").1.clone()
    };
    assert_eq!(with(Some(NOW.minus(90 * DAY - 1))), Reason::Stands);
    assert_eq!(with(Some(NOW.minus(90 * DAY))), Reason::OldEvidence);
    assert_eq!(with(Some(NOW.plus(301))), Reason::OldEvidence);
    assert_eq!(with(None), Reason::NoEvidence);
    let mut draft = north().draft(&ada().did, 7);
    let mut undated = draft.evidence[0].clone();
    undated.checks[0].time = None;
    draft.evidence.push(undated);
    let decision = decide(&World::new(), presented(&[north().sign(&draft), both().remove(1)]));
    assert_eq!(found(&decision, "from north").1, &Reason::NoEvidence, "one of two has no time");
}

#[test]
fn an_answer_lasts_as_long_as_enough_attestors_do() {
    let mut world = World::new();
    world.showcase = Some(showcase(&claims(&[north(), south(), east()]), NOW.plus(9 * DAY)));
    world.set_state(state(&north(), &[], 20 * HOUR));
    world.set_state(state(&south(), &[], 10 * HOUR));
    let open = policy_with("control", json!("optional"));
    let decision = decide_under(&open, &world, Subject::Identity(ada().scid()));
    assert_eq!(decision.good_until(), Some(NOW.plus(14 * HOUR)), "south is the second of two");
}

#[test]
fn a_check_asks_for_what_it_lacks_and_for_nothing_twice() {
    let mut check = Check::new(policy(), presented(&both()));
    let needs = check.needs();
    let status = |who: Party| Need::Status { issuer: who.scid(), list: 1 };
    assert!(needs.contains(&Need::Identity(ada().scid())));
    assert!(needs.contains(&status(north())) && needs.contains(&status(south())));
    assert!(!needs.contains(&Need::Identity(east().scid())), "nothing of east is shown");
    check.supply(Known::Identity(Arc::new(standing(&north()))));
    check.supply(Known::Nothing(Need::Freshness(south().scid())));
    let fewer = check.needs();
    assert!(fewer.is_subset(&needs) && fewer.len() + 2 == needs.len());
    assert_eq!(check.verified().len(), 1, "north's claim was verified on the way");
}

#[test]
fn a_moved_identity_keeps_its_claims() {
    let mut world = World::new();
    let moved = format!("did:webvh:{}:ada.example", ada().scid()).parse().unwrap();
    world.standing(&ada()).dids.insert(0, moved);
    assert_eq!(decide(&world, presented(&both())).answer(), Answer::Accepted);
    // And a DID it never had names nobody.
    let never: crate::did::Did =
        format!("did:webvh:{}:evil.example", ada().scid()).parse().unwrap();
    let foreign = north().claim(&never, 7).credential().clone();
    let decision = decide(&world, presented(&[foreign, both().remove(1)]));
    assert_eq!(found(&decision, "from north").0, Answer::Refused);
}

#[test]
fn a_policy_that_cannot_be_is_refused() {
    let policy = |member: &str, value: Value| {
        let mut written = written();
        written[member] = value;
        file(&written).map(|file| file.policy("new-customer").map(drop))
    };
    assert_eq!(policy("at_least", json!(3)).unwrap(), Ok(()));
    let few = |at_least| Err(PolicyError::AtLeast { at_least, most: 3 });
    assert_eq!(policy("at_least", json!(0)).unwrap(), few(0));
    assert_eq!(policy("at_least", json!(4)).unwrap(), few(4));
    assert_eq!(policy("accredited_by", json!(["north"])).unwrap(), Err(PolicyError::FromWhom));
    assert_eq!(policy("from", Value::Null).unwrap(), Err(PolicyError::FromWhom));
    let peers = |peers| Err(PolicyError::Peers { peers, most: 3 });
    assert_eq!(policy("freshness_peers", json!(0)).unwrap(), peers(0));
    assert_eq!(policy("freshness_peers", json!(4)).unwrap(), peers(4));
    let west = PolicyError::NoSuchAttestor { name: "west".to_owned() };
    assert_eq!(policy("from", json!(["west"])).unwrap(), Err(west));
    for path in ["", "provider", "/a~2"] {
        let require = json!([{ "path": path, "equals": 1 }]);
        let refused = Err(PolicyError::NotAPointer { path: path.to_owned() });
        assert_eq!(policy("require", require).unwrap(), refused);
    }
    let age = "expected a time such as 15m, 24h or 90d";
    for (member, value, why) in [
        ("atleast", json!(2), "unknown field `atleast`"),
        ("at_least", json!(-1), "invalid value: integer `-1`"),
        ("control", json!("never"), "unknown variant `never`"),
        ("on_fork", json!("shrug"), "unknown variant `shrug`"),
        ("freshness", json!("nobody"), "unknown variant `nobody`"),
        ("status_max_age", json!("24"), age),
        ("status_max_age", json!(""), age),
        ("status_max_age", json!("-1h"), age),
        ("status_max_age", json!("+1h"), age),
        ("status_max_age", json!("h"), age),
        ("status_max_age", json!("1y"), age),
        ("status_max_age", json!("é"), age),
        ("status_max_age", json!("18446744073709551615d"), age),
        ("evidence_max_age", json!(90), "invalid type: integer `90`"),
        ("require", json!([{ "path": "/a", "equals": 1, "or": 2 }]), "unknown field `or`"),
        ("require", json!([{ "path": "/a" }]), "missing field `equals`"),
    ] {
        let error = policy(member, value.clone()).expect_err(why).to_string();
        assert!(error.contains(why), "{member} = {value}: {error}");
    }
    let none = file(&written()).unwrap().policy("other").unwrap_err();
    assert_eq!(none, PolicyError::NoSuchPolicy { name: "other".to_owned() });
}

#[test]
fn purposes_are_not_mixed_up() {
    let mut world = World::new();
    world.standing(&north()).keys.retain(|method| method.purpose == Purpose::Authentication);
    let decision = decide(&world, presented(&both()));
    let gone = Reason::KeyGone { whose: attestor("north") };
    assert_eq!(found(&decision, "from north"), (Answer::Refused, &gone));
    let mut world = World::new();
    world.standing(&ada()).keys.retain(|method| method.purpose == Purpose::AssertionMethod);
    let decision = decide(&world, presented(&both()));
    let not_listed =
        Reason::NotShown { why: "it is signed with a key that its holder does not list" };
    assert_eq!(found(&decision, "control"), (Answer::Refused, &not_listed));
}

/// North's claim about Ada, and what somebody made of it under the same proof.
fn changed(member: &str, value: Value) -> Credential {
    let mut changed = object(both()[0].to_value());
    changed["credentialSubject"][member] = value;
    Credential::from_value(Value::Object(changed)).unwrap()
}

#[test]
fn a_changed_copy_beside_a_claim_adds_nothing_to_it() {
    let says_no = {
        let mut draft = north().draft(&ada().did, 7);
        draft.subject.insert("verified".to_owned(), json!(false));
        north().sign(&draft)
    };
    let mut says_yes = object(says_no.to_value());
    says_yes["credentialSubject"]["verified"] = json!(true);
    let says_yes = Credential::from_value(Value::Object(says_yes)).unwrap();
    let other_value = Reason::OtherValue { path: "/verified".to_owned() };
    for shown in [[says_no.clone(), says_yes.clone()], [says_yes, says_no]] {
        let shown = [&shown[..], &claims(&[south()])].concat();
        let decision = decide(&World::new(), presented(&shown));
        assert_eq!(found(&decision, "from north"), (Answer::Refused, &other_value));
    }
    // Nor does one take anything from the claim itself.
    let shown = [changed("note", json!("more")), both().remove(0), both().remove(1)];
    let decision = decide(&World::new(), presented(&shown));
    assert_eq!(decision.answer(), Answer::Accepted, "{}", decision.explain());
}

#[test]
fn a_claim_verified_before_is_no_help_to_a_changed_copy() {
    let thief = Party::new(10);
    let mut world = World::new();
    world.add(&thief);
    let shown = [changed("id", json!(thief.did)), both().remove(1)];
    let mut check = Check::new(policy(), presented_by(&thief, &shown));
    for who in [north(), south()] {
        check.supply(Known::Claim(Arc::new(who.claim(&ada().did, 7))));
    }
    world.answer(&mut check);
    let decision = check.decide(NOW);
    assert_eq!(found(&decision, "control"), (Answer::Accepted, &Reason::Controlled));
    assert_eq!(decision.answer(), Answer::Refused, "{}", decision.explain());
    assert!(decision.claims().is_empty());
}

/// The result and reason on north, once `check` knows all that `world` does.
fn on_north(world: &World, mut check: Check, now: Timestamp) -> (Answer, Reason) {
    world.answer(&mut check);
    let decision = check.decide(now);
    let (result, reason) = found(&decision, "from north");
    (result, reason.clone())
}

fn shown(credentials: &[Credential]) -> Check {
    Check::new(policy(), presented(credentials))
}

#[test]
fn a_status_from_the_future_is_no_word_on_now() {
    let mut world = World::new();
    world.set_state(state(&north(), &[], 0));
    let at = |now| on_north(&world, shown(&both()), now);
    assert_eq!(at(NOW.minus(300)), (Answer::Accepted, Reason::Stands));
    assert_eq!(at(NOW.minus(301)), (Answer::Unknown, Reason::StaleStatus));
}

#[test]
fn a_status_ends_when_its_issuer_says_though_the_policy_would_wait() {
    let patient = || policy_with("status_max_age", json!("60d"));
    let with = |ago| {
        let mut world = World::new();
        world.set_state(state(&north(), &[], ago));
        on_north(&world, Check::new(patient(), presented(&both())), NOW)
    };
    assert_eq!(with(30 * DAY - 1), (Answer::Accepted, Reason::Stands));
    assert_eq!(with(30 * DAY), (Answer::Unknown, Reason::StaleStatus));
}

#[test]
fn every_bit_that_a_claim_names_must_be_clear_and_known() {
    let mut draft = north().draft(&ada().did, 7);
    let second = status::Entry { index: 8, ..draft.status[0].clone() };
    draft.status.push(second);
    let claim = [north().sign(&draft)];
    let with = |set: &[u64]| {
        let mut world = World::new();
        world.set_state(state(&north(), set, 60));
        on_north(&world, shown(&claim), NOW)
    };
    let revoked = Reason::Revoked { whose: attestor("north"), why: None };
    assert_eq!(with(&[9]), (Answer::Accepted, Reason::Stands));
    assert_eq!(with(&[7]), (Answer::Refused, revoked.clone()));
    assert_eq!(with(&[8]), (Answer::Refused, revoked));
    draft.status[1].url = status::list_url("https://north.example", 2);
    let elsewhere = on_north(&World::new(), shown(&[north().sign(&draft)]), NOW);
    assert_eq!(elsewhere, (Answer::Unknown, Reason::StatusUnknown));
    draft.status.truncate(1);
    draft.status[0].index = 1 << 40;
    let beyond = on_north(&World::new(), shown(&[north().sign(&draft)]), NOW);
    assert_eq!(beyond, (Answer::Refused, Reason::NoSuchBit));
}

#[test]
fn a_required_value_is_found_where_the_pointer_leads() {
    let says = json!({ "a/b": { "m~n": [1, { "x": true }] }, "": { "c": 5 } });
    let with = |path: &str, value: Value| {
        let mut draft = north().draft(&ada().did, 7);
        draft.subject.extend(object(says.clone()));
        let require = json!([{ "path": path, "equals": value }]);
        let check = Check::new(policy_with("require", require), presented(&[north().sign(&draft)]));
        on_north(&World::new(), check, NOW).0
    };
    assert_eq!(with("/a~1b/m~0n/1/x", json!(true)), Answer::Accepted);
    assert_eq!(with("/a~1b/m~0n/0", json!(1)), Answer::Accepted);
    assert_eq!(with("//c", json!(5)), Answer::Accepted);
    for (path, value) in [
        ("/a~1b/m~0n/1/x", json!(false)),
        ("/a~1b/m~0n/2", json!(1)),
        ("/a~1b/m~0n/01", json!({ "x": true })),
        ("/a/b/m~0n/0", json!(1)),
        ("/c", json!(5)),
        ("/nothing", Value::Null),
    ] {
        assert_eq!(with(path, value.clone()), Answer::Refused, "{path} = {value}");
    }
}

#[test]
fn of_two_words_the_better_one_counts_whichever_came_first() {
    let words = [fresh(&north(), HOUR), by_peers(3, &north(), 1)];
    for order in [[0, 1], [1, 0]] {
        let mut check = shown(&both());
        for at in order {
            check.supply(Known::Freshness(words[at]));
        }
        assert_eq!(on_north(&World::new(), check, NOW).0, Answer::Accepted, "{order:?}");
    }
    let newer = |age| super::standing::Freshness { version: 4, ..fresh(&north(), age) };
    let held = fresh(&north(), HOUR);
    for order in [
        [newer(HOUR), held],
        [held, newer(HOUR)],
        // The younger word does not make the older one unsaid.
        [newer(2 * HOUR), held],
        [held, newer(2 * HOUR)],
    ] {
        let mut check = shown(&both());
        order.into_iter().for_each(|word| check.supply(Known::Freshness(word)));
        let exists = Reason::NewerExists { whose: attestor("north") };
        assert_eq!(on_north(&World::new(), check, NOW), (Answer::Unknown, exists));
    }
    let (old, young) = (fresh(&north(), 2 * DAY), fresh(&north(), HOUR));
    for order in [[old, young], [young, old]] {
        let mut check = shown(&both());
        order.into_iter().for_each(|word| check.supply(Known::Freshness(word)));
        assert_eq!(on_north(&World::new(), check, NOW).0, Answer::Accepted);
    }
}

#[test]
fn a_showcase_counts_with_its_newest_version_its_holder_and_its_key() {
    let open = || policy_with("control", json!("optional"));
    let bare = || Check::new(open(), Subject::Identity(ada().scid()));
    let published = |holder: &Party, credentials: &[Credential], version| {
        let until = NOW.plus(DAY);
        let shown = crate::credential::draft::publish(
            &holder.did,
            credentials,
            version,
            NOW.minus(HOUR),
            until,
            &holder.key,
        );
        let bytes = crate::credential::draft::to_bytes(&shown);
        let shown = crate::credential::showcase::Showcase::parse(&bytes).unwrap();
        let keys = crate::credential::sample::keys(core::slice::from_ref(holder));
        let shown = crate::credential::showcase::Showcase::verify(shown, NOW, &keys).unwrap();
        Known::Showcase(Arc::new(shown))
    };
    let (old, new) = (published(&ada(), &both(), 4), published(&ada(), &[], 5));
    for order in [[&old, &new], [&new, &old]] {
        let mut check = bare();
        order.into_iter().for_each(|shown| check.supply(shown.clone()));
        World::new().answer(&mut check);
        assert_eq!(check.decide(NOW).answer(), Answer::Refused, "what she withdrew is not shown");
    }
    let mut check = bare();
    check.supply(published(&Party::new(10), &[], 9));
    check.supply(old.clone());
    World::new().answer(&mut check);
    assert_eq!(check.decide(NOW).answer(), Answer::Accepted, "another's is not hers");

    let mut world = World::new();
    let replaced = SecretKey::from_seed([50; 32]).public();
    for method in &mut world.standing(&ada()).keys {
        (method.key, method.fragment) = (replaced, replaced.to_multikey());
    }
    let mut check = bare();
    check.supply(old);
    assert_eq!(on_north(&world, check, NOW), (Answer::Unknown, Reason::OldShowcase));
}
