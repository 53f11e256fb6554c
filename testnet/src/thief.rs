//! Somebody who once had a copy of a victim's disk and knows the passphrase.
//!
//! A thief does not run an honest node: it takes the key that could have signed the victim's next
//! entry, signs a sibling of the entry she made, and sends it to the witnesses itself.

use crate::Failure;
use countersign_node::network::Network;
use countersign_node::network::config::{Config, Role};
use countersign_node::network::incoming::Incoming;
use countersign_node::network::peer::Address;
use countersign_node::store::disk::Disk;
use countersign_node::store::{Keep, Store};
use countersign_node::vault::passphrase::Passphrase;
use countersign_node::vault::{Vault, new_key};
use countersign_protocol::did::log::History;
use countersign_protocol::did::log::draft::{self, Change, Keys, Signing};
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire::exchange::Request;
use countersign_protocol::wire::exchange::deposit::Cosign;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// Signs a sibling of the victim's newest entry with what was stolen in the data folder `data`, and
/// gives the forged log.
///
/// # Errors
///
/// Returns [`Failure::Page`] if the loot does not open.
pub fn forge(data: &Path, passphrase: &str) -> Result<Vec<u8>, Failure> {
    let store: Arc<dyn Store> =
        Arc::new(Disk::open(&data.join("store"), 1024 * 1024).map_err(|error| bad(&error))?);
    let passphrase = Passphrase::new(passphrase).map_err(|error| bad(&error))?;
    let vault = Vault::open(Arc::clone(&store), &passphrase).map_err(|error| bad(&error))?;
    let kept = store.all_kept().map_err(|error| bad(&error))?;
    let own = kept.into_iter().find(|(_, keep)| *keep == Keep::Own);
    let (scid, _) = own.ok_or_else(|| bad(&"no identity in the loot"))?;
    let lines = store.log(&scid).map_err(|error| bad(&error))?.unwrap_or_default();
    let mut log = lines.join(&b'\n');
    log.push(b'\n');
    let history = History::read(&log, now()).map_err(|error| bad(&error))?;
    let signing = vault.signing(&passphrase).map_err(|error| bad(&error))?;
    let update = signing.update_key(&scid).map_err(|error| bad(&error))?;
    let update = update.ok_or_else(|| bad(&"no update key in the loot"))?;
    let mine = new_key().map_err(|error| bad(&error))?;
    let keys = Keys { authentication: vec![mine.public()], ..Keys::of(history.document()) };
    let change = Change { keys: Some(keys), ..Change::default() };
    let signing = Signing { key: &update, next: &mine.public(), recovery: &mine.public() };
    let draft = draft::change(&history, &change, signing, now()).map_err(|error| bad(&error))?;
    log.extend_from_slice(draft.entry.as_bytes());
    log.push(b'\n');
    Ok(log)
}

/// Asks the nodes at `addresses` to cosign the forged log; gives how many answered.
///
/// # Errors
///
/// Returns [`Failure::Late`] if nobody answers in time.
pub async fn send(network: &str, addresses: &[String], log: &[u8]) -> Result<usize, Failure> {
    let mut config = Config::new(network);
    config.role = Role::Home;
    config.loopback = true;
    let mut network = Network::start(config).map_err(|error| bad(&error))?;
    let addresses: Vec<Address> =
        addresses.iter().filter_map(|address| address.parse().ok()).collect();
    for address in &addresses {
        network.dial(address);
    }
    let request = Request::Cosign(Cosign { log: log.to_vec(), witness: None }).to_bytes();
    let asked: Vec<_> = addresses.iter().filter_map(Address::peer).collect();
    let mut answered = 0_usize;
    let all = async {
        while answered < asked.len() {
            match network.next().await {
                Incoming::Connected { peer, .. } if asked.contains(&peer) => {
                    network.request(0, peer, request.clone());
                }
                Incoming::Response { .. } => answered = answered.saturating_add(1),
                _ => {}
            }
        }
    };
    let ended = tokio::time::timeout(PATIENCE, all).await;
    if ended.is_err() && answered == 0 {
        let seconds = PATIENCE.as_secs();
        return Err(Failure::Late { what: "an answer to the thief".to_owned(), seconds });
    }
    Ok(answered)
}

fn bad(cause: &dyn std::fmt::Display) -> Failure {
    Failure::Page { url: "the thief's loot".to_owned(), found: cause.to_string() }
}

fn now() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_seconds(since.as_secs())
}

/// Nodes on this computer answer at once.
const PATIENCE: Duration = Duration::from_secs(10);
