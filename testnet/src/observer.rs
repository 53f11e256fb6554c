//! Somebody who only listens: a node that notes which peer was the first to bring it which head, and which
//! was the first to ask it about whom.
//!
//! It takes part as any node may: it joins every topic, passes on what it hears, and keeps nothing for
//! anybody, so nobody deposits with it. What it learns is what an observer of the network can learn from
//! the order in which heads arrive.

use crate::Failure;
use countersign_node::network::Network;
use countersign_node::network::config::{Config, Dht};
use countersign_node::network::incoming::Incoming;
use countersign_node::network::peer::Address;
use countersign_protocol::did::Scid;
use countersign_protocol::verdict::Verdict;
use countersign_protocol::wire::exchange::{Request, Response};
use countersign_protocol::wire::head::Head;
use countersign_protocol::wire::network::Parameters;
use countersign_protocol::wire::topic::Topic;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// A node that listens.
#[derive(Debug)]
pub struct Observer {
    notes: watch::Receiver<Notes>,
    task: JoinHandle<()>,
}

/// What it heard.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// Who is connected.
    pub connected: BTreeSet<String>,
    /// Which peer was the first to bring which version of whom.
    pub first: BTreeMap<(Scid, u64), String>,
    /// Which peer was the first to name whom in a question.
    pub asked: BTreeMap<Scid, String>,
}

impl Observer {
    /// Enters the network with `parameters` and connects to the nodes at `addresses`, and to no others.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if it cannot start, or does not reach all of them.
    pub async fn among(parameters: &Parameters, addresses: &[String]) -> Result<Self, Failure> {
        let topics: Vec<String> = Topic::all(parameters.id(), parameters.shards())
            .map(|topic| topic.to_string())
            .collect();
        let mut config = Config::new(parameters.id().as_str());
        config.topics.joined.clone_from(&topics);
        config.topics.all = topics;
        config.loopback = true;
        config.dht = Dht::Client;
        let bad = |error: &dyn std::fmt::Display| Failure::Page {
            url: "the observer".to_owned(),
            found: error.to_string(),
        };
        let mut network = Network::start(config).map_err(|error| bad(&error))?;
        for address in addresses {
            let address: Address = address.parse().map_err(|error| bad(&error))?;
            network.dial(&address);
        }
        let (notes, heard) = watch::channel(Notes::default());
        let task = tokio::spawn(listen(network, notes));
        let mut observer = Self { notes: heard, task };
        let all = addresses.len();
        observer.until(|notes| notes.connected.len() >= all).await?;
        Ok(observer)
    }

    /// Waits until what it noted is as `wanted`, and gives it.
    ///
    /// # Errors
    ///
    /// Returns [`Failure::Late`] if that takes too long.
    pub async fn until(&mut self, wanted: impl Fn(&Notes) -> bool) -> Result<Notes, Failure> {
        let waited = tokio::time::timeout(PATIENCE, self.notes.wait_for(wanted)).await;
        match waited {
            Ok(Ok(notes)) => Ok(notes.clone()),
            Ok(Err(_)) | Err(_) => {
                let what = "what the observer waits for".to_owned();
                Err(Failure::Late { what, seconds: PATIENCE.as_secs() })
            }
        }
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn listen(mut network: Network, notes: watch::Sender<Notes>) {
    loop {
        match network.next().await {
            Incoming::Connected { peer, .. } => {
                notes.send_modify(|notes| {
                    let _new = notes.connected.insert(peer.to_string());
                });
            }
            Incoming::Disconnected { peer } => {
                notes.send_modify(|notes| {
                    let _known = notes.connected.remove(&peer.to_string());
                });
            }
            Incoming::Gossip { token, peer, bytes, .. } => {
                network.judge(token, Verdict::Accept);
                let Ok(head) = Head::parse(&bytes) else { continue };
                let (scid, version) = (head.unverified().scid, head.unverified().version);
                notes.send_modify(|notes| {
                    notes.first.entry((scid, version)).or_insert_with(|| peer.to_string());
                });
            }
            // It keeps nothing, and says so in the words of an older program.
            Incoming::Request { token, peer, bytes } => {
                let named = Request::parse(&bytes).map(|asked| named(&asked)).unwrap_or_default();
                notes.send_modify(|notes| {
                    for scid in named {
                        notes.asked.entry(scid).or_insert_with(|| peer.to_string());
                    }
                });
                network.respond(token, Response::Unsupported.to_bytes());
            }
            _ => {}
        }
    }
}

/// Gives whom a question names.
fn named(asked: &Request) -> Vec<Scid> {
    match asked {
        Request::Log(log) => vec![log.scid],
        Request::Fresh(scids) => scids.clone(),
        Request::Heads(heads) => heads.scids.clone(),
        _ => Vec::new(),
    }
}

/// Longer than anything takes, on a busy machine too.
const PATIENCE: Duration = Duration::from_secs(60);
