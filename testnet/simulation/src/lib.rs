//! Whole nodes in virtual time, from one seed.
//!
//! The engine, the loop that drives it, Noise, Yamux, gossipsub, Kademlia and the exchange protocol are those
//! of a real node; what is not real is the disk, which is memory, the clock, which jumps from one event to the next, the dice, which are loaded, and the lines, which
//! take as long as they are told to. So a minute of a hundred nodes takes seconds, and what happened once
//! with a seed happens again with it, byte for byte.
//!
//! - [`simulate`] makes a [`World`](world::World) and runs a scenario in it.
//! - [`harness`] gives each test a process of its own, which it needs to be repeated.
//! - A node is any program over a [`Host`](world::Host): [`Member`](member::Member) is the network alone,
//!   [`Node`](node::Node) all of a node.
//! - [`Person`](person::Person) has keys, [`Attestor`](attestor::Attestor) signs claims, [`Shop`](shop::Shop) checks
//!   them, and [`Liar`](liar::Liar) lies.
//! - [`announce`] measures.

pub mod announce;
pub mod attestor;
pub mod dice;
pub mod harness;
pub mod liar;
pub mod log;
pub mod member;
pub mod node;
pub mod person;
pub mod shop;
mod wire;
pub mod world;

pub use wire::Latency;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::thread;
use world::World;

/// What came of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome<T> {
    /// What the scenario gave.
    pub value: T,
    /// The hash of everything that happened, every byte on every line and its moment among it.
    pub digest: [u8; 32],
    /// How many things happened.
    pub events: u64,
}

/// Runs `scenario` in a world of its own, on a thread of its own. If it fails, the seed is printed.
///
/// # Panics
///
/// Panics if the scenario does.
pub fn simulate<S, T>(seed: u64, latency: Latency, scenario: S) -> Outcome<T>
where
    S: AsyncFnOnce(&mut World) -> T + Send + 'static,
    T: Send + 'static,
{
    // The standard library takes its dice once for each thread.
    let run = move || {
        dice::load(seed);
        let mut builder = tokio::runtime::Builder::new_current_thread();
        let runtime = builder.enable_time().start_paused(true).build().expect("a runtime");
        runtime.block_on(async {
            let mut world = World::new(seed, latency);
            let value = scenario(&mut world).await;
            Outcome { value, digest: world.log().digest(), events: world.log().events() }
        })
    };
    let run = move || catch_unwind(AssertUnwindSafe(run));
    let name = format!("world {seed}");
    let ended = thread::Builder::new().name(name).spawn(run).expect("a thread").join();
    match ended.and_then(|outcome| outcome) {
        Ok(outcome) => outcome,
        Err(cause) => {
            eprintln!("the seed that repeats it: {SEED}={seed}");
            resume_unwind(cause)
        }
    }
}

/// Gives the seed of this run: that of the environment, or `otherwise`.
///
/// # Panics
///
/// Panics if what the environment says is no number.
#[must_use]
pub fn seed(otherwise: u64) -> u64 {
    match std::env::var(SEED) {
        Ok(seed) => seed.parse().unwrap_or_else(|_| panic!("{SEED} is no number: {seed}")),
        Err(_) => otherwise,
    }
}

/// The environment variable that sets the seed.
pub const SEED: &str = "COUNTERSIGN_SEED";
