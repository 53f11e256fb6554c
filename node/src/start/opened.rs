//! How a node that was made comes up: its folder, its keys, its engine, its network.

use super::running::Running;
use super::{ROOM, STORE, check_made, clock, time, weak};
use crate::config::{Caps, Config, Role};
use crate::devices::Devices;
use crate::driver::{self, Driver, Ends, Waiting};
use crate::joined::Joined;
use crate::network::Network;
use crate::network::config::StartError;
use crate::node::{Ask, Inner, Node, not_joined};
use crate::passphrase::Passphrase;
use crate::problem::{Kind, Problem};
use crate::settings::{self, Keys};
use crate::store::disk::Disk;
use crate::store::{Keep, Store, StoreError};
use crate::vault::{Kind as Secret, Vault};
use crate::vendor::{Lying, still_open};
use countersign_protocol::engine::Engine;
use countersign_protocol::engine::config::Config as Engines;
use countersign_protocol::key::SecretKey;
use countersign_protocol::wire::network::Parameters;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, watch};

/// Opens the node in `data` without entering the network: for a command when no node runs.
///
/// # Errors
///
/// Returns a problem if there is no node, it runs elsewhere, or the passphrase is wrong.
pub async fn alone(
    data: &Path,
    config: Config,
    passphrase: Option<&Passphrase>,
) -> Result<(Node, Running), Problem> {
    let opened = Opened::open(data, config, passphrase).await?;
    opened.run(None)
}

/// Opens the node in `data` and enters its network.
///
/// # Errors
///
/// Returns a problem if there is no node, it runs already, it joined no network, or the passphrase
/// is wrong.
pub async fn online(
    data: &Path,
    config: Config,
    passphrase: &Passphrase,
) -> Result<(Node, Running), Problem> {
    let began = Instant::now();
    let opened = loop {
        match Opened::open(data, config.clone(), Some(passphrase)).await {
            // A command that looks something up has the folder for a moment.
            Err(problem) if problem.is(Kind::Busy) && began.elapsed() < OTHERS => {
                tokio::time::sleep(BETWEEN).await;
            }
            opened => break opened?,
        }
    };
    let joined = opened.joined.as_ref().ok_or_else(not_joined)?;
    weak::check_entering(opened.vault.as_deref(), joined)?;
    let network = opened.enter(joined)?;
    let (node, running) = opened.run(Some(network))?;
    node.follow_again().await?;
    Ok((node, running))
}

/// A node whose folder is open and that does nothing yet.
pub(super) struct Opened {
    data: PathBuf,
    config: Config,
    joined: Option<Joined>,
    store: Arc<Disk>,
    vault: Option<Arc<Vault>>,
    witness: Option<SecretKey>,
    pub(super) node_key: SecretKey,
}

impl Opened {
    pub(super) async fn open(
        data: &Path,
        config: Config,
        passphrase: Option<&Passphrase>,
    ) -> Result<Self, Problem> {
        check_made(data)?;
        time::check_counted()?;
        let folder = data.join(STORE);
        let joined = Joined::read(data)?;
        let config = match &joined {
            Some(joined) if joined.is_on_this_computer() => config.on_this_computer(),
            Some(_) | None => config,
        };
        let (limit, passphrase) = (config.limits.cache, passphrase.cloned());
        let work = move || -> Result<_, Problem> {
            let store = Arc::new(Disk::open(&folder, limit).map_err(|error| cannot_open(&error))?);
            let vault = match passphrase {
                None => None,
                Some(passphrase) => {
                    Some(unlock(Arc::clone(&store) as Arc<dyn Store>, &passphrase)?)
                }
            };
            Ok((store, vault))
        };
        let opened = tokio::task::spawn_blocking(work).await;
        let (store, vault) = opened.map_err(|_| crate::node::stopping())??;
        // A home has another name at each start, so that nobody can follow it.
        let node_key = SecretKey::from_seed(rand::random());
        let (data, witness) = (data.to_owned(), None);
        let mut opened = Self { data, config, joined, store, vault, witness, node_key };
        if opened.config.role == Role::Full && opened.vault.is_some() {
            opened.node_key = opened.key(Secret::NodeKey)?;
        }
        if opened.config.network.witness {
            opened.witness = Some(opened.key(Secret::WitnessKey)?);
        }
        Ok(opened)
    }

    /// Enters the network: listens, and dials the first peers.
    fn enter(&self, joined: &Joined) -> Result<Network, Problem> {
        let failed = |what: &str, error: &dyn core::fmt::Display| {
            Problem::new(Kind::Invalid, format!("the node cannot enter the network: {what}"))
                .because(error.to_string())
        };
        let taken = |error: &StartError| {
            match error.is_taken() {
            true => Problem::new(Kind::Conflict, "the node cannot enter the network")
                .because(error)
                .hint(
                    "another program, perhaps another node of yours, listens there: end it, or choose \
                     another port with --set network.listen=…",
                ),
            false => failed("it did not start", error),
        }
        };
        let key = self.node_key.clone();
        let settings = settings::network(&self.config, joined, key)
            .map_err(|error| failed(&error.address, &error))?;
        Network::start(settings).map_err(|error| taken(&error))
    }

    fn key(&self, kind: Secret) -> Result<SecretKey, Problem> {
        let locked = || Problem::new(Kind::Locked, "the keys of this node are locked");
        let vault = self.vault.as_ref().ok_or_else(locked)?;
        vault.key(kind, NODE)?.ok_or_else(locked)
    }

    /// Puts an engine between the disk and the network, and starts it.
    fn run(self, network: Option<Network>) -> Result<(Node, Running), Problem> {
        let running = Running::new();
        let (stop, tasks) = (running.stop.clone(), running.tasks.clone());
        let (commands, asks) = mpsc::channel::<Ask>(COMMANDS);
        let newest = self.store.newest_event()?;
        let challenges = still_open(&*self.store, clock())?;
        let desk = Lying::on_disk(&*self.store)?;
        let (events, _) = watch::channel(newest);
        let online = network.is_some();
        let blocked = network.as_ref().map(Network::block_list);
        let engine = self.engine()?;
        let ends = Ends {
            network,
            store: Arc::clone(&self.store),
            waiting: Waiting::Aside,
            commands: asks,
            events: events.clone(),
            clock: Arc::new(clock),
        };
        let (driver, link) = Driver::new(engine, ends, stop.clone());
        running.drive(driver.run(stop.clone()));
        let devices = Arc::new(Devices::read(&self.data));
        let caps = tokio::sync::Mutex::new(Caps::of(&self.config));
        let inner = Inner {
            data: self.data,
            config: self.config,
            caps,
            joined: self.joined,
            online,
            witness: self.witness,
            store: self.store,
            vault: self.vault,
            events,
            link,
            blocked,
            clock,
            began: Instant::now(),
            stop: stop.clone(),
            changing: tokio::sync::Mutex::new(()),
            stating: tokio::sync::Mutex::new(()),
            desk: std::sync::Mutex::new(desk),
            entrance: OnceLock::new(),
            devices,
            phone: OnceLock::new(),
            tasks: tasks.clone(),
            claims: moka::sync::Cache::new(CLAIMS),
            recent: crate::vendor::Recent::new(),
            requests: std::sync::Mutex::default(),
            challenges: std::sync::Mutex::new(challenges),
        };
        Ok((Node::new(inner, commands), running))
    }

    /// Makes the engine, which remembers what the disk does.
    fn engine(&self) -> Result<Engine, Problem> {
        let parameters = match &self.joined {
            Some(joined) => joined.parameters.clone(),
            // Without a network nothing is heard, sent or signed for one.
            None => Parameters::standard("none".parse().map_err(|_| not_joined())?),
        };
        let kept = self.store.all_kept()?;
        let own = kept.into_iter().filter(|(_, keep)| *keep == Keep::Own);
        let keys = Keys { node: self.node_key.clone(), witness: self.witness.clone() };
        let restored = crate::own::was_restored(&*self.store)?;
        let own = own.map(|(scid, _)| scid).collect();
        let config = settings::engine(&self.config, parameters, keys, own);
        let config = Engines { restored, ..config };
        let snapshot = driver::snapshot(&*self.store)?;
        Ok(Engine::new(config, snapshot, rand::random()))
    }
}

fn unlock(store: Arc<dyn Store>, passphrase: &Passphrase) -> Result<Arc<Vault>, Problem> {
    let opening = crate::vault::passphrase::Passphrase::new(passphrase.reveal())?;
    Vault::open(store, &opening).map(Arc::new).map_err(Problem::from)
}

pub(super) fn cannot_open(error: &StoreError) -> Problem {
    let (kind, hint) = match error {
        // Whoever has it may be about to answer, or to be done.
        StoreError::InUse { folder } => {
            let lock = folder.join("lock");
            let which =
                format!("end the program that has it; `fuser {}` says which", lock.display());
            (Kind::Busy, which)
        }
        StoreError::Newer { .. } => {
            let version = "`countersign --version` says which program this is; get the newer one";
            (Kind::Unusable, version.to_owned())
        }
        StoreError::Damaged { .. } | StoreError::Unreadable { .. } => {
            let back =
                "`countersign --data NEWFOLDER restore BACKUP` makes it anew in another folder";
            (Kind::Unusable, back.to_owned())
        }
        StoreError::Full { .. } => (Kind::Internal, ROOM.to_owned()),
        _ => (Kind::Internal, WRITABLE.to_owned()),
    };
    Problem::new(kind, "the data folder cannot be opened").because(error).hint(hint)
}

/// Under which id a node's own keys lie in the vault.
pub(super) const NODE: &[u8] = b"node";
const WRITABLE: &str = "every command writes there: look whose the folder is, and whether its disk can be \
    written";
/// Commands that wait for the engine: one owner's programs, not the world's.
const COMMANDS: usize = 256;
/// Verified claims remembered.
const CLAIMS: u64 = 4096;
/// How long commands that have the folder open may take until a node comes up.
const OTHERS: Duration = Duration::from_secs(5);
const BETWEEN: Duration = Duration::from_millis(100);
