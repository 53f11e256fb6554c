//! Logs as `countersign id export` gives them: a real node makes the identity, changes it, and exports it
//! after each change. Its keys are random and its clock is the wall's, so they are others at each run.

use super::logs::write_log;
use countersign_node::config::{Config, Role};
use countersign_node::passphrase::Passphrase;
use countersign_node::start::{self, NewNode};
use countersign_node::verb::Verb as _;
use countersign_node::verb::identity::{Deactivate, Export, Key, Move, Recover, Rotate};
use countersign_node::{Node, Problem};
use countersign_protocol::did::log::{History, MAX_CLOCK_SKEW, witness};
use countersign_protocol::time::Timestamp;
use std::time::{Duration, SystemTime};
use std::{fs, io, path::Path};

pub(super) fn write(folder: &Path) -> io::Result<()> {
    let (data, logs) = (folder.join("home"), folder.join("logs"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(live(&data, &logs)).map_err(io::Error::other)?;
    fs::remove_dir_all(data)
}

/// The whole life of one identity.
async fn live(data: &Path, logs: &Path) -> Result<(), Problem> {
    start::found(data, "samples", true)?;
    let words = start::new_words()?;
    let paper = Some(words.clone());
    let new = NewNode { role: Role::Home, words: paper, attests: true, weak_passphrase: true };
    start::create(data, &Config::default(), new, &passphrase()).await?;
    let (node, running) = start::alone(data, Config::default(), Some(&passphrase())).await?;
    export(&node, logs, "exported-created").await;
    for key in [Key::Authentication, Key::Assertion] {
        Rotate { key, stolen: false, passphrase: passphrase() }.perform(&node).await?;
    }
    export(&node, logs, "exported-rotated").await;
    Recover { did: None, words, passphrase: passphrase() }.perform(&node).await?;
    export(&node, logs, "exported-recovered").await;
    let place = "example.com:people:ada".to_owned();
    Move { place, passphrase: passphrase() }.perform(&node).await?;
    export(&node, logs, "exported-moved").await;
    Deactivate { passphrase: passphrase() }.perform(&node).await?;
    let newest = export(&node, logs, "exported-deactivated").await;
    // Judges allow no moment that their clock has not reached.
    let ahead = newest.seconds().saturating_sub(now().seconds());
    tokio::time::sleep(Duration::from_secs(ahead)).await;
    drop(node);
    running.stop().await
}

/// Writes what the node exports, and gives when the newest entry says it was made.
async fn export(node: &Node, logs: &Path, name: &str) -> Timestamp {
    let exported = Export {}.perform(node).await.expect("an export");
    // One entry follows another by a second at least, so the newest may be a few ahead.
    let history =
        History::read(exported.log.as_bytes(), now().plus(MAX_CLOCK_SKEW)).expect("a log");
    assert_eq!(history.did().as_str(), exported.did);
    let file = exported.witness.map(|text| witness::File::parse(text.as_bytes()));
    let file = file.map(|file| file.expect("a witness file"));
    write_log(logs, name, exported.log.as_bytes(), &history, file.as_ref()).expect("a sample");
    history.updated()
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock");
    Timestamp::from_seconds(since.as_secs())
}

fn passphrase() -> Passphrase {
    Passphrase::new("samples keep no secrets")
}
