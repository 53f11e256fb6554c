//! What is known decides, and never the order in which it came.

use super::super::Policy;
use super::super::check::{Check, Known, Subject};
use super::super::sample::{
    HOUR, World, ada, by_peers, claims, east, file, fresh, north, policy, policy_with, presented,
    showcase, south, state, written,
};
use super::super::standing::Freshness;
use super::both;
use crate::credential::sample::{DAY, NOW, Party, object};
use crate::policy::accreditation;
use proptest::prelude::*;
use serde_json::json;
use std::sync::Arc;

type Case = (Arc<Policy>, World, Subject);

/// Cases that are decided by different things, among them some that are not known.
fn cases() -> Vec<Case> {
    let three = || presented(&claims(&[north(), south(), east()]));
    let mut revoked = World::new();
    revoked.set_state(state(&north(), &[7], 60));
    let mut ended = World::new();
    ended.standing(&south()).deactivated = true;
    let mut silent = World::new();
    silent.states.remove(&(north().scid(), 1));
    silent.freshness.remove(&ada().scid());
    let mut bare = World::new();
    bare.showcase = Some(showcase(&both(), NOW.plus(DAY)));
    let open = policy_with("control", json!("optional"));
    vec![
        (policy(), World::new(), presented(&both())),
        (policy(), World::new(), presented(&[])),
        (policy(), revoked.clone(), presented(&both())),
        (policy(), revoked, three()),
        (policy(), ended, three()),
        (policy(), silent, three()),
        (policy_with("freshness", json!("peers")), World::new(), three()),
        (open, bare, Subject::Identity(ada().scid())),
        accredited(),
    ]
}

/// North stands behind west, who signed for her.
fn accredited() -> Case {
    let mut written = written();
    written.as_object_mut().unwrap().remove("from");
    (written["accredited_by"], written["at_least"]) = (json!(["north"]), json!(1));
    let (west, mut world) = (Party::new(20), World::new());
    let mut draft = north().draft(&west.did, 11);
    draft.types = vec![accreditation::TYPE.to_owned()];
    draft.subject = object(json!({ "id": west.did, "claims": ["PaymentAccountVerified"] }));
    world.add(&west);
    world.accreditations.insert(west.scid(), vec![north().sign(&draft)]);
    let policy = file(&written).unwrap().policy("new-customer").unwrap();
    (Arc::new(policy), world, presented(&claims(&[west])))
}

/// Gives all that a check asks for, in the order in which it asks.
fn asked((policy, world, subject): &Case) -> Vec<Known> {
    let mut check = Check::new(Arc::clone(policy), subject.clone());
    let mut known = Vec::new();
    while !check.needs().is_empty() {
        for need in check.needs() {
            let found = world.find(&need).unwrap_or(Known::Nothing(need));
            check.supply(found.clone());
            known.push(found);
        }
    }
    known
}

/// Somebody's word on how new a state is; of two of the same second neither is newer.
fn word(who: usize, ago: u64, version: u64, is_witness: bool) -> Freshness {
    let party = [ada(), north(), south(), east()].into_iter().nth(who).unwrap();
    match is_witness {
        true => Freshness { version, ..fresh(&party, ago) },
        false => Freshness { version, ..by_peers(3, &party, ago) },
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_same_knowledge_gives_the_same_decision_in_whatever_order_it_comes(
        which in any::<prop::sample::Index>(),
        words in prop::collection::btree_map(2 * HOUR..3 * DAY, (0..4_usize, 2..5_u64, any::<bool>()), 0..6),
        twice in any::<prop::sample::Index>(),
        places in prop::collection::vec(any::<u64>(), 64),
    ) {
        let cases = cases();
        let case = which.get(&cases);
        let mut known = asked(case);
        let more = words.iter().map(|(ago, (who, version, is_witness))| {
            word(*who, *ago, *version, *is_witness)
        });
        known.extend(more.map(Known::Freshness));
        known.push(twice.get(&known).clone());
        let decide = |known: &[Known]| {
            let mut check = Check::new(Arc::clone(&case.0), case.2.clone());
            known.iter().for_each(|one| check.supply(one.clone()));
            check.decide(NOW)
        };
        let once = decide(&known);
        prop_assert!(known.len() <= places.len());
        let mut shuffled: Vec<_> = places.iter().zip(known).collect();
        shuffled.sort_by_key(|(place, _)| **place);
        let shuffled: Vec<Known> = shuffled.into_iter().map(|(_, known)| known).collect();
        prop_assert_eq!(once, decide(&shuffled), "{:#?}", shuffled);
    }
}
