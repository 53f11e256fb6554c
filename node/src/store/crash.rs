//! Kills a writer at any moment: what was acknowledged is there afterwards, whole.

use super::contract::scid;
use super::disk::Disk;
use super::{Change, Highest, Keep, Store as _};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};

#[test]
fn what_was_acknowledged_survives_kill_9() {
    if let Some(folder) = std::env::var_os(FOLDER) {
        write_until_killed(Path::new(&folder));
        return;
    }
    let place = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 0..ROUNDS {
        let mut child = start(place.path());
        let acks = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut acks = acks.filter_map(|line| line.strip_prefix(ACK)?.parse::<u64>().ok());
        // The disk decides how far the writer has come beyond this when it is killed.
        let wanted = rand::random_range(0..40);
        acknowledged = acks.by_ref().take(wanted).last().unwrap_or(acknowledged);
        child.kill().unwrap();
        // What it said between is acknowledged too.
        acknowledged = acks.last().unwrap_or(acknowledged);
        child.wait().unwrap();
        let disk = Disk::open(place.path(), MEMORY).unwrap();
        let links = disk.links(CHAIN, 0, usize::MAX).unwrap();
        let length = links.len() as u64;
        assert!(length >= acknowledged, "round {round}: {acknowledged} said, {length} found");
        assert!((0..).zip(&links).all(|(number, link)| *link == text(number)));
        // Each batch is there as a whole, and no batch half.
        assert_eq!(disk.length(&scid(1)).unwrap(), length);
        assert_eq!(disk.newest_event().unwrap(), length);
        let highest = disk.highest(&scid(2)).unwrap().map_or(0, |highest| highest.version);
        assert_eq!(highest, length);
    }
    assert!(acknowledged > 0);
}

fn start(folder: &Path) -> Child {
    let itself = std::env::current_exe().unwrap();
    let name = "store::crash::what_was_acknowledged_survives_kill_9";
    let mut command = Command::new(itself);
    command.args([name, "--exact", "--nocapture"]).env(FOLDER, folder);
    command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap()
}

fn write_until_killed(folder: &Path) {
    let disk = Disk::open(folder, MEMORY).unwrap();
    disk.commit(&[Change::Keep { scid: scid(1), keep: Keep::Own }]).unwrap();
    let mut out = std::io::stdout();
    for length in disk.chain_length(CHAIN).unwrap().. {
        let highest = Highest { version: length + 1, sequence: 0, digest: [0; 32] };
        let batch = [
            Change::Link { chain: CHAIN.to_owned(), length, bytes: text(length) },
            Change::Append { scid: scid(1), length, line: text(length) },
            Change::Event { bytes: text(length) },
            Change::Seen { scid: scid(2), highest },
            Change::Head { scid: scid(3), bytes: text(length) },
        ];
        disk.commit(&batch).unwrap();
        if writeln!(out, "\n{ACK}{}", length + 1).is_err() {
            return;
        }
    }
}

fn text(number: u64) -> Vec<u8> {
    number.to_string().repeat(50).into_bytes()
}

const FOLDER: &str = "COUNTERSIGN_TEST_CRASH_FOLDER";
const ACK: &str = "acknowledged ";
const CHAIN: &str = "crash";
const ROUNDS: usize = 12;
const MEMORY: u64 = 1024 * 1024;
