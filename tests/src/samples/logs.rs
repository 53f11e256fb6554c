//! Identity logs: a folder each, with `did.jsonl`, `expected.json` with what we say about it, and `changed.jsonl`,
//! the log with one character changed. Where there are witnesses, `did-witness.json` lies there too, and what
//! must not be enough in its place: `short-witness.json`, one proof fewer than the threshold asks for, and
//! `forged-witness.json`, as many as it asks for with two signatures exchanged.

use super::person::{BEGINNING, Person, key};
use countersign_protocol::did::log::History;
use countersign_protocol::did::log::draft::{Change, Place};
use countersign_protocol::did::log::witness::{self, File, Rule};
use serde_json::{Value, json};
use std::{fs, io, path::Path};

pub(super) fn write(folder: &Path) -> io::Result<()> {
    let folder = folder.join("logs");
    let person = |name| Person::create(name, Place::Home, None);

    write_one(&folder, "created", &person("created"), None)?;

    let mut rotated = person("rotated");
    (0..3).for_each(|_| rotated.rotate());
    write_one(&folder, "rotated", &rotated, None)?;

    let mut recovered = person("recovered");
    recovered.rotate();
    recovered.recover();
    recovered.rotate();
    recovered.recover();
    write_one(&folder, "recovered", &recovered, None)?;

    let at_domain = Place::Domain("example.com%3A8443:people:ada");
    write_one(&folder, "with-a-domain", &Person::create("with a domain", at_domain, None), None)?;

    let mut moved = person("moved");
    moved.rotate();
    moved.change(&Change { place: Some(Place::Domain("ada.example.com")), ..Change::default() });
    moved.rotate();
    write_one(&folder, "moved", &moved, None)?;

    let mut deactivated = person("deactivated");
    deactivated.rotate();
    deactivated.deactivate();
    write_one(&folder, "deactivated", &deactivated, None)?;

    let witnesses = [0, 1, 2].map(|number| key("witnesses", "witness", number));
    let rule = Rule::new(2, witnesses.iter().map(|key| key.public()).collect())
        .map_err(io::Error::other)?;
    let mut witnessed = Person::create("witnessed", Place::Home, Some(&rule));
    witnessed.rotate();
    witnessed.recover();
    let mut file = File::default();
    // Two of three: the threshold, and no more.
    for witness in &witnesses[1..] {
        let version = witnessed.history.version_id();
        let proof = witness::cosign(version, witness, BEGINNING.plus(7 * 24 * 60 * 60));
        file.add(version, &proof).map_err(io::Error::other)?;
    }
    write_one(&folder, "witnessed", &witnessed, Some(&file))
}

fn write_one(
    folder: &Path,
    name: &str,
    person: &Person,
    witnesses: Option<&File>,
) -> io::Result<()> {
    let witnesses = witnesses.map(File::to_bytes);
    write_log(folder, name, &person.log, &person.history, witnesses.as_deref())
}

/// Writes the folder of one log, which `history` was read from.
pub(super) fn write_log(
    folder: &Path,
    name: &str,
    log: &[u8],
    history: &History,
    witnesses: Option<&[u8]>,
) -> io::Result<()> {
    let folder = folder.join(name);
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("did.jsonl"), log)?;
    fs::write(folder.join("changed.jsonl"), changed(log))?;
    if let Some(file) = witnesses {
        assert!(stands(history, file), "{name}: its witnesses did not cosign it");
        fs::write(folder.join("did-witness.json"), file)?;
        for (damage, too_little) in
            [("short", short(history, file)), ("forged", forged(history, file))]
        {
            assert!(!stands(history, &too_little), "{name}: it stands by what is {damage}");
            fs::write(folder.join(format!("{damage}-witness.json")), too_little)?;
        }
    }
    let expected = json!({
        "did": history.did().as_str(),
        "versionId": history.version_id().to_string(),
        "deactivated": history.is_deactivated(),
        "document": history.document().value(),
    });
    fs::write(folder.join("expected.json"), expected.to_string())
}

/// Changes one digit of the newest entry's `versionTime`.
fn changed(log: &[u8]) -> Vec<u8> {
    let member = b"\"versionTime\":\"";
    let at = log.windows(member.len()).rposition(|window| window == member).expect("a versionTime");
    let minute = at + member.len() + "2025-06-01T00:0".len();
    let mut log = log.to_vec();
    log[minute] = if log[minute] == b'0' { b'1' } else { b'0' };
    log
}

/// Tells whether the newest entry stands by a witness file.
fn stands(history: &History, file: &[u8]) -> bool {
    let file = File::parse(file).expect("a witness file");
    history.witnessed(&file).is_some_and(|standing| standing.number() == history.number())
}

/// Leaves one proof fewer for the newest entry than the threshold asks for.
fn short(history: &History, file: &[u8]) -> Vec<u8> {
    only(history, file, 1, |_| ())
}

/// Leaves as many as it asks for, two of them with each other's signature.
fn forged(history: &History, file: &[u8]) -> Vec<u8> {
    only(history, file, 0, |proofs| {
        let [first, second, ..] = proofs else { panic!("two proofs") };
        core::mem::swap(&mut first["proofValue"], &mut second["proofValue"]);
    })
}

/// Leaves the proofs for the newest entry, so many fewer than the threshold, and changes them.
fn only(
    history: &History,
    file: &[u8],
    fewer: usize,
    change: impl FnOnce(&mut [Value]),
) -> Vec<u8> {
    let threshold = history.witness_rule().expect("witnesses").threshold() as usize;
    let mut file: Value = serde_json::from_slice(file).expect("a witness file");
    let newest = Value::from(history.version_id().to_string());
    let items = file.as_array_mut().expect("a list");
    items.retain(|item| item["versionId"] == newest);
    let proofs = items[0]["proof"].as_array_mut().expect("proofs");
    assert!(proofs.len() >= threshold, "the newest entry has {} proofs", proofs.len());
    proofs.truncate(threshold - fewer);
    change(proofs);
    file.to_string().into_bytes()
}
