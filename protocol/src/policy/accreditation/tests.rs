//! How far a policy follows accreditations, and what it says of those that do not count.

use super::Terms;
use crate::credential::Credential;
use crate::credential::sample::{NOW, Party, object};
use crate::did::Scid;
use crate::key::SecretKey;
use crate::policy::check::{Check, Known, Need};
use crate::policy::decision::{Answer, Reason, Whose};
use crate::policy::sample::{
    World, claims, decide_under, east, file, found, north, presented, standing, state, written,
};
use serde_json::{Value, json};
use std::sync::Arc;

fn attestor(name: &str) -> Whose {
    Whose::Attestor(name.to_owned())
}

#[test]
fn an_accredited_attestor_counts_over_at_most_three_steps() {
    let written = |at_least: u64| {
        let mut written = written();
        written.as_object_mut().unwrap().remove("from");
        written["accredited_by"] = json!(["north"]);
        written["at_least"] = json!(at_least);
        Arc::new(file(&written).unwrap().policy("new-customer").unwrap())
    };
    // north accredits 20, which accredits 21, and so on.
    let chain: Vec<Party> = (20..24).map(Party::new).collect();
    let mut world = World::new();
    let mut above = north();
    for (distance, party) in chain.iter().enumerate() {
        world.add(party);
        let mut draft = above.draft(&party.did, 11);
        draft.types = vec![super::TYPE.to_owned()];
        draft.subject = object(json!({
            "id": party.did, "claims": ["PaymentAccountVerified"], "mayAccredit": 3 - distance,
        }));
        world.accreditations.insert(party.scid(), vec![above.sign(&draft)]);
        above = party.clone();
    }
    let answer = |world: &World, at: usize| {
        let shown = claims(core::slice::from_ref(&chain[at]));
        decide_under(&written(1), world, presented(&shown)).answer()
    };
    assert_eq!([0, 1, 2].map(|at| answer(&world, at)), [Answer::Accepted; 3]);
    assert_eq!(answer(&world, 3), Answer::Refused, "four steps");

    // Whatever else an attestor shows.
    let mut busy = world.clone();
    let others = (0..40).map(|_| claims(&[north()]).remove(0));
    let shown = busy.accreditations.remove(&chain[0].scid()).unwrap();
    busy.accreditations.insert(chain[0].scid(), others.chain(shown).collect());
    assert_eq!(answer(&busy, 2), Answer::Accepted);

    let mut revoked = world.clone();
    revoked.set_state(state(&north(), &[11], 60));
    assert_eq!(answer(&revoked, 2), Answer::Refused, "north withdrew it");
    let mut silent = world.clone();
    silent.accreditations.remove(&chain[0].scid());
    assert_eq!(answer(&silent, 1), Answer::Unknown);
    let mut short = world.clone();
    let mut draft = north().draft(&chain[0].did, 11);
    draft.types = vec![super::TYPE.to_owned()];
    draft.subject = object(json!({ "id": chain[0].did, "claims": ["PaymentAccountVerified"] }));
    short.accreditations.insert(chain[0].scid(), vec![north().sign(&draft)]);
    assert_eq!(answer(&short, 0), Answer::Accepted);
    assert_eq!(answer(&short, 1), Answer::Refused, "it may not accredit others");
}

#[test]
fn why_an_accreditation_does_not_count_is_told_whatever_is_shown_beside_it() {
    let mut written = written();
    written.as_object_mut().unwrap().remove("from");
    (written["accredited_by"], written["at_least"]) = (json!(["north"]), json!(1));
    let written = Arc::new(file(&written).unwrap().policy("new-customer").unwrap());
    let (west, liar) = (Party::new(20), Party::new(21));
    let accredits = |above: &Party, says: Value| {
        let mut draft = above.draft(&west.did, 11);
        draft.types = vec![super::TYPE.to_owned()];
        draft.subject = object(says);
        above.sign(&draft)
    };
    let says = |claims: Value| json!({ "id": west.did, "claims": claims, "mayAccredit": 0 });
    let good = accredits(&north(), says(json!(["PaymentAccountVerified"])));
    let made_up = accredits(&liar, says(json!(["PaymentAccountVerified"])));
    let mut world = World::new();
    world.add(&west);
    world.add(&liar);
    world.accreditations.insert(liar.scid(), Vec::new());
    let why = |world: &World, shown: &[Credential]| {
        let mut world = world.clone();
        world.accreditations.insert(west.scid(), shown.to_vec());
        let subject = presented(&claims(core::slice::from_ref(&west)));
        let decision = decide_under(&written, &world, subject);
        let (answer, reason) = found(&decision, &format!("from {}", west.scid().fingerprint()));
        (answer, reason.clone())
    };
    let whose = || attestor(&west.scid().fingerprint());
    let by_east = claims(&[east()]);
    let decision = decide_under(&written, &world, presented(&by_east));
    assert_eq!(
        found(&decision, "from east").0,
        Answer::Unknown,
        "by the name in the vendor's file"
    );
    let nobody = (Answer::Refused, Reason::NotAccredited { whose: whose() });
    for (what, shown) in [
        ("nothing", vec![]),
        ("somebody whom nobody stands behind", vec![made_up.clone()]),
        ("another type of claim", vec![accredits(&north(), says(json!(["AgeOver18"])))]),
        ("another attestor", {
            let says = json!({ "id": liar.did, "claims": ["PaymentAccountVerified"] });
            vec![accredits(&north(), says)]
        }),
    ] {
        assert_eq!(why(&world, &shown), nobody, "{what}");
    }
    assert_eq!(why(&world, core::slice::from_ref(&good)).0, Answer::Accepted);
    world.set_state(state(&north(), &[11], 60));
    let (answer, reason) = why(&world, &[made_up.clone(), good.clone(), made_up]);
    assert_eq!(answer, Answer::Refused);
    let because = Box::new(Reason::Revoked { whose: attestor("north"), why: None });
    assert_eq!(reason, Reason::Accreditation { whose: whose(), because });
    let said = format!(
        "the accreditation of {} does not count: north withdrew it",
        west.scid().fingerprint()
    );
    assert_eq!(reason.to_string(), said);
    world.states.remove(&(north().scid(), 1));
    let (answer, reason) = why(&world, &[good]);
    let because = Box::new(Reason::StatusUnknown);
    assert_eq!(
        (answer, reason),
        (Answer::Unknown, Reason::Accreditation { whose: whose(), because })
    );
}

#[test]
fn an_accreditation_that_says_less_does_not_include_one_that_says_more() {
    let terms = |claims: &[&str], may_accredit| Terms {
        claims: claims.iter().map(|claim| (*claim).to_owned()).collect(),
        may_accredit,
    };
    let both = terms(&["A", "B"], 1);
    assert_eq!(Terms::read(&both.to_subject()), both);
    assert!(both.include(&both) && both.include(&terms(&["A"], 0)));
    assert!(!terms(&["A"], 1).include(&both), "a type less");
    assert!(!terms(&["A", "B"], 0).include(&both), "a step less");
    assert_eq!(Terms::read(&object(json!({ "claims": "A", "mayAccredit": -1 }))), Terms::default());
}

/// Whoever shows a claim of made-up attestors, each accredited by as many others, chooses what a vendor
/// looks for.
#[test]
fn a_check_follows_so_many_accreditations_and_no_more_whoever_shows_them() {
    let mut written = written();
    written.as_object_mut().unwrap().remove("from");
    written["accredited_by"] = json!(["north"]);
    written["at_least"] = json!(1);
    let written = Arc::new(file(&written).unwrap().policy("new-customer").unwrap());
    let accredits = |above: &Party, party: &Party| {
        let mut draft = above.draft(&party.did, 11);
        draft.types = vec![super::TYPE.to_owned()];
        draft.subject = object(json!({
            "id": party.did, "claims": ["PaymentAccountVerified"], "mayAccredit": 3,
        }));
        above.sign(&draft)
    };
    let made_up = |number: u16| {
        let seed = crate::encoding::multihash::sha256(&number.to_be_bytes());
        Party { did: Scid::from_digest(seed).to_did(), key: SecretKey::from_seed(seed) }
    };
    // The first four, the 32 behind them and the 256 behind those are each accredited by eight more.
    let parties: Vec<Party> = (0..4 + 32 + 256).map(made_up).collect();
    let honest = Party::new(251);
    let mut world = World::new();
    for (party, number) in parties.iter().zip(0_u16..) {
        let above = (0..8).map(|next| accredits(&made_up(4 + 8 * number + next), party));
        world.accreditations.insert(party.scid(), above.collect());
        world.standings.insert(party.scid(), standing(party));
    }
    world.add(&honest);
    world.accreditations.insert(honest.scid(), vec![accredits(&north(), &honest)]);
    let decided = |signers: &[Party]| {
        let mut check = Check::new(Arc::clone(&written), presented(&claims(signers)));
        let mut identities = 0;
        for _ in 0..8 {
            for need in check.needs() {
                identities += usize::from(matches!(need, Need::Identity(_)));
                check.supply(world.find(&need).unwrap_or(Known::Nothing(need)));
            }
        }
        assert!(check.needs().is_empty(), "it asks without end");
        (check.decide(NOW).answer(), identities)
    };
    let (answer, identities) = decided(&parties[..4]);
    assert_eq!(answer, Answer::Unknown, "what is not followed is not known");
    let most = super::MOST_STEPS;
    assert!((most / 2..most + 8).contains(&identities), "{identities} of 2,341 are looked for");
    // Nobody's path is cut off by what another shows.
    let with_honest = [&parties[..4], core::slice::from_ref(&honest)].concat();
    let (answer, identities) = decided(&with_honest);
    assert_eq!(answer, Answer::Accepted);
    assert!(identities < most + 8, "{identities} are looked for");
}
