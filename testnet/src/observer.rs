//! Somebody who only listens: a node that notes which peer was the first to bring it which head, and which
//! was the first to ask it about whom.
//!
//! It takes part as any node may: it joins every topic, passes on what it hears, and keeps nothing for
//! anybody, so nobody deposits with it. What it learns is what an observer of the network can learn from
//! the order in which heads arrive. More than a stranger it is told where everybody is, homes too, which say so to
//! nobody, and connects to them.

use crate::Failure;
use crate::cluster::Cluster;
use countersign_node::network::Network;
use countersign_node::network::config::{Config, Dht};
use countersign_node::network::incoming::Incoming;
use countersign_node::network::peer::Address;
use countersign_protocol::did::Scid;
use countersign_protocol::verdict::Verdict;
use countersign_protocol::wire::exchange::{Request, Response};
use countersign_protocol::wire::head::Head;
use countersign_protocol::wire::invite::Invite;
use countersign_protocol::wire::network::Parameters;
use countersign_protocol::wire::topic::Topic;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// A node that listens.
#[derive(Debug)]
pub struct Observer {
    notes: watch::Receiver<Notes>,
    told: mpsc::Sender<(String, Address)>,
    task: JoinHandle<()>,
}

/// What it heard.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// Who is connected.
    pub connected: BTreeSet<String>,
    /// Whose peers it was told of, by their names; what it guesses, it guesses without them.
    pub names: BTreeMap<String, String>,
    /// Which head of whom came how, by its version and its sequence.
    pub heads: BTreeMap<(Scid, u64, u64), Came>,
    /// Which peer was the first to name whom in a question.
    pub asked: BTreeMap<Scid, String>,
}

/// How a head came to it.
#[derive(Debug, Clone)]
pub struct Came {
    /// Which peer was the first to bring it.
    pub first: String,
    /// Who was connected then: any of them could have been the first.
    pub among: BTreeSet<String>,
}

impl Notes {
    /// Gives which peer was the first to bring which version of whom.
    #[must_use]
    pub fn first(&self, scid: Scid, version: u64) -> Option<&str> {
        let mut heads = self.heads.range((scid, version, 0)..=(scid, version, u64::MAX));
        heads.next().map(|(_, came)| came.first.as_str())
    }
}

impl Observer {
    /// Enters the network with `parameters` and connects to the nodes at `addresses`, and to no others.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if it cannot start, or does not reach all of them.
    pub async fn among(parameters: &Parameters, addresses: &[String]) -> Result<Self, Failure> {
        let mut observer = Self::begin(listening(parameters))?;
        for address in addresses {
            observer.meet("", address).await?;
        }
        let all = addresses.len();
        observer.until(|notes| notes.connected.len() >= all).await?;
        Ok(observer)
    }

    /// Enters the network as any stranger with `invite` may, and lets itself be found there.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if it cannot start, or does not reach those the invitation names.
    pub async fn invited(invite: &str) -> Result<Self, Failure> {
        let invite: Invite = invite.parse().map_err(|error| bad(&error))?;
        let address = |text: &String| text.parse::<Address>().map_err(|error| bad(&error));
        let mut config = listening(invite.parameters());
        config.first_peers = invite.peers().iter().map(address).collect::<Result<_, _>>()?;
        config.listen = vec![ANYWHERE.parse().map_err(|error| bad(&error))?];
        config.dht = Dht::Server;
        let all = config.first_peers.len();
        let mut observer = Self::begin(config)?;
        observer.until(|notes| notes.connected.len() >= all).await?;
        Ok(observer)
    }

    fn begin(config: Config) -> Result<Self, Failure> {
        let network = Network::start(config).map_err(|error| bad(&error))?;
        let (notes, heard) = watch::channel(Notes::default());
        let (told, whom) = mpsc::channel(MOST_TOLD);
        let task = tokio::spawn(listen(network, whom, notes));
        Ok(Self { notes: heard, told, task })
    }

    /// Tells it where somebody called `name` is: it connects there.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if that is no address, or it listens no more.
    pub async fn meet(&self, name: &str, address: &str) -> Result<(), Failure> {
        let address = address.parse().map_err(|error| bad(&error))?;
        self.told.send((name.to_owned(), address)).await.map_err(|error| bad(&error))
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

impl Cluster {
    /// Lets somebody in who only listens, and tells them where everybody is, from now on newcomers too.
    ///
    /// # Errors
    ///
    /// Returns [`Failure`] if they do not get in.
    pub async fn let_listen(&mut self) -> Result<(), Failure> {
        let observer = Observer::invited(self.invite()).await?;
        for member in self.members() {
            if let Some(address) = member.ready.addresses.first() {
                observer.meet(&member.name, address).await?;
            }
        }
        self.observer = Some(observer);
        Ok(())
    }

    /// Gives whoever only listens, if somebody does.
    pub const fn observer(&mut self) -> Option<&mut Observer> {
        self.observer.as_mut()
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Says how somebody takes part who listens to everything and keeps nothing.
fn listening(parameters: &Parameters) -> Config {
    let topics: Vec<String> =
        Topic::all(parameters.id(), parameters.shards()).map(|topic| topic.to_string()).collect();
    let mut config = Config::new(parameters.id().as_str());
    config.topics.joined.clone_from(&topics);
    config.topics.all = topics;
    config.loopback = true;
    config.dht = Dht::Client;
    config
}

fn bad(error: &dyn std::fmt::Display) -> Failure {
    Failure::Page { url: "the observer".to_owned(), found: error.to_string() }
}

async fn listen(
    mut network: Network,
    mut whom: mpsc::Receiver<(String, Address)>,
    notes: watch::Sender<Notes>,
) {
    loop {
        let happened = tokio::select! {
            Some((name, address)) = whom.recv() => {
                network.dial(&address);
                if let Some(peer) = address.peer() {
                    notes.send_modify(|notes| {
                        let _known = notes.names.insert(peer.to_string(), name);
                    });
                }
                continue;
            }
            happened = network.next() => happened,
        };
        match happened {
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
                let Head { scid, version, sequence, .. } = *head.unverified();
                notes.send_modify(|notes| {
                    let (first, among) = (peer.to_string(), &notes.connected);
                    let came = || Came { first, among: among.clone() };
                    notes.heads.entry((scid, version, sequence)).or_insert_with(came);
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
const PATIENCE: Duration = Duration::from_secs(180);

/// Those that are told of at one time, before it has connected to them.
const MOST_TOLD: usize = 64;

/// A port the system chooses.
const ANYWHERE: &str = "/ip4/127.0.0.1/tcp/0";
