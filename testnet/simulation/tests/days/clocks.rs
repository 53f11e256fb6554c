//! A clock is a day off, in 2038, in 9999, among honest ones.

use crate::town::{FIFTY, SECOND, home, keepers};
use countersign_protocol::did::log::witness::Rule;
use countersign_protocol::engine::clock::Trouble;
use countersign_protocol::engine::command::{Command, Freshness, Outcome, Refusal};
use countersign_protocol::policy::decision::{Answer, Reason};
use countersign_protocol::time::Timestamp;
use countersign_simulation::attestor::Attestor;
use countersign_simulation::node;
use countersign_simulation::person::Person;
use countersign_simulation::shop::Shop;
use countersign_simulation::simulate;

const DAY: i64 = 86_400;

pub(crate) fn under_a_wrong_clock_nothing_is_signed_and_every_check_is_unknown(seed: u64) {
    simulate(seed, FIFTY, async |world| {
        let nodes = keepers(world, 5, 3).await;
        let home = home(world, &nodes.iter().collect::<Vec<_>>()).await;
        let wrong = &nodes[0];
        let network = node::parameters();
        let mut north = Attestor::new(&network, world.dice(), wrong.now());
        nodes[1].publish(&mut north.person).await;
        let keys: Vec<_> = nodes.iter().filter_map(node::Node::witness).collect();
        let rule = Rule::new(2, keys.clone()).expect("a rule");
        let until = |at: Timestamp| {
            i64::try_from(at.seconds()).expect("a time")
                - i64::try_from(home.now().seconds()).expect("a time")
        };
        // 2038-01-19T03:14:08Z is one second more than 31 bits count.
        let skews = [DAY, -DAY, until(Timestamp::from_seconds(1 << 31)), until(Timestamp::MAX), 0];
        for skew in skews {
            world.skew(wrong.id(), skew);
            world.run_for(2 * SECOND).await;
            // A witness with this clock signs nothing; the two others do, which is enough.
            let mut ada = Person::new(&network, world.dice(), Some(&rule), home.now());
            let signed = home.cosign(&mut ada, &keys).await.signed;
            let honest = if skew == 0 { 3 } else { 2 };
            assert_eq!(signed.len(), honest, "off by {skew}");
            home.publish(&mut ada).await;
            world.run_for(5 * SECOND).await;
            for node in &nodes[1..] {
                let found = node.find(ada.scid(), Freshness::Held).await.expect("it is held");
                assert_eq!(found.identity.standing().map(|it| it.number()), Some(1));
            }
            let at = wrong.now();
            match wrong.ask(Command::Signing { at }).await {
                Outcome::Clock(report) if skew == 0 => assert!(report.may_sign(), "{report}"),
                Outcome::Refused(Refusal::Clock { report }) if skew != 0 => {
                    let Some(Trouble::Off { seconds }) = report.trouble else {
                        panic!("{report}");
                    };
                    // A clock that shows the last second there is stands still.
                    assert!((seconds + skew).abs() <= 120, "{seconds} of {skew}");
                }
                other => panic!("off by {skew}: {other:?}"),
            }
            let claim = north.claim(ada.did(), 7, home.now());
            let policy = Shop::that_trusts(north.person.did());
            let decision = policy.decide(wrong, &ada, &claim).await;
            let mut checks = decision.checks().iter();
            let doubted = checks.any(|check| check.reason == Reason::ClockInDoubt);
            assert_ne!(decision.answer(), Answer::Accepted, "{}", decision.explain());
            assert_eq!(doubted, skew != 0, "{}", decision.explain());
            // And nobody is blamed for it.
            for node in nodes.iter().chain([&home]) {
                let Outcome::Peers(peers) = node.ask(Command::Peers).await else { panic!() };
                assert!(peers.iter().all(|peer| peer.cost == 0), "off by {skew}: {peers:?}");
            }
        }
    });
}
