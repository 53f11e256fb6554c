//! The network falls in two, as whoever develops makes it fall: `up` runs it, `ctl` plays with it.
//!
//! What one half says stays in it, and reaches the other once it is healed. Who was killed and starts again
//! while the network is cut stays on its side.

use crate::world::TURNS;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::{Child, Command};

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
    let heard = up.until_heard(|by| by.len() >= own - 1).await;
    assert!(heard.iter().all(|name| halves[name] == halves["east"]), "{heard:?}");
    up.ctl(&["heal"]).await;
    up.until_heard(|by| by.iter().any(|name| halves[name] != halves["east"])).await;
    let again = up.try_ctl(&["heal"]).await.unwrap_err();
    assert_eq!(again["type"], "conflict", "{again}");
    up.stop().await;
}

/// A running `up`. Dropping it asks it to stop, and with it everybody it started.
struct Up {
    child: Child,
    folder: tempfile::TempDir,
}

impl Up {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = program(folder.path())
            .args(["up", "--json", "--folder"])
            .arg(folder.path().join("network"))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let up = Self { child, folder };
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await;
        let said: Value = read(&line.unwrap().unwrap().unwrap());
        // Where nothing runs the example shop, there is none.
        let members = said["members"].as_array().unwrap().iter();
        assert_eq!(members.filter(|member| member["role"] != "shop").count(), 12, "{said}");
        up
    }

    /// Runs a command that has to be carried out.
    async fn ctl(&self, arguments: &[&str]) -> Value {
        self.try_ctl(arguments).await.unwrap()
    }

    /// Runs a command over the newest network, which is this one: nobody else leaves word there.
    async fn try_ctl(&self, arguments: &[&str]) -> Result<Value, Value> {
        let ran = program(self.folder.path()).args(["ctl", "--json"]).args(arguments).output();
        let ran = ran.await.unwrap();
        let said = read(&String::from_utf8_lossy(&ran.stdout));
        if ran.status.success() { Ok(said) } else { Err(said) }
    }

    /// Waits until those who heard that East took a claim back are as `wanted`, and gives them.
    async fn until_heard(&self, wanted: impl Fn(&[String]) -> bool) -> Vec<String> {
        let began = Instant::now();
        loop {
            let status = self.ctl(&["status"]).await;
            let heard = heard(&status);
            if wanted(&heard) {
                return heard;
            }
            assert!(began.elapsed() < PATIENCE, "{status}");
            tokio::time::sleep(BETWEEN).await;
        }
    }

    async fn stop(mut self) {
        self.end();
        let ended = tokio::time::timeout(PATIENCE, self.child.wait()).await;
        assert!(ended.unwrap().unwrap().success());
    }

    fn end(&self) {
        if let Some(id) = self.child.id() {
            let _asked = std::process::Command::new("kill").arg(id.to_string()).status().is_ok();
        }
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        self.end();
    }
}

/// Prepares the program for a person of whom nothing else runs on this computer.
fn program(place: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_countersign-testnet"));
    command.env("XDG_RUNTIME_DIR", place);
    command
}

fn read(line: &str) -> Value {
    countersign_protocol::encoding::json::parse(line.trim().as_bytes(), MOST).unwrap()
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

/// Longer than anything takes, on a computer that is busy with other things too.
const PATIENCE: Duration = Duration::from_secs(180);
/// Between two looks at what was heard.
const BETWEEN: Duration = Duration::from_millis(200);
/// More than a status is large.
const MOST: usize = 1024 * 1024;
