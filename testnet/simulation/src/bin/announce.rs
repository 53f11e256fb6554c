//! Prints how long an announcement takes, as one line of JSON that `countersign-testnet bench` reads.
//!
//! Several seeds are played, and the slowest counts: one seed may have been lucky.

use countersign_simulation::{announce, seed};
use serde_json::json;

fn main() {
    let first = seed(1);
    let seeds = first..first.saturating_add(SEEDS);
    let measured: Vec<_> = seeds.map(|seed| (seed, announce::measure(seed).value)).collect();
    let ratio = |announced: &announce::Announced| announced.ratio(announced.head);
    let slowest =
        measured.iter().max_by(|(_, one), (_, other)| ratio(one).total_cmp(&ratio(other)));
    let Some((seed, slowest)) = slowest else { return };
    let all: Vec<String> = measured.iter().map(|(_, one)| format!("{:.2}", ratio(one))).collect();
    let row = json!({
        "name": "announce-simulated",
        "value": ratio(slowest),
        "detail": format!("seeds from {first} on: {} \u{d7}; seed {seed}: {slowest}", all.join(", ")),
        "complete": measured.iter().all(|(_, one)| one.is_complete()),
    });
    println!("{row}");
}

/// As many as a bench has time for.
const SEEDS: u64 = 3;
