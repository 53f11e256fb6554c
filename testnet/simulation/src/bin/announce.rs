//! Prints how long an announcement takes, as one line of JSON that `countersign-testnet bench` reads.

use countersign_simulation::{announce, seed};
use serde_json::json;

fn main() {
    let announced = announce::measure(seed(1)).value;
    let row = json!({
        "name": "announce-simulated",
        "value": announced.ratio(announced.head),
        "detail": announced.to_string(),
        "complete": announced.is_complete(),
    });
    println!("{row}");
}
