//! The network falls in two, as whoever develops makes it fall: `up` runs it, `ctl` plays with it.
//!
//! What one half says stays in it, and reaches the other once it is healed. Who was killed and starts again
//! while the network is cut stays on its side.

use crate::kept::{PATIENCE, Up};
use crate::world::TURNS;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant};

#[tokio::test(flavor = "multi_thread")]
async fn what_one_half_says_the_other_hears_only_when_the_network_is_healed() {
    let _turn = TURNS.acquire().await;
    let up = Up::start().await;
    up.ctl(&["attest", "anna", "--from", "east"]).await;
    up.ctl(&["cut"]).await;
    let halves = halves(&up.ctl(&["status"]).await);
    // Whoever comes back knows nobody of the other half either.
    up.ctl(&["kill", "wolf"]).await;
    up.ctl(&["start", "wolf"]).await;
    let status = up.ctl(&["status"]).await;
    let links = status["links"].as_array().unwrap();
    assert!(!links.is_empty() && links.iter().all(|link| same(&halves, link)), "{status}");
    up.ctl(&["revoke", "east"]).await;
    let own = halves.values().filter(|half| **half == halves["east"]).count();
    // The customer of that half does not tell what she hears.
    let heard = until_heard(&up, |by| by.len() >= own - 1).await;
    assert!(heard.iter().all(|name| halves[name] == halves["east"]), "{heard:?}");
    up.ctl(&["heal"]).await;
    until_heard(&up, |by| by.iter().any(|name| halves[name] != halves["east"])).await;
    let again = up.try_ctl(&["heal"]).await.unwrap_err();
    assert_eq!(again["type"], "conflict", "{again}");
    up.stop().await;
}

/// Waits until those who heard that East took a claim back are as `wanted`, and gives them.
async fn until_heard(up: &Up, wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
    let began = Instant::now();
    loop {
        let status = up.ctl(&["status"]).await;
        let heard = heard(&status);
        if wanted(&heard) {
            return heard;
        }
        assert!(began.elapsed() < PATIENCE, "{status}");
        tokio::time::sleep(BETWEEN).await;
    }
}

fn halves(status: &Value) -> BTreeMap<String, String> {
    let nodes = status["nodes"].as_array().unwrap().iter();
    let text = |node: &Value, member: &str| node[member].as_str().unwrap().to_owned();
    nodes.map(|node| (text(node, "name"), text(node, "half"))).collect()
}

fn same(halves: &BTreeMap<String, String>, link: &Value) -> bool {
    let half = |end: usize| &halves[link[end].as_str().unwrap()];
    half(0) == half(1)
}

fn heard(status: &Value) -> Vec<String> {
    let of_east = status["news"].as_array().unwrap().iter().find(|news| {
        news["who"] == "east" && news["what"].as_str().unwrap().contains("taken back")
    });
    let by = of_east.and_then(|news| news["heardBy"].as_array()).cloned().unwrap_or_default();
    by.iter().map(|name| name.as_str().unwrap().to_owned()).collect()
}

/// Between two looks at what was heard.
const BETWEEN: Duration = Duration::from_millis(200);
