//! Whoever began a network is killed, or its terminal is closed: everybody else ends too, and nothing is left.

use crate::kept::{PATIENCE, PROGRAM, Up, signal};
use crate::world::TURNS;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;

#[tokio::test(flavor = "multi_thread")]
async fn a_network_whose_up_is_killed_stops_in_order() {
    let _turn = TURNS.acquire().await;
    let mut up = Up::start().await;
    let data: Vec<PathBuf> =
        up.nodes().map(|node| PathBuf::from(node["data"].as_str().unwrap())).collect();
    assert!(data.iter().all(|data| data.join(DOOR).exists()), "{data:?}");
    up.kill().await;
    let shop = up.said["members"].as_array().unwrap().iter().find_map(|one| one["url"].as_str());
    for url in shop.into_iter().chain(up.said["provider"].as_str()) {
        silent(url.trim_start_matches("http://").trim_end_matches('/')).await;
    }
    for data in data {
        ended(&data).await;
        // Whoever is killed takes nothing back.
        assert!(!data.join(DOOR).exists(), "{}", data.display());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_whose_terminal_is_closed_leaves_neither_processes_nor_folders() {
    let _turn = TURNS.acquire().await;
    let (place, temporary) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    // Whoever runs this test may have it outlive a terminal; the story is begun by somebody who does not.
    let mut demo = Command::new("env")
        .args(["--default-signal=HUP", PROGRAM, "demo"])
        .env("XDG_RUNTIME_DIR", place.path())
        .env("TMPDIR", temporary.path())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(demo.stdout.take().unwrap()).lines();
    let first = tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
    assert!(first.contains("12 processes"), "{first}");
    let doors = doors(temporary.path());
    assert_eq!(doors.len(), 12, "{doors:?}");
    signal("-HUP", demo.id().unwrap());
    let status = tokio::time::timeout(PATIENCE, demo.wait()).await.unwrap().unwrap();
    assert_eq!(status.code(), Some(NO_ANSWER), "{status}");
    for door in doors {
        silent(&door).await;
    }
    let left: Vec<_> = fs::read_dir(temporary.path()).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

/// Waits until nobody listens at an address.
async fn silent(address: &str) {
    let silent = async {
        // A connection lasts no longer than whoever took it.
        while let Ok(mut connection) = TcpStream::connect(address).await {
            let _ended = connection.read_to_end(&mut Vec::new()).await.is_ok();
        }
    };
    tokio::time::timeout(PATIENCE, silent).await.expect(address);
}

/// Waits until a data folder is nobody's any more.
async fn ended(data: &Path) {
    let lock = File::open(data.join("store").join("lock")).unwrap();
    let free = tokio::task::spawn_blocking(move || lock.lock());
    tokio::time::timeout(PATIENCE, free).await.unwrap().unwrap().unwrap();
}

/// Gives the addresses of the doors of everybody in the only network below `temporary`.
fn doors(temporary: &Path) -> Vec<String> {
    let network = fs::read_dir(temporary).unwrap().next().unwrap().unwrap().path();
    let members = fs::read_dir(network).unwrap();
    let notes =
        members.filter_map(|member| fs::read_to_string(member.ok()?.path().join(DOOR)).ok());
    notes.filter_map(|note| Some(note.lines().next()?.to_owned())).collect()
}

/// The file that says where the door of a node is, for as long as it is open.
const DOOR: &str = "door";
/// What a program ends with that could not say yes or no.
const NO_ANSWER: i32 = 2;
