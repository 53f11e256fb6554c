//! Who may import whom: a crate's name, and a room's, stands only where the table allows it.

use super::{File, none, repository};

/// A path in code, and the only places it may stand.
struct Room {
    word: &'static str,
    allowed: &'static [&'static str],
}

/// Everything of ours that ships; `testnet/simulation` builds the real stack once more and may name it.
const SHIPPED: [&str; 4] = ["protocol/src/", "node/src/", "attestor/src/", "testnet/src/"];

const DOES: &[&str] = &["node/src/", "attestor/src/", "testnet/src/"];

/// Where HTTP is spoken and pages are made. One listener with limits serves every program of ours, so
/// it stands beside the doors.
const PAGES: &[&str] = &[
    "node/src/http/",
    "node/src/home/",
    "node/src/page/",
    "node/src/serve.rs",
    "attestor/src/http/",
    "testnet/src/",
];

const ROOMS: &[Room] = &[
    // The world, each part of it in one room.
    Room { word: "libp2p", allowed: &["node/src/network"] },
    Room { word: "sled", allowed: &["node/src/store/"] },
    Room { word: "redb", allowed: &["node/src/store/", "node/src/vault/"] },
    Room { word: "axum", allowed: PAGES },
    Room { word: "maud", allowed: PAGES },
    Room {
        word: "clap",
        allowed: &[
            "node/src/cli/",
            "node/src/main.rs",
            // The flags of `service install`, and how a line is read, which both programs have.
            "node/src/unit.rs",
            "node/src/line.rs",
            "attestor/src/cli/",
            "attestor/src/main.rs",
            "testnet/src/",
        ],
    },
    Room { word: "argon2", allowed: &["node/src/vault/"] },
    Room { word: "chacha20poly1305", allowed: &["node/src/vault/"] },
    Room { word: "bip39", allowed: &["node/src/vault/"] },
    Room { word: "openidconnect", allowed: &["attestor/src/evidence/"] },
    Room { word: "image", allowed: &["node/src/home/photo.rs"] },
    Room { word: "rqrr", allowed: &["node/src/home/photo.rs"] },
    Room {
        word: "if_addrs",
        allowed: &["node/src/home/addresses.rs", "node/src/network/errands.rs"],
    },
    Room { word: "rcgen", allowed: &["node/src/tls.rs"] },
    // One implementation of each standard.
    Room { word: "ed25519_dalek", allowed: &["protocol/src/key/"] },
    Room { word: "serde_json_canonicalizer", allowed: &["protocol/src/encoding/jcs.rs"] },
    Room { word: "minicbor", allowed: &["protocol/src/encoding/cbor.rs"] },
    Room { word: "bs58", allowed: &["protocol/src/encoding/base58btc.rs"] },
    Room { word: "multibase", allowed: &["protocol/src/encoding/base64url.rs"] },
    Room { word: "humantime", allowed: &["protocol/src/time.rs"] },
    Room { word: "httpdate", allowed: &["attestor/src/evidence/outbound.rs"] },
    Room { word: "flate2", allowed: &["protocol/src/status/"] },
    // The testnet reads what its own processes print.
    Room { word: "serde_json::from_str", allowed: &["testnet/src/"] },
    Room { word: "serde_json::from_slice", allowed: &[] },
    Room { word: "serde_json::from_reader", allowed: &[] },
    // The pure crate.
    Room { word: "tokio", allowed: DOES },
    Room { word: "tracing", allowed: DOES },
    Room { word: "rand", allowed: DOES },
    Room { word: "getrandom", allowed: DOES },
    Room { word: "std::fs", allowed: DOES },
    Room { word: "std::net", allowed: DOES },
    Room { word: "std::thread", allowed: DOES },
    Room { word: "std::process", allowed: DOES },
    Room { word: "std::env", allowed: DOES },
    Room {
        word: "countersign_node",
        allowed: &["node/src/main.rs", "attestor/src/", "testnet/src/"],
    },
    Room { word: "countersign_attestor", allowed: &["attestor/src/main.rs", "testnet/src/"] },
    Room { word: "countersign_testnet", allowed: &["testnet/src/main.rs"] },
];

#[test]
fn every_word_stands_in_its_room() {
    let mut faults = Vec::new();
    for file in shipped() {
        for room in ROOMS {
            if !room.allowed.iter().any(|place| file.path.starts_with(place)) {
                faults.extend(mentions(&file, room.word));
            }
        }
    }
    none(&faults, "these words may not stand here, see tests/src/tidy/rooms.rs");
}

/// Which room of a crate may not name which other one: `(folder, path in code)`.
const CLOSED: &[(&str, &[&str])] = &[
    ("node/src/store/", &["tokio", "crate::network", "crate::http", "crate::cli", "crate::vault"]),
    // The vault keeps what it sealed in the store, through its trait.
    ("node/src/vault/", &["tokio", "crate::network", "crate::http", "crate::cli"]),
    ("node/src/network/", &["crate::store", "crate::vault", "crate::http", "crate::cli"]),
    ("node/src/http/", &["crate::network", "crate::store", "crate::vault"]),
    // The page kit knows no node: attestors and test networks use it too.
    (
        "node/src/page/",
        &[
            "crate::network",
            "crate::store",
            "crate::vault",
            "crate::http",
            "crate::cli",
            "crate::home",
            "crate::node",
            "crate::verb",
        ],
    ),
    // Pages ask what everybody asks: verbs.
    ("node/src/home/", &["crate::network", "crate::store", "crate::vault", "crate::cli"]),
    ("node/src/cli/", &["crate::network", "crate::store", "crate::vault"]),
    (
        "attestor/src/",
        &[
            "countersign_node::network",
            "countersign_node::store",
            "countersign_node::vault",
            "countersign_node::driver",
            "countersign_node::http",
            "countersign_node::cli",
        ],
    ),
];

#[test]
fn rooms_do_not_reach_into_each_other() {
    let mut faults = Vec::new();
    for file in shipped() {
        for (folder, words) in CLOSED {
            if file.path.starts_with(folder) {
                faults.extend(words.iter().flat_map(|word| mentions(&file, word)));
            }
        }
    }
    none(&faults, "a room may not name these, see tests/src/tidy/rooms.rs");
}

#[test]
fn nothing_imports_the_engine_but_who_drives_it() {
    let mut faults = Vec::new();
    for file in shipped() {
        let (word, allowed): (_, &[&str]) = if file.path.starts_with("protocol/") {
            ("crate::engine", &["protocol/src/engine/"])
        } else {
            (
                "crate::driver",
                &[
                    "node/src/main.rs",
                    "node/src/lib.rs",
                    "node/src/driver",
                    "node/src/start/opened.rs",
                ],
            )
        };
        if !allowed.iter().any(|place| file.path.starts_with(place)) {
            faults.extend(mentions(&file, word));
        }
    }
    none(&faults, "the engine and the driver stand above everything else in their crates");
}

fn shipped() -> Vec<File> {
    let mut files = repository();
    files.retain(|file| file.is_rust() && SHIPPED.iter().any(|place| file.path.starts_with(place)));
    assert!(!files.is_empty());
    files
}

/// Finds `word` where it is used as a path: before `::`, or named by a `use`.
fn mentions(file: &File, word: &str) -> Vec<String> {
    file.code()
        .filter(|(_, line)| names(line, word))
        .map(|(number, line)| format!("{}:{number}: {}", file.path, line.trim()))
        .collect()
}

fn names(line: &str, word: &str) -> bool {
    let part_of_a_name = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(word).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let after = &line[at + word.len()..];
        let alone = !before.is_some_and(|c| part_of_a_name(c) || c == ':' || c == '.' || c == '"')
            && !after.starts_with(part_of_a_name);
        let is_path = after.starts_with("::")
            || word.contains("::")
            || line.trim_start().trim_start_matches("pub ").starts_with("use ");
        alone && is_path
    })
}

#[test]
fn the_wall_sees_what_it_should() {
    for line in
        ["use libp2p::kad;", "let x = libp2p::PeerId::random();", "pub use libp2p;", "(libp2p::x)"]
    {
        assert!(names(line, "libp2p"), "{line}");
    }
    for line in [
        "use crate::libp2p_like;",
        "\"libp2p::x\"",
        "mod libp2p;",
        "self.libp2p::<T>()",
        "xlibp2p::y",
    ] {
        assert!(!names(line, "libp2p"), "{line}");
    }
    assert!(names("serde_json::from_str(text)", "serde_json::from_str"));
}
