//! A whole node: the engine, its driver, a store in memory, and the real network stack under them.

use crate::person::Person;
use crate::world::{Host, Id, World};
use countersign_node::config::Role;
use countersign_node::driver::{self, Driver, Ends, Waiting};
use countersign_node::joined::Joined;
use countersign_node::network::peer::{Address, Peer};
use countersign_node::settings::{self, Keys};
use countersign_node::store::memory::Memory;
use countersign_node::store::{Change, Keep, Store as _};
use countersign_node::{Ask, Config};
use countersign_protocol::did::Scid;
use countersign_protocol::engine::Engine;
use countersign_protocol::engine::command::{Command, Cosigning, Found, Freshness, Outcome};
use countersign_protocol::key::{PublicKey, SecretKey};
use countersign_protocol::time::Timestamp;
use countersign_protocol::wire;
use countersign_protocol::wire::network::Parameters;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

/// A handle on a node; what it keeps outlives its process.
pub struct Node {
    host: Host,
    computer: Computer,
    asks: mpsc::Sender<Ask>,
}

/// What is there whether the node runs or not.
#[derive(Clone)]
struct Computer {
    config: Config,
    joined: Joined,
    keys: Keys,
    seed: u64,
    store: Arc<Memory>,
}

/// Gives what all nodes of a simulated network have alike.
#[must_use]
pub fn parameters() -> Parameters {
    Parameters::testnet("simulated".parse().expect("the id of a network"))
}

impl Node {
    /// Adds a node that dials `first_peers`. It is a keeper unless `set` makes it another.
    pub fn add(world: &mut World, first_peers: &[&Self], set: impl FnOnce(&mut Config)) -> Self {
        let first_peers: Vec<Address> = first_peers.iter().map(|peer| peer.address()).collect();
        Self::add_at(world, &first_peers, set)
    }

    /// Adds a node that dials these addresses, whoever is there.
    ///
    /// # Panics
    ///
    /// Panics if the world is over.
    pub fn add_at(
        world: &mut World,
        first_peers: &[Address],
        set: impl FnOnce(&mut Config),
    ) -> Self {
        let mut config = Config { role: Role::Full, ..Config::default() };
        set(&mut config);
        let mut joined = Joined::founded(parameters());
        joined.peers.extend(first_peers.iter().map(Address::to_string));
        let witness = config.network.witness.then(|| random_key(world));
        let mut computer = Computer {
            config,
            joined,
            keys: Keys { node: random_key(world), witness },
            seed: world.dice().roll(),
            store: Arc::new(Memory::new()),
        };
        let (asks, asked) = mpsc::channel(ASKS);
        let mut host = None;
        let _id = world.add(|here| {
            let address = here.address().to_string();
            host = Some(here.clone());
            computer.config.network.listen = vec![address.clone()];
            // Where it is reached, everybody knows: a keeper serves the DHT from the start.
            computer.config.network.external = vec![address];
            run(here, computer.clone(), asked)
        });
        Self { host: host.expect("a host"), computer, asks }
    }

    /// Ends it in the middle of whatever it does.
    pub fn kill(&self, world: &mut World) {
        world.kill(self.id());
    }

    /// Starts it once more with what its store kept.
    pub fn start(&mut self, world: &mut World) {
        let (asks, asked) = mpsc::channel(ASKS);
        self.asks = asks;
        self.computer.seed = world.dice().roll();
        let computer = self.computer.clone();
        world.start(self.id(), |host| run(host, computer, asked));
    }

    /// Gives its name in the world.
    #[must_use]
    pub const fn id(&self) -> Id {
        self.host.id()
    }

    /// Gives where it listens, and who that is.
    ///
    /// # Panics
    ///
    /// Panics if its key is none.
    #[must_use]
    pub fn address(&self) -> Address {
        named(&self.host.address(), &self.computer.keys.node)
    }

    /// Gives who it is among its peers.
    #[must_use]
    pub fn peer(&self) -> wire::peer::Peer {
        wire::peer::Peer::of(&self.computer.keys.node.public())
    }

    /// Tells what its clock on the wall shows.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.host.now()
    }

    /// Gives the key it cosigns with, if it is a witness.
    #[must_use]
    pub fn witness(&self) -> Option<PublicKey> {
        self.computer.keys.witness.as_ref().map(SecretKey::public)
    }

    /// Gives it a command and waits for what comes of it.
    ///
    /// # Panics
    ///
    /// Panics if there is no answer in a minute.
    pub async fn ask(&self, command: Command) -> Outcome {
        let asked = format!("{command:?}");
        let (answer, outcome) = oneshot::channel();
        let told = self.asks.send(Ask { command, answer }).await;
        told.unwrap_or_else(|_| panic!("nobody is there who could be asked: {asked}"));
        let outcome = timeout(PATIENCE, outcome).await;
        let outcome = outcome.unwrap_or_else(|_| panic!("no answer in time: {asked}"));
        outcome.unwrap_or_else(|_| panic!("it ended before it answered: {asked}"))
    }

    /// Publishes the next head of somebody who lives here.
    ///
    /// # Panics
    ///
    /// Panics if the node refuses.
    pub async fn publish(&self, person: &mut Person) {
        let outcome = self.ask(self.publication(person)).await;
        assert!(matches!(outcome, Outcome::Published { .. }), "{outcome:?}");
    }

    /// Makes the command that publishes the next head of somebody who lives here.
    #[must_use]
    pub fn publication(&self, person: &mut Person) -> Command {
        let keep = Change::Keep { scid: person.scid(), keep: Keep::Own };
        self.computer.store.commit(&[keep]).expect("memory");
        Command::Publish(Box::new(person.publication()))
    }

    /// Has `witnesses` cosign the newest entry of somebody, who keeps what they signed.
    pub async fn cosign(&self, person: &mut Person, witnesses: &[PublicKey]) -> Cosigning {
        let (log, file) = (person.log().to_vec(), person.witnesses());
        let witnesses = witnesses.iter().copied().collect();
        let Outcome::Cosigned(cosigning) = self.ask(Command::Cosign { log, file, witnesses }).await
        else {
            panic!("no answer to a wish for cosigning");
        };
        person.cosigned(&cosigning);
        cosigning
    }

    /// Finds an identity, here or in the network.
    pub async fn find(&self, scid: Scid, freshness: Freshness) -> Option<Found> {
        match self.ask(Command::Find { scid, freshness }).await {
            Outcome::Found(found) => Some(*found),
            Outcome::NotFound { .. } => None,
            other => panic!("no answer to a look-up: {other:?}"),
        }
    }

    /// Tells how far the newest head is that lies in its store: the entry and the sequence.
    #[must_use]
    pub fn holds(&self, scid: &Scid) -> Option<(u64, u64)> {
        let head = self.computer.store.head(scid).expect("memory");
        let highest = self.computer.store.highest(scid).expect("memory");
        highest.filter(|_| head.is_some()).map(|seen| (seen.version, seen.sequence))
    }

    /// Counts the fork proofs about an identity that lie in its store.
    #[must_use]
    pub fn fork_proofs(&self, scid: &Scid) -> usize {
        self.computer.store.forks(scid).expect("memory").len()
    }

    /// Counts the heads that lie in its store.
    #[must_use]
    pub fn heads(&self) -> usize {
        self.computer.store.heads().expect("memory").len()
    }
}

async fn run(host: Host, computer: Computer, commands: mpsc::Receiver<Ask>) {
    let Computer { config, joined, keys, seed, store } = computer;
    let settings = settings::network(&config, &joined, keys.node.clone());
    let network = host.network(settings.expect("addresses")).expect("the network starts");
    let kept = store.all_kept().expect("memory").into_iter();
    let own: BTreeSet<Scid> =
        kept.filter(|(_, keep)| *keep == Keep::Own).map(|(scid, _)| scid).collect();
    let snapshot = driver::snapshot(&*store).expect("memory");
    let told = settings::engine(&config, joined.parameters, keys, own);
    let engine = Engine::new(told, snapshot, seed);
    let ends = Ends {
        network: Some(network),
        store,
        waiting: Waiting::InPlace,
        commands,
        events: watch::Sender::new(0),
        clock: Arc::new(move || host.now()),
    };
    let stop = CancellationToken::new();
    let (driver, _link) = Driver::new(engine, ends, stop.clone());
    driver.run(stop).await.expect("memory keeps everything");
}

/// Names the node with this key as the one at this address.
pub(crate) fn named(address: &Address, key: &SecretKey) -> Address {
    address.of(Peer::from_key(key.public().as_bytes()).expect("the key of a node"))
}

fn random_key(world: &mut World) -> SecretKey {
    let mut seed = [0; 32];
    world.dice().fill(&mut seed);
    SecretKey::from_seed(seed)
}

/// Commands that wait: as many as in a real node.
const ASKS: usize = 256;
/// Longer than anything a node waits for.
const PATIENCE: Duration = Duration::from_secs(60);
