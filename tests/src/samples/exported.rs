//! Logs as `countersign id export` gives them: a real node makes the identity, changes it, and exports it
//! after each change; one node alone, and one in a network whose witnesses cosign each change. Their keys are
//! random and their clock is the wall's, so they are others at each run.

use super::logs::write_log;
use countersign_node::config::{Config, Role};
use countersign_node::passphrase::{Passphrase, Words};
use countersign_node::ready::Ready;
use countersign_node::start::{self, NewNode, Running};
use countersign_node::verb::Verb as _;
use countersign_node::verb::identity::{Deactivate, Export, Key, Move, Recover, Rotate, Show};
use countersign_node::{Node, Problem};
use countersign_protocol::did::log::{History, MAX_CLOCK_SKEW};
use countersign_protocol::key::did_key;
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::invite::Invite;
use countersign_protocol::wire::network::Parameters;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};
use std::{fs, io};

pub(super) fn write(folder: &Path) -> io::Result<()> {
    let (nodes, logs) = (folder.join("nodes"), folder.join("logs"));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime
        .block_on(async {
            alone(&nodes.join("alone"), &logs).await?;
            witnessed(&nodes, &logs).await
        })
        .map_err(io::Error::other)?;
    fs::remove_dir_all(nodes)
}

/// An identity without witnesses, on a computer that meets nobody.
async fn alone(data: &Path, logs: &Path) -> Result<(), Problem> {
    start::found(data, NETWORK, true)?;
    let words = start::new_words()?;
    create(data, Role::Home, Some(words.clone())).await?;
    let (node, running) = start::alone(data, Config::default(), Some(&passphrase())).await?;
    live(&node, words, logs, "exported").await?;
    drop(node);
    running.stop().await
}

/// An identity of a network of three witnesses, two of whom have to cosign what it changes.
async fn witnessed(nodes: &Path, logs: &Path) -> Result<(), Problem> {
    let data = ["first", "second", "third"].map(|name| nodes.join(name));
    let mut witnesses = Vec::new();
    for data in &data {
        match invitation(&witnesses) {
            Some(invite) => start::join(data, &invite)?,
            None => start::found(data, NETWORK, true)?,
        };
        create(data, Role::Full, None).await?;
        witnesses.push(enter(data, Role::Full).await?);
    }
    let data = nodes.join("home");
    start::join(&data, &invitation(&witnesses).expect("witnesses"))?;
    let words = start::new_words()?;
    create(&data, Role::Home, Some(words.clone())).await?;
    let (node, running, _) = enter(&data, Role::Home).await?;
    live(&node, words, logs, "exported-witnessed").await?;
    drop(node);
    running.stop().await?;
    for (_, running, _) in witnesses {
        running.stop().await?;
    }
    Ok(())
}

async fn create(data: &Path, role: Role, words: Option<Words>) -> Result<(), Problem> {
    let attests = words.is_some();
    let new = NewNode { role, words, attests, weak_passphrase: true };
    start::create(data, &Config::default(), new, &passphrase()).await.map(drop)
}

/// Starts a node as its `run` does; a full one is a witness.
async fn enter(data: &Path, role: Role) -> Result<(Node, Running, Ready), Problem> {
    let mut config = Config { role, ..Config::default() }.on_this_computer();
    config.doors.owner = SocketAddr::from(([127, 0, 0, 1], 0));
    config.network.witness = role == Role::Full;
    let (node, running) = start::online(data, config, &passphrase()).await?;
    let ready = start::serve(&node, &running).await?;
    node.settle(running.stop_token());
    Ok((node, running, ready))
}

/// What whoever comes next joins by: the first witness is asked first, all are offered.
fn invitation(witnesses: &[(Node, Running, Ready)]) -> Option<String> {
    let (.., first) = witnesses.first()?;
    let peers = first.addresses.first().cloned().into_iter().collect();
    let keys = witnesses.iter().filter_map(|(.., ready)| ready.witness.as_deref());
    let keys = keys.map(|key| did_key::parse(key).expect("a witness's key")).collect();
    let parameters = Parameters::testnet(NETWORK.parse().expect("a network's name"));
    Some(Invite::new(parameters, peers, keys).expect("an invitation").to_string())
}

/// The whole life of one identity.
async fn live(node: &Node, words: Words, logs: &Path, name: &str) -> Result<(), Problem> {
    let log = |what: &str| (logs.to_owned(), format!("{name}-{what}"));
    export(node, log("created")).await?;
    for key in [Key::Authentication, Key::Assertion] {
        Rotate { key, stolen: false, passphrase: passphrase() }.perform(node).await?;
    }
    export(node, log("rotated")).await?;
    Recover { did: None, words, passphrase: passphrase() }.perform(node).await?;
    export(node, log("recovered")).await?;
    let place = "example.com:people:ada".to_owned();
    Move { place, passphrase: passphrase() }.perform(node).await?;
    export(node, log("moved")).await?;
    Deactivate { passphrase: passphrase() }.perform(node).await?;
    let newest = export(node, log("deactivated")).await?;
    // Judges allow no moment that their clock has not reached.
    let ahead = newest.seconds().saturating_sub(now().seconds());
    tokio::time::sleep(Duration::from_secs(ahead)).await;
    Ok(())
}

/// Writes what the node exports, and gives when the newest entry says it was made.
async fn export(node: &Node, (logs, name): (PathBuf, String)) -> Result<Timestamp, Problem> {
    let began = Instant::now();
    // At once where there is no witness.
    while !(Show {}).perform(node).await?.stands {
        assert!(began.elapsed() < PATIENCE, "{name}: too few witnesses cosigned it");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let exported = Export {}.perform(node).await?;
    // One entry follows another by a second at least, so the newest may be a few ahead.
    let history =
        History::read(exported.log.as_bytes(), now().plus(MAX_CLOCK_SKEW)).expect("a log");
    assert_eq!(history.did().as_str(), exported.did);
    assert_eq!(exported.witness.is_none(), node.joined()?.witnesses.is_empty(), "{name}");
    let file = exported.witness.as_deref().map(str::as_bytes);
    write_log(&logs, &name, exported.log.as_bytes(), &history, file).expect("a sample");
    Ok(history.updated())
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock");
    Timestamp::from_seconds(since.as_secs())
}

fn passphrase() -> Passphrase {
    Passphrase::new("samples keep no secrets")
}

const NETWORK: &str = "samples";
/// How long witnesses on this very computer may take, though it is busy and a question is lost: what gossip did
/// not bring, a node asks for once a minute.
const PATIENCE: Duration = Duration::from_secs(180);
