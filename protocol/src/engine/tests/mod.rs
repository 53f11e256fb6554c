//! The engine among others: every sentence of its rooms, in a world without a network.
//!
//! A world is made from a seed and repeats itself; when a test fails it prints the seed.

#![expect(
    clippy::arithmetic_side_effects,
    clippy::as_conversions,
    clippy::type_complexity,
    clippy::wildcard_enum_match_arm,
    reason = "nothing here comes from a peer"
)]

mod cold;
mod days;
mod deposits;
mod disk;
mod elsewhere;
mod heartbeats;
mod here;
mod intake;
mod keeping;
mod liars;
mod missed;
mod noise;
mod pace;
mod partings;
mod person;
mod publishing;
mod pulling;
mod records;
mod rekeyed;
mod restored;
mod shared;
mod shares;
mod stale;
mod statuses;
mod traffic;
mod world;
