//! Fifty real networks in virtual time.

use countersign_node::network::config::{Config, Dht, Topics};
use countersign_node::network::incoming::Incoming;
use countersign_simulation::harness::{hex, in_another_process};
use countersign_simulation::member::Member;
use countersign_simulation::world::World;
use countersign_simulation::{Latency, Outcome, harness, simulate};
use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

const TOPIC: &str = "/countersign/test/1/head/0";
const MILLISECOND: Duration = Duration::from_millis(1);
const SECOND: Duration = Duration::from_secs(1);
const FIFTY: Latency = Latency::fixed(Duration::from_millis(50));

fn main() -> ExitCode {
    if let Some(ended) = harness::history(|seed| twelve(seed).digest) {
        return ended;
    }
    harness::run(&[
        ("fifty_nodes_hear_everything_and_soon", fifty_nodes_hear_everything_and_soon),
        ("one_seed_is_one_history", one_seed_is_one_history),
        (
            "one_seed_is_one_history_twice_in_one_process",
            one_seed_is_one_history_twice_in_one_process,
        ),
        ("a_cut_network_heals", a_cut_network_heals),
        ("who_is_killed_is_missed_and_can_come_back", who_is_killed_is_missed_and_can_come_back),
        ("a_clock_can_be_wrong", a_clock_can_be_wrong),
    ])
}

fn config(dht: Dht) -> Config {
    Config {
        topics: Topics { all: vec![TOPIC.to_owned()], joined: vec![TOPIC.to_owned()] },
        dht,
        // The first byte of a value is its version.
        newer: |old, new| new.first() > old.first(),
        ..Config::new("test")
    }
}

/// Adds that many nodes, each connected with a few before it, and lets the mesh form.
async fn network(world: &mut World, count: usize, dht: Dht) -> Vec<Member> {
    let mut members: Vec<Member> = Vec::new();
    for _ in 0..count {
        let member = Member::add(world, config(dht));
        let mut known = BTreeSet::new();
        while known.len() < 4.min(members.len()) {
            known.insert(world.dice().below(members.len() as u64) as usize);
        }
        for known in known {
            member.dial(world.address(members[known].id()));
        }
        members.push(member);
        world.run_for(20 * MILLISECOND).await;
    }
    world.run_for(15 * SECOND).await;
    members
}

fn says(incoming: &Incoming, what: &[u8]) -> bool {
    matches!(incoming, Incoming::Gossip { bytes, .. } if bytes == what)
}

/// Announces from every fifth node; gives how long each took to reach each other node.
async fn announcements(world: &mut World, members: &[Member]) -> Vec<Duration> {
    let mut took = Vec::new();
    for from in (0..members.len()).step_by(5) {
        let what = format!("head of {from}");
        let began = tokio::time::Instant::now();
        members[from].publish(TOPIC, what.as_bytes());
        world.run_for(3 * SECOND).await;
        let heard = members.iter().filter_map(|it| it.heard_at(|it| says(it, what.as_bytes())));
        took.extend(heard.map(|at| at - began));
    }
    took.sort();
    took
}

fn fifty(seed: u64) -> Outcome<Vec<Duration>> {
    simulate(seed, FIFTY, async |world| {
        let members = network(world, 50, Dht::Server).await;
        announcements(world, &members).await
    })
}

fn fifty_nodes_hear_everything_and_soon(seed: u64) {
    let Outcome { value: took, digest, events } = fifty(seed);
    assert_eq!(took.len(), 10 * 49, "10 announcements, each to 49 others");
    let at = |share: usize| took[(took.len() - 1) * share / 100];
    println!(
        "p50 {:?}, p99 {:?}, last {:?}; {events} events, {}",
        at(50),
        at(99),
        at(100),
        hex(&digest)
    );
    assert!(at(99) < 400 * MILLISECOND, "p99 took {:?}", at(99));
    assert!(at(1) >= 50 * MILLISECOND, "nothing is faster than the line: {:?}", at(1));
}

/// A small world in which everything is used: gossip, exchange, DHT, a cut line and a killed node.
fn twelve(seed: u64) -> Outcome<()> {
    simulate(seed, Latency::world(), async |world| {
        let members = network(world, 12, Dht::Server).await;
        world.cut(members[1].id(), members[2].id());
        world.kill(members[3].id());
        members[4].publish(TOPIC, b"a head");
        members[5].order(|network| network.put(1, b"key", vec![1]));
        world.run_for(5 * SECOND).await;
        world.mend_all();
        members[6].order(|network| network.locate(2, b"key"));
        members[7].order(|network| {
            let peer = network.peers().next().expect("a peer").0;
            network.request(3, peer, b"who?".to_vec());
        });
        world.run_for(5 * SECOND).await;
    })
}

fn one_seed_is_one_history(seed: u64) {
    let first = in_another_process(seed);
    assert_eq!(first, in_another_process(seed), "twice with one seed");
    assert_ne!(first, in_another_process(seed ^ 1), "with another seed");
}

/// In one process only where no two nodes ever have two connections: see [`countersign_simulation::harness`].
fn one_seed_is_one_history_twice_in_one_process(seed: u64) {
    let run = |seed| {
        simulate(seed, Latency::world(), async |world| {
            let members = network(world, 12, Dht::Client).await;
            announcements(world, &members).await
        })
    };
    let first = run(seed);
    assert!(first.events > 1000);
    assert_eq!(first, run(seed));
    assert_ne!(first.digest, run(seed ^ 1).digest);
}

fn a_cut_network_heals(seed: u64) {
    simulate(seed, FIFTY, async |world| {
        let members = network(world, 10, Dht::Server).await;
        let ids: Vec<_> = members.iter().map(Member::id).collect();
        world.partition(&ids[..5], &ids[5..]);
        members[0].publish(TOPIC, b"unheard");
        world.run_for(SECOND).await;
        let heard = |members: &[Member], what: &[u8]| {
            members.iter().filter(|it| it.count(|it| says(it, what)) > 0).count()
        };
        assert_eq!(heard(&members[5..], b"unheard"), 0, "over a cut line");
        world.mend_all();
        world.run_for(5 * SECOND).await;
        assert_eq!(heard(&members[5..], b"unheard"), 5, "once it is mended");
    });
}

fn who_is_killed_is_missed_and_can_come_back(seed: u64) {
    simulate(seed, FIFTY, async |world| {
        let members = network(world, 5, Dht::Server).await;
        let gone = |it: &Incoming| matches!(it, Incoming::Disconnected { .. });
        world.kill(members[0].id());
        world.run_for(SECOND).await;
        assert!(members[1..].iter().any(|it| it.count(gone) > 0));
        let address = world.address(members[0].id());
        members[1].dial(address);
        let refused = |it: &Incoming| matches!(it, Incoming::Unreachable { .. });
        let refused = world.run_until(SECOND, || members[1].count(refused) > 0).await;
        assert!(refused.is_some(), "nobody listens there");
    });
}

fn a_clock_can_be_wrong(seed: u64) {
    simulate(seed, FIFTY, async |world| {
        let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
        let id = world.add(async move |host| {
            loop {
                let _unheard = tell.send(host.now().to_string()).is_err();
                tokio::time::sleep(SECOND).await;
            }
        });
        world.run_for(SECOND / 2).await;
        world.skew(id, -24 * 60 * 60);
        world.run_for(SECOND).await;
        assert_eq!(told.recv().await.as_deref(), Some("2026-11-22T00:00:00Z"));
        assert_eq!(told.recv().await.as_deref(), Some("2026-11-21T00:00:01Z"));
    });
}
