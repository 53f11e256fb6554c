//! The answer to who an identity is, where the identity is held and was verified before.

use super::BenchError;
use super::fixture::{NOW, Person};
use super::report::micros;
use super::row::Measured;
use super::timing::{Effort, Work, alone, p99, rate};
use countersign_node::store::{Change, Store as _, disk::Disk};
use countersign_protocol::did::Scid;
use countersign_protocol::did::log::History;
use countersign_protocol::did::log::resolution::{self, Query};
use countersign_protocol::encoding::multihash::sha256;
use serde_json::{Value, json};
use std::collections::HashMap;

pub(super) fn held(effort: Effort) -> Result<Measured, BenchError> {
    let folder = tempfile::tempdir()?;
    let store = Disk::open(folder.path(), CACHE)?;
    let mut verified = HashMap::new();
    let mut scids = Vec::new();
    for number in 0..IDENTITIES {
        let mut person = Person::new(&format!("person {number}"), 30)?;
        person.rotate()?;
        person.rotate()?;
        let (scid, log) = (person.history.scid(), person.history.to_log());
        let lines = log.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let lines = lines.map(<[u8]>::to_vec).collect();
        store.commit(&[Change::Log { scid, keep: 0, lines }])?;
        verified.insert(sha256(&log), History::read(&log, NOW)?);
        scids.push(scid);
    }
    let mut next = scids.iter().cycle();
    let mut resolve = || answer(&store, &verified, next.next()?);
    if resolve().is_none() {
        return Err(BenchError::Wrong { what: "a resolution" });
    }
    let cost = alone(effort, Work { things: 1, run: &mut resolve });
    let worst = p99(effort.rounds.saturating_mul(500), &mut resolve);
    let detail =
        format!("{IDENTITIES} identities of 3 entries: {}, p99 {}", micros(cost), micros(worst));
    Ok(Measured::new(rate(cost), detail))
}

/// Answers as a node does: the log it holds, the history it verified from exactly these bytes.
fn answer(store: &Disk, verified: &HashMap<[u8; 32], History>, scid: &Scid) -> Option<Vec<u8>> {
    let mut log = Vec::new();
    for line in store.log(scid).ok()?? {
        log.extend_from_slice(&line);
        log.push(b'\n');
    }
    let history = verified.get(&sha256(&log))?;
    let found = resolution::resolve(history, Query::Newest)?;
    let answer = json!({
        "didDocument": found.document,
        "didDocumentMetadata": Value::Object(found.metadata),
    });
    serde_json::to_vec(&answer).ok()
}

const IDENTITIES: u32 = 1_000;
const CACHE: u64 = 64 << 20;
