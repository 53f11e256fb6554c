//! Heads, from the bytes a peer sent to what a crash leaves.

use super::BenchError;
use super::claim::raw_verification;
use super::fixture::{self, Person};
use super::report::micros;
use super::row::Measured;
use super::timing::{Effort, Work, alone, median, rate, spent};
use countersign_node::store::{Change, Highest, Store as _, disk::Disk};
use countersign_protocol::did::Scid;
use countersign_protocol::encoding::multihash::sha256;
use countersign_protocol::wire::head::{Head, Signed, Stamp};
use countersign_protocol::wire::network::Parameters;
use countersign_protocol::wire::topic::Shards;
use std::time::{Duration, Instant};

pub(super) fn heads(effort: Effort) -> Result<Measured, BenchError> {
    let parameters = Parameters::new("bench".parse()?, Shards::FOUR, DIFFICULTY, 900, 300)?;
    let person = Person::new("ada", 30)?;
    let heads: Vec<Vec<u8>> =
        (0..HEADS).map(|number| sealed(number, &person, &parameters)).collect::<Result<_, _>>()?;
    let raw = alone(effort, Work { things: 1, run: raw_verification() });
    let (mut costs, mut cores) = (Vec::new(), Vec::new());
    for _ in 0..effort.rounds.clamp(1, RUNS) {
        // Each run begins with an empty folder: the second time nothing would be new.
        let folder = tempfile::tempdir()?;
        let store = Disk::open(folder.path(), CACHE)?;
        let (start, core) = (Instant::now(), spent());
        for group in heads.chunks(GROUP) {
            ingest(&store, group, &parameters)?;
        }
        costs.push(start.elapsed().as_secs_f64() / f64::from(HEADS));
        cores.push((spent() - core) / f64::from(HEADS));
    }
    let [usual, core] = [&mut costs, &mut cores].map(|all| Duration::from_secs_f64(median(all)));
    // Whatever else uses the disk can only make it slower, and by as much as it likes.
    let cost = costs.iter().copied().fold(f64::INFINITY, f64::min);
    let cost = Duration::from_secs_f64(cost);
    let detail = format!(
        "{HEADS} heads in groups of {GROUP}, the disk waited for: {} a head in the fastest of {} runs, {} in the \
         median; {} of it on a processor, of which one raw verification is {}",
        micros(cost),
        costs.len(),
        micros(usual),
        micros(core),
        micros(raw)
    );
    Ok(Measured::new(rate(cost), detail))
}

/// Verifies a group of heads and makes it durable in one commit.
fn ingest(store: &Disk, group: &[Vec<u8>], parameters: &Parameters) -> Result<(), BenchError> {
    let mut changes = Vec::with_capacity(group.len().saturating_mul(2));
    for bytes in group {
        let signed = Signed::open(bytes, parameters)?;
        let head = signed.head();
        let (version, sequence) = (head.version, head.sequence);
        let highest = Highest { version, sequence, digest: *signed.hash().as_bytes() };
        changes.push(Change::Head { scid: head.scid, bytes: bytes.clone() });
        changes.push(Change::Seen { scid: head.scid, highest });
    }
    Ok(store.commit(&changes)?)
}

fn sealed(number: u32, person: &Person, parameters: &Parameters) -> Result<Vec<u8>, BenchError> {
    let scid = Scid::from_digest(sha256(&number.to_be_bytes()));
    let stamp = Stamp::mine(&scid, parameters.id(), DIFFICULTY, 0, u64::from(u32::MAX));
    let version = person.history.version_id();
    // Every head has a key of its own, as a stranger's has.
    let key = fixture::key("stranger", "hot", u64::from(number));
    let head = Head {
        scid,
        version: version.number,
        version_digest: version.digest,
        log_length: 1_500,
        showcase: None,
        sequence: 1,
        stamp: stamp.ok_or(BenchError::Wrong { what: "a stamp" })?,
        key: key.public(),
    };
    Ok(head.seal(parameters.id(), &key))
}

/// Verifying costs the same at every difficulty, and making a head does not.
const DIFFICULTY: u8 = 4;
const HEADS: u32 = 8_192;
const GROUP: usize = 512;
const RUNS: usize = 5;
const CACHE: u64 = 64 << 20;
