//! Secrets and what is personal are written through the real programs, and looked for where they do not
//! belong: logs at the noisiest level, answers to the wrong scope, arguments, environments, panics, data
//! folders, temporary files.
//!
//! What is looked for is never asked of the thing that might leak it: the test chose it, the SIMULATED
//! provider gave it, or it was read out of the vault when all was over.

mod disk;
mod doors;
mod people;
mod phone;
mod search;
mod story;
mod watch;

use crate::world::{holds, play_then};
use countersign_testnet::Failure;
use people::{Chosen, Found};
use search::{Canary, Haystack, Searcher};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;

#[tokio::test(flavor = "multi_thread")]
async fn no_secret_and_nothing_personal_is_found_where_it_does_not_belong() {
    let chosen = Chosen::new();
    let manners = chosen.manners();
    play_then(
        "canary",
        manners,
        async |cluster| story::told(cluster, &chosen).await,
        |found, folder| judged(&chosen, found, folder),
    )
    .await;
}

/// Searches everything for everything.
fn judged(chosen: &Chosen, found: Found, folder: &Path) -> Result<(), Failure> {
    let Found { mut canaries, mut haystacks, members } = found;
    for data in &members {
        canaries.extend(disk::vault(data, &chosen.passphrase)?);
    }
    haystacks.extend(disk::files(folder, "provider/")?);
    the_searcher_sees(&haystacks)?;
    let searcher = Searcher::new(&canaries);
    let mut leaks: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for haystack in &haystacks {
        let found = searcher.search(haystack);
        if !found.is_empty() {
            leaks.entry(&haystack.place).or_default().extend(found);
        }
    }
    let bytes: usize = haystacks.iter().map(|haystack| haystack.bytes.len()).sum();
    let (all, places) = (canaries.len(), haystacks.len());
    let what = format!("{all} secrets in {places} places of {bytes} bytes: {} found", leaks.len());
    let _said = writeln!(std::io::stderr().lock(), "{what}").is_ok();
    holds("the number of secrets", all > ENOUGH, all)?;
    holds("leaks", leaks.is_empty(), leaks)
}

/// The positive control: what is known to be in each kind of place is found there by the same search, and
/// what was left on purpose where temporary files lie is found too.
fn the_searcher_sees(haystacks: &[Haystack]) -> Result<(), Failure> {
    for (kind, known) in [
        ("/log", "Z TRACE "),
        ("/log", "/quic-v1/p2p/"),
        ("cmdline", "network.loopback=true"),
        ("environ", "COUNTERSIGN_PASSPHRASE_FILE="),
        ("answer of /v1/contacts to check", "this door is locked"),
        ("answer of /v1/contacts to nobody", "this door is locked"),
        ("answer of /v1/events to watch", "\"event\":"),
        ("answer of /metrics to metrics", "countersign_peers"),
        ("store/durable.redb", "PaymentAccountVerified"),
        ("anna.backup", "countersign"),
        ("said by a command", "because: "),
        (people::PLANTED, people::CONTROL),
    ] {
        let canaries = [Canary::new("a control", known)];
        let searcher = Searcher::new(&canaries);
        let seen = haystacks
            .iter()
            .filter(|haystack| haystack.place.ends_with(kind))
            .any(|haystack| !searcher.search(haystack).is_empty());
        holds("the search sees what is there", seen, (kind, known))?;
    }
    Ok(())
}

/// Fewer would mean that vaults were not opened, or nobody signed in.
const ENOUGH: usize = 60;
